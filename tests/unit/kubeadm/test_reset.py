"""A reset removes by name, looks afterwards, and never touches what it was not asked to."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

import pytest

from tasks.fleet.load import load_fleet
from tasks.kubeadm.leftovers import LEFTOVERS, SCAN, judge_leftovers, parse_scan
from tasks.kubeadm.reset import CLEAN, KUBEADM_RESET, reset
from tasks.model.errors import CommandFailed
from tasks.model.finding import Verdict
from tests.unit.onsite import ROOT

if TYPE_CHECKING:
    from tests.unit.onsite import OnSite

NOTHING = "".join(f"[{what}]\n" for what in LEFTOVERS) + "[end]\n"
A_CLUSTER = NOTHING.replace("[links]\n", "[links]\ncilium_host\ncilium_net\n").replace("[cni]\n", "[cni]\n/etc/cni/x\n")


def test_what_is_left_is_named_by_kind() -> None:
    """Every kind has its own row; an empty one passes, a full one fails and lists."""
    cluster = load_fleet(ROOT / "inventory").cluster("cluster-03")
    findings = {it.row.check: it for it in judge_leftovers(cluster, parse_scan(A_CLUSTER))}
    assert set(findings) == {f"leftover.{what}" for what in LEFTOVERS}
    assert {check for check, it in findings.items() if it.verdict is Verdict.FAIL} == {"leftover.links", "leftover.cni"}
    assert findings["leftover.links"].observed == "2 left: cilium_host, cilium_net"


@pytest.mark.parametrize("text", ["", "[links]\n", NOTHING.replace("[end]\n", ""), NOTHING.replace("[cni]\n", "")])
def test_a_cut_scan_is_no_empty_one(text: str) -> None:
    """Without its end, or with a kind missing, nothing is said to be clean."""
    with pytest.raises(ValueError, match="was cut"):
        parse_scan(text)


def test_a_bare_host_is_left_alone(onsite: OnSite) -> None:
    """Nothing to remove, nothing removed."""
    onsite.shell.answer_script("[end]", stdout=NOTHING)
    outcome = onsite.run(reset)
    assert outcome.changes == ()
    assert {it.verdict for it in outcome.findings} == {Verdict.PASS}
    assert onsite.shell.mutations == []


def test_a_cluster_is_removed_and_looked_for_again(onsite: OnSite) -> None:
    """First kubeadm, then what kubeadm leaves, then the second look decides."""
    onsite.shell.answer_script("[end]", stdout=NOTHING)
    onsite.shell.answer_script("[end]", stdout=A_CLUSTER, once=True)
    onsite.shell.answer_if(lambda it: it.mutates)
    outcome = onsite.run(reset)
    assert onsite.shell.mutations == [KUBEADM_RESET, CLEAN]
    assert {it.verdict for it in outcome.findings} == {Verdict.PASS}
    assert "2 links" in outcome.findings[0].observed


def test_what_survives_the_reset_is_a_fault(onsite: OnSite) -> None:
    """The row of its kind fails, the reset itself does not pretend."""
    onsite.shell.answer_script("[end]", stdout=A_CLUSTER)
    onsite.shell.answer_if(lambda it: it.mutates)
    outcome = onsite.run(reset)
    assert {it.row.check for it in outcome.findings if it.verdict is Verdict.FAIL} == {"leftover.links", "leftover.cni"}


def test_a_reset_that_fails_is_an_error(onsite: OnSite) -> None:
    """Nothing is said to be removed then."""
    onsite.shell.answer_script("[end]", stdout=A_CLUSTER)
    onsite.shell.answer_if(lambda it: it.mutates, exit_code=1, stderr="no")
    with pytest.raises(CommandFailed):
        onsite.run(reset)


def test_a_plan_names_what_would_go(planning: OnSite) -> None:
    """And removes nothing."""
    planning.shell.answer_script("[end]", stdout=A_CLUSTER)
    outcome = planning.run(reset)
    assert [change.made for change in outcome.changes] == [False, False]
    assert "2 links, 1 cni" in outcome.changes[0].sentence
    assert planning.shell.mutations == []


@pytest.mark.parametrize("command", [SCAN, CLEAN, KUBEADM_RESET], ids=["scan", "clean", "kubeadm"])
def test_the_scripts_are_valid_shell(command) -> None:  # type: ignore[no-untyped-def]  # noqa: ANN001
    """The shell itself reads them to the end."""
    subprocess.run(["/bin/sh", "-n"], input=command.stdin, check=True)


def test_nothing_is_flushed_wholesale() -> None:
    """No table is emptied, no policy changed, no interface of the host's own touched, sshd never named."""
    script = CLEAN.stdin.decode()
    for word in ("iptables -F", "iptables --flush", " -P ", "nft flush", "ip link delete eth", "ip addr flush", "ssh"):
        assert word not in script
    assert "--noflush" in script
    assert SCAN.mutates is False
    assert CLEAN.mutates
    assert KUBEADM_RESET.mutates
