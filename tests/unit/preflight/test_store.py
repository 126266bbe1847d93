"""The object store: alive or not, and what becomes of canaries."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from io import BytesIO
from ipaddress import IPv4Address
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest
from minio.error import S3Error
from urllib3.exceptions import MaxRetryError, NewConnectionError

from tasks.model.finding import FLEET, Row, Verdict
from tasks.preflight.canary import CanaryDied, open_store, send_canary
from tasks.preflight.checks_store import canary_died, endpoint_finding, store_rows
from tasks.preflight.object_store import Alive, ask_alive
from tasks.preflight.values import Unknown
from tests.unit.preflight.recordings import fleet

if TYPE_CHECKING:
    from collections.abc import Callable

S3 = fleet().s3
NAME = "fleet-preflight/20261123T140501Z-1a2b"


def refusal(code: str) -> S3Error:
    """The store's own error."""
    return S3Error(SimpleNamespace(), code, f"{code} it said", "/", "id", "host")  # type: ignore[arg-type]


@dataclass
class Store:
    """
    The three calls of minio's client that a canary makes, in memory; ``breaks`` raises before the call it names.

    A double, because a real store cannot be made to fail between two calls; the real one is used by the lab's tests.
    """

    breaks: dict[str, BaseException] = field(default_factory=dict)
    mangles: Callable[[bytes], bytes] = bytes
    keeps: bool = False
    objects: dict[str, bytes] = field(default_factory=dict)

    def _enter(self, call: str) -> None:
        if call in self.breaks:
            raise self.breaks[call]

    def put_object(self, *, bucket_name: str, object_name: str, data: BytesIO, length: int) -> None:
        """Keep the object."""
        self._enter("put")
        self.objects[f"{bucket_name}/{object_name}"] = data.read(length)

    def get_object(self, *, bucket_name: str, object_name: str) -> BytesIO:
        """Hand it out, perhaps mangled."""
        self._enter("get")
        return BytesIO(self.mangles(self.objects[f"{bucket_name}/{object_name}"]))

    def remove_object(self, *, bucket_name: str, object_name: str) -> None:
        """Forget it, unless told to keep everything."""
        self._enter("remove")
        if not self.keeps:
            self.objects.pop(f"{bucket_name}/{object_name}", None)

    def list_objects(self, *, bucket_name: str, prefix: str) -> list[str]:
        """Name what is there."""
        return [name for name in self.objects if name == f"{bucket_name}/{prefix}"]


def died(store: Any) -> CanaryDied:
    """How a canary came to its end."""
    with pytest.raises(CanaryDied) as caught:
        send_canary(store, "thanos-bucket", NAME)
    return caught.value


def test_a_canary_comes_back_and_leaves_nothing() -> None:
    """Written, read back the same, deleted, and seen to be gone."""
    store = Store()
    assert send_canary(store, "thanos-bucket", NAME) == "wrote, read back and deleted 1024 bytes"  # type: ignore[arg-type]
    assert store.objects == {}


@pytest.mark.parametrize("code", ["NoSuchBucket", "AccessDenied", "InvalidAccessKeyId", "RequestTimeTooSkewed"])
def test_a_refusal_carries_the_stores_own_code(code: str) -> None:
    """And the code chooses the remedy."""
    error = died(Store(breaks={"put": refusal(code)}))
    assert (error.code, str(error)) == (code, f"{code}: {code} it said")
    judgement = canary_died("thanos-bucket", str(error), error.code)
    assert judgement.verdict is Verdict.FAIL
    assert judgement.remedy.endswith("  # docs/hosts.md#object-storage")


def test_a_canary_is_removed_although_reading_failed() -> None:
    """The first error is told, not what the clean-up met."""
    store = Store(breaks={"get": refusal("AccessDenied")})
    assert died(store).code == "AccessDenied"
    assert store.objects == {}
    assert died(Store(breaks={"get": refusal("AccessDenied"), "remove": refusal("SlowDown")})).code == "AccessDenied"


def test_ctrl_c_removes_the_canary_too() -> None:
    """An interruption in the middle leaves nothing behind and stays an interruption."""
    store = Store(breaks={"get": KeyboardInterrupt()})
    with pytest.raises(KeyboardInterrupt):
        send_canary(store, "thanos-bucket", NAME)  # type: ignore[arg-type]
    assert store.objects == {}


def test_other_bytes_are_found_out() -> None:
    """A store that returns something else is worse than one that returns nothing."""
    assert "read 1024 others" in str(died(Store(mangles=lambda data: data[::-1])))


def test_an_object_that_stays_is_found_out() -> None:
    """A delete that is accepted and not carried out would fill the bucket."""
    assert "still listed" in str(died(Store(keeps=True)))


def test_a_store_that_is_away_says_why() -> None:
    """The reason below all of the client's wrappers."""
    inner = NewConnectionError(SimpleNamespace(), "Connection refused")  # type: ignore[arg-type]
    outer = MaxRetryError(SimpleNamespace(), "/", inner)  # type: ignore[arg-type]
    outer.__cause__ = inner
    assert "Connection refused" in str(died(Store(breaks={"put": outer})))


def test_the_client_asks_by_path_and_over_plain_http() -> None:
    """FR-007c: no TLS; MinIO's buckets have no names in DNS."""
    store = open_store(S3, "made-up-access", "made-up-secret")
    url = store.presigned_get_object(bucket_name="thanos-bucket", object_name="x")
    assert url.startswith("http://s3.minio.miribit.lab/thanos-bucket/x?")
    assert "made-up-secret" not in url


@pytest.mark.parametrize(
    ("alive", "verdict"),
    [
        (Alive(status=200, clock=Unknown("-")), Verdict.PASS),
        (Alive(status=403, clock=Unknown("-")), Verdict.PASS),
        (Alive(status=503, clock=Unknown("-")), Verdict.FAIL),
        (Unknown("Connection refused"), Verdict.FAIL),
    ],
)
def test_any_answer_below_500_is_a_living_store(alive: Alive | Unknown, verdict: Verdict) -> None:
    """Other stores than MinIO refuse the question, but they answer."""
    finding = endpoint_finding(S3, alive)
    assert (finding.row, finding.verdict) == (Row("s3.endpoint", FLEET), verdict)
    assert finding.row in store_rows(S3)


def test_a_closed_port_is_unknown_with_its_reason() -> None:
    """Asked for real: nobody listens on port 1 of this machine."""
    alive = ask_alive(replace(S3, endpoint="s3.example:1", address=IPv4Address("127.0.0.1")))
    assert isinstance(alive, Unknown)
    assert "refused" in alive.reason
