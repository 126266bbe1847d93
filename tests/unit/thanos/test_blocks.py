"""The bucket is read with the Secret that Thanos has, whose keys are shown nowhere."""

from __future__ import annotations

import json
from base64 import b64encode
from dataclasses import dataclass, field
from datetime import UTC, datetime
from io import BytesIO
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest
import yaml
from minio.error import S3Error

from tasks.deploy.api import ApiError
from tasks.model.finding import FLEET, Outcome, Row, Verdict
from tasks.thanos import blocks, check_blocks, check_secrets, part
from tasks.thanos.block import Head
from tasks.thanos.blocks import BucketSilent, Mounted, head_of, mounted, read_bucket, seconds
from tests.unit.onsite import ROOT, RUN_ID, OnSite

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tasks.model.finding import Finding

KEYS = {"access_key": "made-up-access-key", "secret_key": "made-up-secret-key"}
CONFIG = {"bucket": "thanos-bucket", "endpoint": "s3.minio.miribit.lab:80", **KEYS}
NOW = datetime.now(UTC)
ULID = "01KAYYYYYYYYYYYYYYYYYYYYY"
META = json.loads((ROOT / "tests/recorded/thanos/meta/lab/stdout.txt").read_text())


def refusal(code: str) -> S3Error:
    """The store's own error, which quotes a key."""
    said = f"{code}: {KEYS['access_key']}"
    return S3Error(SimpleNamespace(), code, said, "/", "id", "host")  # type: ignore[arg-type]


@dataclass
class Store:
    """A bucket in memory; ``refuses`` is raised by everything, ``gone`` are listed and not there any more."""

    objects: dict[str, bytes] = field(default_factory=dict)
    refuses: S3Error | None = None
    gone: tuple[str, ...] = ()

    def list_objects(self, *, bucket_name: str, recursive: bool = False, prefix: str = "") -> Iterator[Any]:
        """Every object."""
        assert bucket_name == "thanos-bucket"
        if self.refuses:
            raise self.refuses
        names = [name for name in self.objects if name.startswith(prefix)]
        yield from (SimpleNamespace(object_name=it, last_modified=NOW) for it in names if recursive or prefix)

    def get_object(self, *, bucket_name: str, object_name: str) -> BytesIO:
        """One object."""
        assert bucket_name == "thanos-bucket"
        if object_name in self.gone:
            raise refusal("NoSuchKey")
        return BytesIO(self.objects[object_name])

    def put_object(self, *, bucket_name: str, object_name: str, data: BytesIO, length: int) -> None:
        """Keep it."""
        if self.refuses:
            raise self.refuses
        self.objects[object_name] = data.read(length)
        assert bucket_name == "thanos-bucket"

    def remove_object(self, *, bucket_name: str, object_name: str) -> None:
        """Forget it."""
        assert bucket_name == "thanos-bucket"
        self.objects.pop(object_name, None)


def block_of(cluster: str, number: int = 0, **thanos: Any) -> dict[str, bytes]:
    """A whole block of one cluster, made of the recorded one, just uploaded."""
    name = f"{ULID}{number}"
    end = int(NOW.timestamp() * 1000) - 60_000 * (1 + 2 * number)
    region = "central" if cluster == "cluster-01" else "edge"
    labels = {**META["thanos"]["labels"], "cluster": cluster, "region": region}
    meta = {
        **META,
        "ulid": name,
        "minTime": end - 120_000,
        "maxTime": end,
        "compaction": {"level": 1, "sources": [name]},
        "thanos": {**META["thanos"], "labels": labels, **thanos},
    }
    return {f"{name}/meta.json": json.dumps(meta).encode(), f"{name}/index": b"", f"{name}/chunks/000001": b""}


