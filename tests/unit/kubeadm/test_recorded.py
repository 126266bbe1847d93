"""What real hosts answered, beside what it means."""

from __future__ import annotations

import pytest

from tasks.kubeadm.config import same_meaning
from tasks.kubeadm.leftovers import parse_scan
from tasks.kubeadm.state import Stand, parse_state
from tests.unit.onsite import ROOT

RECORDED = ROOT / "tests" / "recorded" / "kubeadm"


@pytest.mark.parametrize(
    ("case", "stand"), [("established", Stand.ESTABLISHED), ("bare", Stand.BARE), ("half-made", Stand.HALF_MADE)]
)
def test_a_hosts_answer_tells_its_stand(case: str, stand: Stand) -> None:
    """The whole answer is read; the certificate has a fingerprint, the configuration is the golden one."""
    state = parse_state((RECORDED / "state" / case / "stdout.txt").read_text(encoding="utf-8"))
    assert state.stand is stand
    if stand is Stand.ESTABLISHED:
        golden = (ROOT / "tests/golden/kubeadm/cluster-03.yaml").read_text(encoding="utf-8")
        assert state.healthy
        assert len(state.ca_sha256) == 64
        assert same_meaning(state.config, golden)


def test_a_deployed_host_is_full_of_what_a_reset_removes() -> None:
    """Every kind that Cilium and kubeadm leave is found by name, and nothing of the host's own."""
    found = parse_scan((RECORDED / "leftovers" / "deployed" / "stdout.txt").read_text(encoding="utf-8"))
    for kind in ("links", "pins", "chains", "cni", "netns", "mounts", "processes", "containers", "files"):
        assert found[kind], kind
    assert "eth0" not in found["links"]
    assert "sshd" not in found["processes"]
    assert not any("PREROUTING" in chain or "INPUT " in chain for chain in found["chains"])


def test_a_bare_host_has_nothing_to_remove() -> None:
    """A machine that never had a cluster is empty in every kind."""
    found = parse_scan((RECORDED / "leftovers" / "bare" / "stdout.txt").read_text(encoding="utf-8"))
    assert {kind: pieces for kind, pieces in found.items() if pieces} == {}
