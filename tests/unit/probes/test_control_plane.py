"""A control plane's certificates and etcd, as its host shows them."""

from __future__ import annotations

import base64
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import TYPE_CHECKING, Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from tasks.deploy.api import ApiError
from tasks.fleet.load import load_fleet
from tasks.model.errors import WrongCluster
from tasks.model.finding import Finding, Verdict
from tasks.probes import control_plane
from tasks.probes.control_plane import CHECKS, KUBELET, QUESTION, judge_api, judge_host
from tests.unit.onsite import ROOT, OnSite

if TYPE_CHECKING:
    from pathlib import Path

NOW = datetime(2026, 11, 25, 3, 17, tzinfo=UTC)
CLUSTER = load_fleet(ROOT / "inventory").clusters[2]
SOUND = {
    "etcd_server_has_leader": 1.0,
    "etcd_mvcc_db_total_size_in_bytes": 4.0e7,
    "etcd_mvcc_db_total_size_in_use_in_bytes": 2.0e7,
    "etcd_server_quota_backend_bytes": 2.147483648e9,
}


@cache
def certificate(days: float) -> str:
    """A PEM certificate that ends so many days after ``NOW``."""
    key, name = ec.generate_private_key(ec.SECP256R1()), x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "test")])
    made = x509.CertificateBuilder(
        name, name, key.public_key(), 1, NOW - timedelta(days=500), NOW + timedelta(days=days)
    )
    return made.sign(key, SHA256()).public_bytes(Encoding.PEM).decode()


def answer(
    *,
    control_plane_days: float = 364,
    kubelet_days: float | None = 364,
    health: str = '{"health":"true"}',
    **metrics: float,
) -> str:
    """What a host says."""
    lines = [f"cert /etc/kubernetes/pki/{name} {_encoded(certificate(364))}" for name in ("ca.crt", "apiserver.crt")]
    lines.append(f"cert /etc/kubernetes/admin.conf {_encoded(certificate(control_plane_days))}")
    if kubelet_days is not None:
        lines.append(f"cert {KUBELET}kubelet-client-current.pem {_encoded(certificate(kubelet_days))}")
    lines.append(f"etcd health {_encoded(health)}")
    lines += [
        f"etcd metric {_encoded(f'{name} {value!r}')}" for name, value in {**SOUND, **metrics}.items() if value >= 0
    ]
    return "\n".join((*lines, "end", ""))


def _encoded(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def judged(text: str) -> dict[str, Finding]:
    """Every finding of the host by its check."""
    return {finding.row.check: finding for finding in judge_host(CLUSTER, text, NOW)}


def test_a_sound_control_plane_passes_with_its_numbers() -> None:
    """Days left and size are measured."""
    found = judged(answer())
    assert {finding.verdict for finding in found.values()} == {Verdict.PASS}
    assert [round(one.value) for finding in found.values() for one in finding.measured] == [364, 364, 38]


@pytest.mark.parametrize(
    ("days", "verdict"), [(-1, Verdict.FAIL), (6, Verdict.FAIL), (20, Verdict.WARN), (400, Verdict.PASS)]
)
def test_the_first_certificate_to_end_counts(days: float, verdict: Verdict) -> None:
    """Six days fail, twenty warn, four hundred pass; the file is named."""
    found = judged(answer(control_plane_days=days))["certificates.control-plane"]
    assert found.verdict is verdict
    assert ("kubeadm certs renew" in found.remedy) == (verdict is not Verdict.PASS)
    if days < 364:
        assert found.observed.startswith("/etc/kubernetes/admin.conf end")


def test_no_certificate_is_an_error_and_never_good() -> None:
    """A file that was not found is not one that lasts for ever."""
    assert judged(answer(kubelet_days=None))["certificates.kubelet"].verdict is Verdict.ERROR


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (answer().replace("end\n", ""), "was cut"),
        ("", "was cut"),
        (f"cert /a.crt {_encoded('no certificate')}\nend\n", "/a.crt holds no certificate"),
        ("cert /a.crt !!\nend\n", "/a.crt holds no certificate"),
    ],
)
def test_an_answer_that_cannot_be_read_judges_nothing(text: str, said: str) -> None:
    """It becomes the step's error."""
    with pytest.raises(ValueError, match=said):
        judged(text)