class Api:
    """One cluster's API server: Thanos' Secret, and a Prometheus behind it."""

    def __init__(self, config: dict[str, str] | None = None, *, silent: bool = False) -> None:
        """Remember the Secret's content; None where there is none."""
        self.config, self.silent = config, silent
        self.asked: list[str] = []

    def find(self, path: str) -> dict[str, Any] | None:
        """The Secret."""
        assert path.endswith("/secrets/thanos-objstore")
        if self.config is None:
            return None
        text = yaml.safe_dump({"type": "S3", "config": self.config})
        return {"data": {"objstore.yml": b64encode(text.encode()).decode()}}

    def text(self, path: str, **asked: str) -> str:
        """What Prometheus says of its storage, and Query of blocks."""
        self.asked.append(f"{path} {asked}")
        if self.silent:
            raise ApiError("cluster-02: no endpoints")
        if path.endswith("flags"):
            return json.dumps({"data": {"storage.tsdb.min-block-duration": "2h"}})
        if path.endswith("metrics"):
            ages = {"head_min_time": 3600, "lowest_timestamp": 7200}
            page = "".join(f"prometheus_tsdb_{it}_seconds {NOW.timestamp() - age}\n" for it, age in ages.items())
            return f"{page}process_start_time_seconds {NOW.timestamp() - 1800}\n"
        return json.dumps({"status": "success", "data": {"result": [{"metric": {}, "value": [0, "0"]}]}})


def test_the_secret_is_read_as_thanos_reads_it() -> None:
    """And no representation of it shows a key."""
    found = mounted(Api(CONFIG), "monitoring")  # type: ignore[arg-type]
    assert (found.bucket, found.access_key, found.secret_key) == ("thanos-bucket", *KEYS.values())
    assert not any(key in repr(found) for key in KEYS.values())
    assert found.masked(f"denied to {KEYS['secret_key']}") == "denied to ***"


@pytest.mark.parametrize("config", [None, {}, {"bucket": "x", "endpoint": "y"}])
def test_a_secret_that_thanos_could_not_use_is_said(config: dict[str, str] | None) -> None:
    """Missing, empty, or without keys."""
    with pytest.raises(ValueError, match="Secret thanos-objstore of namespace monitoring has no"):
        mounted(Api(config), "monitoring")  # type: ignore[arg-type]


@pytest.mark.parametrize(("text", "value"), [("2h", 7200), ("1h30m", 5400), ("2m", 120), ("1d", 86400), ("500ms", 0.5)])
def test_durations_are_read(text: str, value: float) -> None:
    """As Prometheus writes them."""
    assert seconds(text) == value


@pytest.mark.parametrize("text", ["", "2", "h", "2 h", "2y"])
def test_what_is_no_duration_is_refused(text: str) -> None:
    """Rather than taken for zero."""
    with pytest.raises(ValueError, match="is no duration"):
        seconds(text)


def test_prometheus_tells_what_it_holds_back() -> None:
    """The block's duration from its flags, the rest from its own metrics."""
    head = head_of(Api(CONFIG))  # type: ignore[arg-type]
    assert head.duration_s == 7200
    assert head.oldest_s == head.begins_s - 3600


def test_blocks_are_read_whole() -> None:
    """Marks, unfinished ones and damaged ones are told apart; what is no block is passed over."""
    marked = {
        f"{ULID}1/deletion-mark.json": json.dumps({"deletion_time": 5}).encode(),
        f"{ULID}1/no-compact-mark.json": b"",
    }
    objects = {
        **block_of("cluster-02"),
        **block_of("cluster-02", 1),
        **marked,
        f"{ULID}2/index": b"",
        f"{ULID}3/meta.json": b"{}",
        "fleet-canary/x": b"",
        "debug/metas/x.json": b"",
    }
    bucket = read_bucket(Store(objects), "thanos-bucket")  # type: ignore[arg-type]
    assert [(it.id[-1], it.marked_s, it.kept_apart) for it in bucket.blocks] == [("0", None, False), ("1", 5.0, True)]
    assert list(bucket.unfinished) == [f"{ULID}2"]
    assert bucket.damaged[0].startswith(f"{ULID}3/meta.json cannot be read")


