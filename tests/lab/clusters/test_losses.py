"""A machine, a pod or the room to write is lost; nobody else loses a sample."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from tasks.run.wait import wait_for
from tests.lab.clusters.fleet import NAMES, OTHERS, VICTIM, await_probe
from tests.lab.series import MISSED_S, longest_gap, scrapes, seen_centrally

if TYPE_CHECKING:
    from tests.lab.harness import Lab
    from tests.lab.operator import Operator, Ran

PROMETHEUS_POD = "pod/prometheus-monitoring-prometheus-0"
PROMETHEUS_CLAIM = "persistentvolumeclaim/prometheus-monitoring-prometheus-db-prometheus-monitoring-prometheus-0"
READY, UID = "{.status.conditions[?(@.type=='Ready')].status}", "{.metadata.uid}"


@dataclass(frozen=True)
class CutOff:
    """The time in which nobody reached one cluster (seconds since the epoch), and the proof that was under way."""

    since: float
    until: float
    proof: Ran


@pytest.fixture(scope="module")
def cut_off(deployed: Ran, operator: Operator, lab: Lab) -> CutOff:
    """In the middle of a proof of all four, for at least 90 s; Query says that its answer is partial."""
    assert deployed.code == 0
    process = operator.start("verify_reach")
    await_probe(operator, process)
    since = time.time()
    with lab.fault("partition", VICTIM):
        wait_for(
            "Query to answer without it",
            lambda: seen_centrally(operator, NAMES[0]),
            done=lambda seen: seen[0] == set(OTHERS) and bool(seen[1]),
            timeout_s=90,
            every_s=3,
        )
        proof = operator.ended(process)
        time.sleep(max(0.0, since + 90 - time.time()))
        until = time.time()
    return CutOff(since=since, until=until, proof=proof)


def test_a_cluster_that_is_cut_off_costs_nobody_a_sample(cut_off: CutOff, operator: Operator) -> None:
    """SC-005, SC-012: all four have scraped on, and Query's answer is whole again."""
    wait_for(
        "Query to answer with all of them",
        lambda: seen_centrally(operator, NAMES[0]),
        done=lambda seen: seen == (set(NAMES), []),
        timeout_s=180,
        every_s=3,
    )
    gaps = {it: longest_gap(operator, it, cut_off.since, cut_off.until) for it in NAMES}
    assert {it: gap for it, gap in gaps.items() if gap > MISSED_S} == {}


def test_a_machine_that_is_gone_is_red_alone(cut_off: CutOff, operator: Operator) -> None:
    """It dies under a proof: every declared row is there, the bad ones are its own or lead to it, nobody else's."""
    ran = cut_off.proof
    assert ran.code in {1, 3}
    assert ran.verdicts.keys() == operator.run("verify_reach", "--plan").verdicts.keys()
    assert set(ran.red.values()) == {"UNREACHABLE"}
    assert [row for row in ran.red if VICTIM not in row] == []
    for other in OTHERS:
        assert ran.verdict(f"vip.arp@{other}") == "PASS"
        assert ran.verdict(f"reach.pod.vip@{other}->{other}") == "PASS"


def test_an_updated_prometheus_has_what_the_old_one_collected(deployed: Ran, operator: Operator) -> None:
    """Its pod is replaced: a gap of less than two minutes, and every scrape from before is still there."""
    assert deployed.code == 0
    before = scrapes(operator, VICTIM, time.time() - 120)
    after = replaced_prometheus(operator)
    assert before
    assert set(before) <= set(scrapes(operator, VICTIM, before[0]))
    assert longest_gap(operator, VICTIM, before[-1], after[-1]) < 120


def replaced_prometheus(operator: Operator, *how: str) -> list[float]:
    """When the new pod in the place of the old one has scraped, once at least; ``how`` the old one is deleted."""
    old = pod_of_prometheus(operator, UID)
    operator.kubectl(VICTIM, "-n", "monitoring", "delete", PROMETHEUS_POD, "--wait=false", *how)
    wait_for(
        "the new one to be ready",
        lambda: pod_of_prometheus(operator, f"{UID} {READY}").split(),
        done=lambda said: said[:1] != [old] and said[1:] == ["True"],
        timeout_s=600,
        every_s=2,
    )
    since = time.time()  # what the old one still scraped does not count
    return wait_for("a scrape", lambda: scrapes(operator, VICTIM, since), done=bool, timeout_s=180, every_s=2)


def pod_of_prometheus(operator: Operator, wanted: str) -> str:
    """What a template says of the pod; empty while there is none."""
    words = ("-n", "monitoring", "get", PROMETHEUS_POD, "--ignore-not-found", "-o", f"jsonpath={wanted}")
    return operator.kubectl(VICTIM, *words)


def test_a_full_volume_stops_one_prometheus_and_says_why(deployed: Ran, operator: Operator, lab: Lab) -> None:
    """It cannot write, and its row has its own words for that; with room again, it goes on."""
    assert deployed.code == 0
    room = ("-n", "monitoring")
    volume = operator.kubectl(VICTIM, *room, "get", PROMETHEUS_CLAIM, "-o", "jsonpath={.spec.volumeName}")
    folder = operator.kubectl(VICTIM, "get", f"pv/{volume}", "-o", "jsonpath={.spec.hostPath.path}{.spec.local.path}")
    with lab.fault("fill-disk", VICTIM, folder):
        operator.kubectl(VICTIM, *room, "delete", PROMETHEUS_POD, "--wait=false")
        wait_for(
            "it to give up",
            lambda: pod_of_prometheus(operator, "{.status.containerStatuses[*].state.waiting.reason}"),
            done=lambda said: "CrashLoopBackOff" in said,
            timeout_s=600,
            every_s=2,
        )
        ran = operator.run("nightly_audit", "--only", "look-at-workloads", "--limit", VICTIM)
    assert set(ran.red) == {f"settled.monitoring@{VICTIM}"}
    assert any("no space left on device" in line for line in ran.finding(f"settled.monitoring@{VICTIM}")["evidence"])
    assert replaced_prometheus(operator, "--grace-period=5")
