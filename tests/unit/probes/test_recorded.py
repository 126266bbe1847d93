"""The matrix as real machines and pods saw it: recorded answers beside what they mean."""

from __future__ import annotations

from pathlib import Path

import pytest

from tasks.fleet.load import load_fleet
from tasks.model.finding import Row, Verdict
from tasks.preflight.script import jobs
from tasks.probes import vantage
from tasks.probes.path import Wanted
from tasks.probes.targets import targets_of
from tasks.probes.wire import judge_vip, read_view, strangers_of
from tests.unit.onsite import ROOT

FLEET = load_fleet(ROOT / "inventory")
CLUSTER = FLEET.cluster("cluster-03")
RECORDED = ROOT / "tests" / "recorded" / "probes"
GONE = [("vip", "cluster-02")]


def answers(vantage_point: str, case: str) -> dict[str, tuple[int, str]]:
    """What was recorded."""
    return jobs((Path(RECORDED) / vantage_point / case / "stdout.txt").read_text(encoding="utf-8"))


@pytest.mark.parametrize(("case", "red"), [("all-open", []), ("one-vip-gone", GONE)])
@pytest.mark.parametrize("vantage_point", ["host", "pod"])
def test_exactly_the_closed_path_is_red(vantage_point: str, case: str, red: list[tuple[str, str]]) -> None:
    """Every target is judged; only the one that was taken away fails, at the layer where it ends."""
    judge = vantage.host_cells if vantage_point == "host" else vantage.pod_cells
    findings = judge(CLUSTER, targets_of(FLEET), answers(vantage_point, case))
    assert len(findings) == len(targets_of(FLEET))
    assert [(it.row.check.rpartition(".")[2], it.row.peer) for it in findings if it.verdict is not Verdict.PASS] == red
    layers = {it.observed.split(":")[0] for it in findings if it.verdict is Verdict.FAIL}
    assert layers <= {"ends at TCP", "ends at route"}


@pytest.mark.parametrize("case", ["all-open", "one-vip-gone"])
def test_names_resolve_from_host_and_pod(case: str) -> None:
    """The inventory's names on both, the cluster's own in the pod."""
    assert vantage.host_names(FLEET, CLUSTER, answers("host", case)).verdict is Verdict.PASS
    inside = answers("pod", case)
    site = vantage.pod_names(Row("reach.pod.dns", "cluster-03"), vantage.site_names(FLEET), inside)
    own = vantage.pod_names(Row("pod.dns", "cluster-03"), vantage.cluster_names(CLUSTER), inside)
    assert (site.verdict, own.verdict) == (Verdict.PASS, Verdict.PASS)


def test_the_service_answers_through_its_cluster_ip() -> None:
    """Through cluster DNS and Cilium's service translation."""
    wanted = Wanted(statuses=frozenset({200}), body="cluster-03")
    assert vantage.judge_service(CLUSTER, wanted, answers("pod", "all-open")).verdict is Verdict.PASS


def test_the_wire_agrees() -> None:
    """Cluster-03's host heard the right MAC for both of its neighbours' addresses."""
    view = read_view(answers("host", "all-open"), strangers_of(FLEET, CLUSTER))
    assert view.mac == "02:00:c0:a8:65:c5"
    assert view.arp == {"cluster-01": ("02:00:c0:a8:65:c2",), "cluster-02": ("02:00:c0:a8:65:c4",)}
    views = {"cluster-03": view, "cluster-02": read_view({"mac": (0, "02:00:c0:a8:65:c4")}, ())}
    assert judge_vip(FLEET.cluster("cluster-02"), views).verdict is Verdict.PASS


def test_no_kube_proxy_was_on_the_host() -> None:
    """The count of its chains is read as it was printed."""
    code, text = answers("host", "all-open")["chains"]
    assert (code, int(text)) == (1, 0)