def test_a_block_that_is_deleted_meanwhile_is_none() -> None:
    """It was listed, and then it was gone."""
    bucket = read_bucket(Store(block_of("cluster-02"), gone=(f"{ULID}0/meta.json",)), "thanos-bucket")  # type: ignore[arg-type]
    assert (bucket.blocks, bucket.damaged) == ((), ())


def test_a_store_that_refuses_is_silent() -> None:
    """With its own words."""
    with pytest.raises(BucketSilent, match="AccessDenied"):
        read_bucket(Store(refuses=refusal("AccessDenied")), "thanos-bucket")  # type: ignore[arg-type]


def tried(
    api: Api,
    store: Store,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    *,
    host: str = "cluster-02",
    plan: bool = False,
) -> Outcome:
    """The host step's outcome."""
    monkeypatch.setattr(check_secrets, "open_cluster", lambda *_: api)
    monkeypatch.setattr(blocks, "open_store", lambda *_: store)
    return OnSite(tmp_path, host=host, plan=plan).run(check_secrets.try_secrets)


def test_an_object_goes_there_and_back_with_thanos_own_keys(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """On the central cluster with both Secrets; nothing is left, and it is no lasting change."""
    store = Store()
    outcome = tried(Api(CONFIG), store, tmp_path, monkeypatch, host="cluster-01")
    assert [str(it.row) for it in outcome.findings] == [
        "s3.secret@cluster-01->monitoring",
        "s3.secret@cluster-01->thanos",
    ]
    assert {it.verdict for it in outcome.findings} == {Verdict.PASS}
    assert store.objects == {}
    assert [it.temporary for it in outcome.changes] == [True, True]
    assert f"fleet-canary/{RUN_ID}-cluster-01-thanos" in outcome.changes[1].sentence


@pytest.mark.parametrize(
    ("api", "refuses", "said"),
    [
        (Api(None), None, "has no"),
        (Api({**CONFIG, "endpoint": "elsewhere:80"}), None, "which is not the inventory's"),
        (Api({**CONFIG, "bucket": "another"}), None, "which is not the inventory's"),
        (Api(CONFIG), refusal("AccessDenied"), "AccessDenied: AccessDenied: ***"),
    ],
)
def test_keys_that_do_not_work_are_said_and_not_shown(
    api: Api, refuses: S3Error | None, said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No Secret, another store, a refusal that quotes a key."""
    (found,) = tried(api, Store(refuses=refuses), tmp_path, monkeypatch).findings
    assert (found.verdict, said in found.observed) == (Verdict.FAIL, True)
    assert KEYS["access_key"] not in str(found)


def read(api: Api, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, plan: bool = False) -> Any:
    """What one cluster contributes."""
    monkeypatch.setattr(part, "open_cluster", lambda *_: api)
    outcome = OnSite(tmp_path, host="cluster-02", plan=plan).run(part.read_part)
    assert (outcome.findings, outcome.changes) == ((), ())
    return outcome.value


def test_a_cluster_contributes_its_keys_and_what_it_holds_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is judged yet; who is silent says why, a plan asks nobody."""
    whole = read(Api(CONFIG), tmp_path, monkeypatch)
    assert (whole.store.bucket, whole.storage.duration_s) == ("thanos-bucket", 7200)
    without = read(Api(None), tmp_path, monkeypatch)
    assert (without.store, "has no" in without.silent) == (None, True)
    silent = read(Api(CONFIG, silent=True), tmp_path, monkeypatch)
    assert (silent.store.bucket, silent.silent) == ("thanos-bucket", "cluster-02: no endpoints")
    assert read(Api(CONFIG), tmp_path, monkeypatch, plan=True) is None


HEAD = Head(duration_s=120.0, begins_s=NOW.timestamp() - 60, oldest_s=NOW.timestamp() - 600, started_s=0.0)


def judged(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, api: Api | None = None, given: Any = None
) -> dict[str, Finding]:
    """The fleet step's findings for two clusters."""
    monkeypatch.setattr(check_blocks, "open_cluster", lambda *_: api or Api(CONFIG))
    monkeypatch.setattr(blocks, "open_store", lambda *_: store)
    each = given or part.Part(store=Mounted(**CONFIG), head=HEAD)
    outcomes = {name: Outcome(value=each) for name in ("cluster-01", "cluster-02")}
    return {str(it.row): it for it in check_blocks.judge_bucket(outcomes, OnSite(tmp_path).ctx).findings}


def test_every_row_of_the_chosen_clusters_is_answered(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Fresh blocks pass; what cannot be read back yet is not judged, and says why."""
    onsite = OnSite(tmp_path)
    found = judged(Store({**block_of("cluster-01"), **block_of("cluster-02", 1)}), tmp_path, monkeypatch)
    declared = check_blocks.declares(onsite.fleet)
    assert set(found) == {str(it) for it in declared if it.target in {FLEET, "cluster-01", "cluster-02"}}
    skipped = {row for row, it in found.items() if it.verdict is Verdict.SKIP}
    assert skipped == {f"blocks.{it}@cluster-0{n}" for it in ("served", "history") for n in (1, 2)}
    assert {it.verdict for row, it in found.items() if row not in skipped} == {Verdict.PASS}


def test_history_is_asked_of_query_and_what_is_served_of_the_gateway_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The gateway is named by the address by which Query knows it."""
    monkeypatch.setattr(check_blocks, "gateway", lambda _: "10.0.0.9:10901")
    monkeypatch.setattr("tasks.thanos.judge_blocks.SERVED_S", -1.0)
    api = Api(CONFIG)
    old = part.Part(
        store=Mounted(**CONFIG), head=Head(duration_s=120, begins_s=0, oldest_s=NOW.timestamp(), started_s=0)
    )
    judged(Store(block_of("cluster-02")), tmp_path, monkeypatch, api=api, given=old)
    history, served = (
        [it for it in api.asked if "prometheus_build_info" in it and ("storeMatch" in it) is alone]
        for alone in (False, True)
    )
    assert (len(history), len(served)) == (1, 1)
    assert '{__address__="10.0.0.9:10901"}' in served[0]


def test_a_bucket_that_cannot_be_read_is_one_cause(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The compactor is asked for all the same; the key that the refusal quotes is masked."""
    found = judged(Store(refuses=refusal("AccessDenied")), tmp_path, monkeypatch)
    cause = found.pop("blocks.listed@fleet")
    assert (cause.verdict, "***" in cause.observed, KEYS["access_key"] in cause.observed) == (Verdict.FAIL, True, False)
    assert found.pop("blocks.compactor@cluster-01").verdict is Verdict.PASS
    assert {it.blocked_by for it in found.values()} == {Row("blocks.listed", FLEET)}


def test_without_any_secret_nothing_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """And that is red."""
    found = judged(Store(), tmp_path, monkeypatch, given=part.Part(store=None, silent="no answer"))
    assert found["blocks.listed@fleet"].verdict is Verdict.FAIL


def test_a_prometheus_that_says_nothing_is_no_excuse(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whether a block is due cannot be told then, which is red."""
    mute = part.Part(store=Mounted(**CONFIG), silent="no endpoints")
    found = judged(Store(), tmp_path, monkeypatch, given=mute)
    assert found["blocks.newest@cluster-02"].verdict is Verdict.FAIL
    assert "no endpoints" in found["blocks.newest@cluster-02"].observed


def test_a_plan_writes_and_reads_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither here nor in the fleet step."""
    outcome = tried(Api(CONFIG), Store(), tmp_path, monkeypatch, plan=True)
    assert ({it.verdict for it in outcome.findings}, outcome.changes) == ({Verdict.SKIP}, ())
    fleet = check_blocks.judge_bucket({"cluster-02": outcome}, OnSite(tmp_path, plan=True).ctx)
    assert {it.verdict for it in fleet.findings} == {Verdict.SKIP}
