"""Flows as a real pod and its host tried them, and every way in which one is not as wanted."""

from __future__ import annotations

from pathlib import Path

import pytest

from tasks.deploy.settle import has
from tasks.fleet.load import load_fleet
from tasks.model.finding import Verdict
from tasks.preflight.script import jobs
from tasks.probes.flow import FLOWS, Flow, Met, Try, host_script, judge_flow, pod_script, read_try, unasked
from tasks.probes.policies import declares
from tests.unit.onsite import ROOT

FLEET = load_fleet(ROOT / "inventory")
RECORDED = ROOT / "tests" / "recorded" / "probes"
PASS, FAIL, ERROR = Verdict.PASS, Verdict.FAIL, Verdict.ERROR
DENIED = Flow(name="x", component="monitoring", namespace="monitoring", service="x", port=1)
ALLOWED = Flow(name="x", component="monitoring", namespace="monitoring", service="x", port=1, passes=True)


def answers(vantage: str, case: str) -> dict[str, tuple[int, str]]:
    """What was recorded."""
    return jobs((Path(RECORDED) / f"flows-{vantage}" / case / "stdout.txt").read_text(encoding="utf-8"))


def verdicts(case: str) -> dict[str, Verdict]:
    """Every flow that was recorded, judged."""
    pod, host = answers("pod", case), answers("host", case)
    flows = [it for it in FLOWS if it.name in pod]
    return {
        it.name: judge_flow("cluster-01", it, read_try(host.get(it.name)), read_try(pod.get(it.name))).verdict
        for it in flows
    }


def test_a_cluster_as_it_is_deployed_keeps_its_policies() -> None:
    """Only Grafana, of which the lab has no server, could not be judged: silence alone is no denial."""
    found = verdicts("as-wanted")
    assert {"dns", "prometheus", "sidecar", "query.storeapi"} <= set(found)
    assert {name for name, verdict in found.items() if verdict is not PASS} == {"grafana"}
    assert found["grafana"] is ERROR


def test_a_policy_too_open_one_too_closed_and_servers_away_are_told_apart() -> None:
    """Open: FAIL of what is reached. Closed: FAIL of what must pass. Nothing listens: ERROR, never a denial."""
    found = verdicts("broken")
    assert {name for name, verdict in found.items() if verdict is FAIL} == {"prometheus", "sidecar", "dns"}
    assert {name for name, verdict in found.items() if verdict is ERROR} == {"alertmanager", "query", "query.storeapi"}
    assert {name for name, verdict in found.items() if verdict is PASS} == {"api", "frontend", "storegateway"}


@pytest.mark.parametrize(
    ("flow", "pod", "host", "verdict"),
    [
        (DENIED, Met.SILENT, Met.CONNECTED, PASS),
        (DENIED, Met.CONNECTED, Met.CONNECTED, FAIL),
        (DENIED, Met.CONNECTED, Met.SILENT, FAIL),
        (DENIED, Met.SILENT, Met.SILENT, ERROR),
        (DENIED, Met.SILENT, Met.REFUSED, ERROR),
        (DENIED, Met.SILENT, Met.UNKNOWN, ERROR),
        (DENIED, Met.REFUSED, Met.CONNECTED, ERROR),
        (DENIED, Met.UNKNOWN, Met.CONNECTED, ERROR),
        (ALLOWED, Met.CONNECTED, Met.UNKNOWN, PASS),
        (ALLOWED, Met.SILENT, Met.CONNECTED, FAIL),
        (ALLOWED, Met.REFUSED, Met.CONNECTED, FAIL),
        (ALLOWED, Met.SILENT, Met.SILENT, ERROR),
        (ALLOWED, Met.UNKNOWN, Met.CONNECTED, ERROR),
    ],
)
def test_only_what_is_known_is_judged(flow: Flow, pod: Met, host: Met, verdict: Verdict) -> None:
    """A denial needs a target that is proven to listen; a bad row says what to do."""
    finding = judge_flow("cluster-01", flow, Try(met=host, said="host"), Try(met=pod, said="pod"))
    assert finding.verdict is verdict
    assert bool(finding.remedy) is (verdict is not PASS)


@pytest.mark.parametrize(
    ("answer", "met"),
    [
        ((0, ""), Met.CONNECTED),
        ((1, "nc: timed out"), Met.SILENT),
        ((143, "Terminated"), Met.SILENT),
        ((124, ""), Met.SILENT),
        ((1, "nc: can't connect to remote host (10.1.1.1): Connection refused"), Met.REFUSED),
        (
            (1, "bash: connect: Connection timed out\nbash: line 1: /dev/tcp/10.1.1.1/1: Connection timed out"),
            Met.SILENT,
        ),
        ((127, "nc: not found"), Met.UNKNOWN),
        ((1, "nc: invalid option -- 'e'"), Met.UNKNOWN),
        (None, Met.UNKNOWN),
    ],
)
def test_a_tool_that_did_not_try_is_no_denial(answer: tuple[int, str] | None, met: Met) -> None:
    """A missing program ends with an error as well, and says nothing of policies."""
    assert read_try(answer).met is met


def test_both_scripts_ask_each_flow_under_its_name() -> None:
    """Side by side, with a time limit each."""
    for script in (host_script({"x": ("10.1.1.1", 9090)}), pod_script({"x": ("10.1.1.1", 9090)})):
        (line,) = (it for it in script.splitlines() if it.startswith("job x "))
        assert "timeout" in line
        assert line.endswith("&")
        assert "10.1.1.1" in line


def test_what_could_not_be_tried_is_an_error_of_every_row() -> None:
    """A pod that does not start proves no denial."""
    assert {it.verdict for it in unasked("cluster-01", FLOWS, "the pod did not start")} == {ERROR}


def test_every_cluster_owes_its_flows() -> None:
    """Central servers only on the central cluster, and each cluster at least one of either kind."""
    rows = declares(FLEET)
    assert len(rows) == len(set(rows))
    for cluster in FLEET.clusters:
        mine = {row.check for row in rows if row.target == cluster.name}
        assert mine == {"policy.removed", *(it.check for it in FLOWS if has(cluster, it.component))}
        assert {"policy.allows.dns", "policy.denies.prometheus"} <= mine
    assert ("policy.denies.query" in {row.check for row in rows if row.target == "cluster-02"}) is False