@pytest.mark.parametrize("health", ["", '{"health":"false"}', "<html>", "[]"])
def test_an_etcd_that_is_not_healthy_fails(health: str) -> None:
    """Silence among it."""
    assert judged(answer(health=health))["etcd.health"].verdict is Verdict.FAIL


def test_an_etcd_without_a_leader_fails() -> None:
    """Whatever it says of its health."""
    found = judged(answer(etcd_server_has_leader=0.0))["etcd.health"]
    assert (found.verdict, found.observed) == (Verdict.FAIL, "it has no leader")


@pytest.mark.parametrize(("share", "verdict"), [(0.59, Verdict.PASS), (0.61, Verdict.WARN), (0.81, Verdict.FAIL)])
def test_an_etcd_near_its_quota_is_told(share: float, verdict: Verdict) -> None:
    """Sixty percent warn, eighty fail."""
    size = share * SOUND["etcd_server_quota_backend_bytes"]
    assert judged(answer(etcd_mvcc_db_total_size_in_bytes=size))["etcd.size"].verdict is verdict


def test_an_etcd_that_does_not_tell_its_size_is_an_error() -> None:
    """Unknown is never good."""
    found = judged(answer(etcd_mvcc_db_total_size_in_bytes=-1.0))["etcd.size"]
    assert found.verdict is Verdict.ERROR
    assert "etcd_mvcc_db_total_size_in_bytes" in found.observed


class Ready:
    """An API server that answers."""

    def __init__(self, said: str | Exception) -> None:
        """Remember what it says."""
        self.said = said

    def text(self, path: str) -> str:
        """Its answer on /readyz."""
        assert path == "/readyz"
        if isinstance(self.said, Exception):
            raise self.said
        return self.said


@pytest.mark.parametrize(
    ("said", "verdict", "observed"),
    [
        ("ok", Verdict.PASS, "ready, told within 0.25 s"),
        (ApiError("x: HTTP 500: [+]ping ok\n[-]etcd failed\n[+]log ok"), Verdict.FAIL, "asked 1 times: [-]etcd failed"),
        (ApiError("silent"), Verdict.FAIL, "not ready, asked 1 times: silent"),
    ],
)
def test_an_api_server_has_to_say_that_it_is_ready(
    said: Any, verdict: Verdict, observed: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And how long that took is measured; of many complaints those are told that are ones."""
    monkeypatch.setattr(control_plane, "open_cluster", lambda *_: Ready(said))
    times = iter((10.0, 12.0, 12.0, 12.25))
    found = judge_api(OnSite(tmp_path).ctx, CLUSTER, patience_s=0.0, clock=lambda: next(times))
    assert found.verdict is verdict
    assert observed in found.observed
    assert [one.value for one in found.measured] == ([0.25] if verdict is Verdict.PASS else [])


def test_an_api_server_that_is_busy_is_asked_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Not ready for a moment is no fault."""
    says = iter((Ready(ApiError("busy")), Ready("ok")))
    monkeypatch.setattr(control_plane, "open_cluster", lambda *_: next(says))
    monkeypatch.setattr("tasks.run.wait.time.sleep", lambda _: None)
    assert judge_api(OnSite(tmp_path).ctx, CLUSTER, patience_s=5.0).verdict is Verdict.PASS


def test_another_cluster_behind_the_address_fails(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An answer from a stranger is no answer."""

    def stranger(*_: object) -> None:
        raise WrongCluster("another UID")

    monkeypatch.setattr(control_plane, "open_cluster", stranger)
    assert judge_api(OnSite(tmp_path).ctx, CLUSTER, patience_s=0.0).verdict is Verdict.FAIL


def test_the_question_reads_and_takes_no_key_along(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One script that mutates nothing; every declared row comes back, the operator's missing certificate too."""
    monkeypatch.setattr(control_plane, "open_cluster", lambda *_: Ready("ok"))
    monkeypatch.setattr(control_plane, "must_answer", lambda *_: None)
    site = OnSite(tmp_path)
    site.shell.answer_script("etcd metric", stdout=answer())
    outcome = site.run(control_plane.inspect)
    assert {finding.row.check for finding in outcome.findings} == set(CHECKS)
    assert {finding.row.check for finding in outcome.findings if finding.verdict is Verdict.ERROR} == {
        "certificates.operator"
    }
    assert site.shell.mutations == []
    assert "BEGIN CERTIFICATE" in QUESTION
    assert "PRIVATE" not in QUESTION
    assert "client-key" not in QUESTION
