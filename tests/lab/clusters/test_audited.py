"""The audit: from the operator's machine, and from the cluster itself."""

from __future__ import annotations

import json
import subprocess
import sys

from lab.self_test.rounds import read_rounds
from lab.self_test.score import Report
from tasks.run.wait import wait_for
from tests.lab.clusters.fleet import NAMES, VICTIM
from tests.lab.harness import ROOT
from tests.lab.operator import Operator, Ran


def test_a_sound_fleet_passes_the_audit(audited: Ran, operator: Operator) -> None:
    """Nothing is red, nothing is changed, the night is kept, and its page is written."""
    assert (audited.code, audited.red, audited.changes()) == (0, {}, [])
    assert audited.verdict("audit.compared@fleet") == "PASS"
    page = operator.state / "reports" / audited.report["labels"]["run_id"] / "audit.html"
    assert all(cluster in page.read_text() for cluster in NAMES)


def test_the_audit_finds_what_is_broken_and_nothing_else(verified: Ran, operator: Operator) -> None:
    """One round of the lab's self-test: four faults, five headlines, and a sound fleet after it."""
    assert verified.code == 0
    done = subprocess.run(
        [sys.executable, "-m", "lab", "self-test", "--json", "--only", "storage, identity, time"],
        cwd=ROOT, capture_output=True, text=True, check=False, timeout=1800,
        env={**operator.lab.environment, **operator.environment},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-2000:]
    assert json.loads(done.stdout)["percent"] == 100


def test_the_cluster_audits_the_fleet(audited: Ran, operator: Operator) -> None:
    """By the deployed tree, from a pod: what somebody changed by hand is the one headline, and the Job has failed."""
    central, room, changed = NAMES[0], ("-n", "audit"), ("-n", "monitoring", "scale", "deployment/monitoring-operator")
    operator.kubectl(VICTIM, *changed, "--replicas=2")
    try:
        operator.kubectl(central, *room, "create", "job", "--from=cronjob/nightly-audit", "trial")
        ended = wait_for(
            "the Job to end",
            lambda: operator.kubectl(central, *room, "get", "job/trial", "-o", "jsonpath={.status.conditions[*].type}"),
            done=lambda said: "Failed" in said or "Complete" in said,
            timeout_s=1800,
            every_s=3,
        )
        told = operator.kubectl(central, *room, "logs", "job/trial")
    finally:
        operator.kubectl(VICTIM, *changed, "--replicas=1")
    operator.kubectl(central, "apply", "-f", str(ROOT / "runbooks" / "container" / "reader.yaml"))
    operator.kubectl(central, *room, "wait", "--for=condition=Ready", "pod/reader", "--timeout=120s")
    kept = operator.kubectl(central, *room, "exec", "reader", "--", "cat", "/kept/reports/latest/report.json")
    operator.kubectl(central, *room, "delete", "--now", "pod/reader", "job/trial")
    ran = Ran(1, json.loads(kept), told)
    steady = ran.red.keys() & Report(ran.report, read_rounds().unsteady).rows.keys()
    assert steady == {f"drift.monitoring@{VICTIM}"}
    assert "Failed" in ended
    assert ran.verdict(f"drift.audit@{central}") == "PASS"
    assert ran.verdict("audit.undisturbed@fleet") == "SKIP"
    assert ran.verdicts.keys() == audited.verdicts.keys()
