"""One cluster is taken back and made again, also by runs that are killed."""

from __future__ import annotations

import signal
import time
from typing import TYPE_CHECKING

from tasks.kubeadm.leftovers import LEFTOVERS
from tasks.run.wait import wait_for
from tests.lab.clusters.fleet import MUTATING, NAMES, OTHERS, PAIR, PHASE, PROBE, VICTIM, await_probe

if TYPE_CHECKING:
    from tests.lab.harness import Lab
    from tests.lab.operator import Operator, Ran


def uids(operator: Operator, *clusters: str) -> dict[str, str]:
    """What tells one cluster and its node from any other."""
    template = "jsonpath={.metadata.uid}"
    return {
        cluster: operator.kubectl(cluster, "get", "namespace/kube-system", "-o", template)
        + operator.kubectl(cluster, "get", "node", cluster, "-o", template)
        for cluster in clusters
    }


def test_a_name_that_was_not_typed_destroys_nothing(deployed: Ran, operator: Operator) -> None:
    """Nobody to ask, another cluster's name, a group or a wildcard: exit code 2 before anything is touched."""
    assert deployed.code == 0
    before = uids(operator, *NAMES)
    for words in ((VICTIM,), (VICTIM, "--yes", OTHERS[0]), ("edge", "--yes", "edge"), ("*", "--yes", "*")):
        assert operator.run("reset_cluster", *words).code == 2
    assert uids(operator, *NAMES) == before


def test_a_reset_leaves_nothing_and_cuts_nobody(deployed: Ran, operator: Operator, lab: Lab) -> None:
    """The SSH session survives, no trace is left, the host is ready for a cluster again, the others are untouched."""
    assert deployed.code == 0
    before = uids(operator, *OTHERS)
    with lab.login(VICTIM, "key") as session:
        ran = operator.run("reset_cluster", VICTIM, "--yes", VICTIM)
        channel = session.open_session()
        channel.exec_command("true")
        assert channel.recv_exit_status() == 0
    assert (ran.code, ran.red) == (0, {})
    assert all(ran.verdict(f"leftover.{kind}@{VICTIM}") == "PASS" for kind in LEFTOVERS)
    assert ran.verdict("reset.others@fleet") == "PASS"
    assert uids(operator, *OTHERS) == before
    assert not (operator.state / "clusters" / VICTIM).exists()
    assert VICTIM not in (operator.state / "kubeconfig").read_text()
    assert operator.run("reset_cluster", VICTIM, "--yes", VICTIM).changes() == []


def test_a_failed_init_brings_its_evidence_and_a_rerun_heals(deployed: Ran, operator: Operator, lab: Lab) -> None:
    """Somebody holds the API server's port: that cluster alone is red, with kubeadm's words; then it is made."""
    assert deployed.code == 0
    lab.on(VICTIM, ["systemd-run", "--unit=squatter", "/usr/sbin/sshd", "-D", "-p", "6443"])
    try:
        ran = operator.run("full_deploy", "--only", PHASE, *PAIR)
    finally:
        lab.on(VICTIM, ["systemctl", "stop", "squatter"])
    assert (ran.code, set(ran.red)) == (1, {f"kubeadm.init@{VICTIM}"})
    finding = ran.finding(f"kubeadm.init@{VICTIM}")
    assert "Port-6443" in finding["observed"]
    assert {"--- crictl ps -a", "--- journal of kubelet"} <= set(finding["evidence"])
    assert any("sshd" in line for line in finding["evidence"])
    assert ran.verdict(f"settled.address@{OTHERS[0]}") == "PASS"
    assert ran.verdict(f"deploy.cilium@{VICTIM}") == "SKIP"
    healed = operator.run("full_deploy", "--only", f"{PHASE},prove-paths", *PAIR)
    assert (healed.code, healed.red) == (0, {})


def test_a_deployment_that_is_killed_everywhere_still_arrives(deployed: Ran, operator: Operator) -> None:
    """SIGKILL inside each stage, also deep inside the first, and at each stage's end; the last run completes."""
    assert deployed.code == 0
    assert operator.run("reset_cluster", VICTIM, "--yes", VICTIM).code == 0
    words = ("full_deploy", "--limit", VICTIM, "--only", f"{PHASE},prove-paths")
    for stage, outcome, wait_s in (
        (MUTATING[0], "started", 6.0),
        *((stage, *moment) for stage in MUTATING for moment in (("started", 0.4), ("good", 0.0))),
    ):
        operator.kill_when(operator.start(*words), VICTIM, stage, outcome, wait_s)
    last = operator.run(*words)
    assert (last.code, last.red) == (0, {})
    assert operator.run("full_deploy", "--limit", VICTIM, "--only", PHASE).changes() == []


def test_a_proof_that_was_killed_is_cleaned_up_by_the_next(deployed: Ran, operator: Operator) -> None:
    """What SIGKILL in the middle of a proof leaves is removed before and after the next one."""
    assert deployed.code == 0
    process = operator.start("verify_reach", "--limit", VICTIM)
    await_probe(operator, process)
    process.kill()
    process.wait(30)
    ran = operator.run("verify_reach", "--limit", VICTIM)
    assert ran.code == 0
    assert ran.verdict(f"probe.removed@{VICTIM}") == "PASS"
    sentences = [change["sentence"] for stage in ran.report["stages"] for change in stage["changes"]]
    assert sentences[0] == f"remove what an earlier proof left in namespace {PROBE}"


def test_an_interrupted_proof_takes_its_probe_away(deployed: Ran, operator: Operator) -> None:
    """Ctrl-C twice ends the run at once; what it made is asked away on the way out."""
    assert deployed.code == 0
    process = operator.start("verify_reach", "--limit", VICTIM)
    await_probe(operator, process)
    for _ in range(2):
        process.send_signal(signal.SIGINT)
        time.sleep(0.5)
    assert process.wait(60) == 130
    wait_for(
        "the probe's namespace to go",
        lambda: operator.kubectl(VICTIM, "get", "namespaces", "-o", "name"),
        done=lambda listed: PROBE not in listed,
        timeout_s=90,
    )
