"""What Query of a real lab answered is good, and each thing that can be wrong with it is said."""

from __future__ import annotations

import json
from copy import deepcopy
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tasks.fleet.load import load_fleet
from tasks.model.finding import Verdict
from tasks.thanos import judge_endpoints as whom
from tasks.thanos import judge_query as judge
from tasks.thanos.storeapi import StoreInfo

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from tasks.preflight.judge import Judgement
    from tasks.thanos.judge_endpoints import Endpoint

ROOT = Path(__file__).resolve().parents[3]
FLEET = load_fleet(ROOT / "inventory")
EDGE = FLEET.cluster("cluster-02")
EVERYBODY = {cluster.name for cluster in FLEET.clusters}
RECORDED = ROOT / "tests" / "recorded" / "thanos"


def recorded(what: str) -> Any:
    """What the lab answered."""
    return json.loads((RECORDED / what / "lab" / "stdout.txt").read_text())


ENDPOINTS = whom.read_endpoints(recorded("stores"))
NOW_S = max(it.checked_s for it in ENDPOINTS) + 2
OWN = next(it for it in ENDPOINTS if it.address.startswith(str(EDGE.vip.address)))
INFO = StoreInfo(kind="sidecar", label_sets=OWN.label_sets, min_ms=OWN.min_ms, max_ms=1)


def without_own() -> list[Endpoint]:
    """All but cluster-02's."""
    return [it for it in ENDPOINTS if it is not OWN]


def with_own(**fields: Any) -> list[Endpoint]:
    """Cluster-02's with other fields."""
    return [*without_own(), replace(OWN, **fields)]


JUDGES: dict[str, Callable[[Sequence[Endpoint]], Judgement]] = {
    "missing": lambda it: whom.judge_missing(EDGE, it),
    "unhealthy": lambda it: whom.judge_unhealthy(EDGE, it, NOW_S),
    "duplicate": lambda it: whom.judge_duplicate(EDGE, it),
    "direct": lambda it: whom.judge_direct(EDGE, it, INFO),
    "foreign": lambda it: whom.judge_foreign(FLEET, it, EVERYBODY),
    "kinds": lambda it: whom.judge_kinds(it, NOW_S),
}


@pytest.mark.parametrize("what", JUDGES)
def test_what_the_lab_answered_is_good(what: str) -> None:
    """Four sidecars, one store gateway, one ruler."""
    assert len(ENDPOINTS) == 6
    assert JUDGES[what](ENDPOINTS).verdict is Verdict.PASS


@pytest.mark.parametrize(
    ("what", "endpoints", "said"),
    [
        ("missing", without_own(), "192.168.101.211:10901 is no endpoint"),
        ("unhealthy", with_own(error="connection refused"), "192.168.101.211:10901: connection refused"),
        ("unhealthy", with_own(checked_s=NOW_S - 61), "was last looked at 61 s ago"),
        ("duplicate", [*ENDPOINTS, OWN], "listed 2 times"),
        ("duplicate", [*ENDPOINTS, replace(OWN, address="192.0.2.7:10901")], "192.0.2.7:10901 serves the same"),
        ("direct", with_own(label_sets=({"cluster": "x"},)), "Query holds labels [{'cluster': 'x'}]"),
        ("direct", with_own(min_ms=OWN.min_ms - 400_000), "Query believes in samples from"),
        ("foreign", [*ENDPOINTS, replace(OWN, address="192.0.2.7:10901")], "unknown: sidecar 192.0.2.7:10901"),
        ("foreign", [*ENDPOINTS, replace(OWN, kind="receive")], "unknown: receive"),
        ("kinds", [it for it in ENDPOINTS if it.kind != "store"], "0 of kind store gateway, wanted 1"),
        ("kinds", [*ENDPOINTS, *(it for it in ENDPOINTS if it.kind == "rule")], "2 of kind ruler, wanted 1"),
        ("kinds", [replace(it, error="gone") for it in ENDPOINTS], "gone"),
        ("kinds", [replace(it, checked_s=0) for it in ENDPOINTS], "ruler not looked at"),
    ],
)
def test_what_is_wrong_is_said(what: str, endpoints: Sequence[Endpoint], said: str) -> None:
    """Each has a row of its own, and names what it saw (N6)."""
    judgement = JUDGES[what](endpoints)
    assert (judgement.verdict, said in judgement.observed) == (Verdict.FAIL, True)


@pytest.mark.parametrize("what", ["unhealthy", "duplicate", "direct"])
def test_one_cause_is_one_row(what: str) -> None:
    """What Query does not know is missing, and nothing else."""
    assert JUDGES[what](without_own()).verdict is Verdict.SKIP


def test_a_sidecar_that_is_silent_itself_is_not_what_query_holds() -> None:
    """However well Query speaks of it."""
    judgement = whom.judge_direct(EDGE, ENDPOINTS, None)
    assert (judgement.verdict, judgement.observed) == (Verdict.FAIL, "the sidecar itself does not answer")


def test_series_of_a_cluster_that_nobody_knows_are_said() -> None:
    """Or of none at all."""
    for name, said in (("x", "series of cluster x"), ("", "series of cluster none")):
        judgement = whom.judge_foreign(FLEET, ENDPOINTS, {*EVERYBODY, name})
        assert (judgement.verdict, said in judgement.observed) == (Verdict.FAIL, True)


@pytest.mark.parametrize(
    ("counted", "verdict"), [({"cluster-02": 14.0}, "PASS"), ({"cluster-02": 0.0}, "FAIL"), ({}, "FAIL")]
)
def test_a_cluster_that_no_answer_has_is_said(counted: dict[str, float], verdict: str) -> None:
    """Zero is never success."""
    assert judge.judge_view(EDGE, counted).verdict == verdict


def test_a_whole_answer_has_no_warning() -> None:
    """What the lab answered; then with a warning, and refused."""
    answer = recorded("strict")
    assert judge.judge_strict(answer).verdict is Verdict.PASS
    warned = {**deepcopy(answer), "warnings": ["no store of cluster-03"]}
    assert judge.judge_strict(warned).observed == "it warns: no store of cluster-03"
    refused = judge.judge_strict({"status": "error", "error": "expanding series"})
    assert (refused.verdict, "expanding series" in refused.observed) == (Verdict.FAIL, True)


def test_query_and_frontend_agree() -> None:
    """Another number, another cluster, or nothing at all does not."""
    assert judge.judge_same({"a": 1.0}, {"a": 1.0}).verdict is Verdict.PASS
    assert judge.judge_same({"a": 1.0}, {"a": 2.0}).verdict is Verdict.FAIL
    assert judge.judge_same({"a": 1.0}, {}).verdict is Verdict.FAIL
    assert judge.judge_same({}, {}).verdict is Verdict.FAIL


def test_a_long_range_goes_in_pieces() -> None:
    """Ten of twelve hours in five days; one piece is none."""
    assert judge.judge_split(3, 13, 120).observed == "120 h went to Query in 10 pieces"
    assert judge.judge_split(3, 4, 120).verdict is Verdict.FAIL


RAW = [{"cluster": name, "prometheus_replica": replica} for name in ("a", "b") for replica in ("0", "1")]
MERGED = [{"cluster": "a"}, {"cluster": "b"}]


@pytest.mark.parametrize(
    ("merged", "raw", "said"),
    [
        (MERGED, RAW, ""),
        (MERGED, MERGED, "no series has a replica label"),
        (RAW, RAW, "still have prometheus_replica"),
        ([*MERGED, {"cluster": "b"}], RAW, "3 series, wanted 2"),
        (MERGED[:1], RAW, "1 series, wanted 2"),
        ([], [], "no series has"),
    ],
)
def test_replicas_become_one(merged: list[dict[str, str]], raw: list[dict[str, str]], said: str) -> None:
    """Nothing to merge, not merged, twice, or too few."""
    judgement = judge.judge_dedup(merged, raw)
    assert (judgement.verdict is Verdict.PASS, said in judgement.observed) == (not said, True)


def test_the_lab_deduplicates() -> None:
    """As it answered with and without."""
    merged, raw = ([one["metric"] for one in recorded(it)["data"]["result"]] for it in ("deduplicated", "raw"))
    assert judge.judge_dedup(merged, raw).verdict is Verdict.PASS


def test_the_spread_of_concurrent_answers_is_told() -> None:
    """SC-010: slower than one after the other, one that went wrong, or none at all is bad."""
    good = judge.judge_concurrent(0.1, (0.2, 0.3, 0.4), ())
    assert (good.verdict, "min 0.20 s, median 0.30 s, max 0.40 s" in good.observed) == (Verdict.PASS, True)
    assert judge.judge_concurrent(0.1, (0.2, 5.1), ()).verdict is Verdict.FAIL
    assert judge.judge_concurrent(2.0, (0.2, 12.7), ()).verdict is Verdict.WARN
    assert judge.judge_concurrent(2.0, (0.2, 16.1), ()).verdict is Verdict.FAIL
    assert "1 of 3 went wrong: no answer" in judge.judge_concurrent(0.1, (0.2, 0.2), ("no answer",)).observed
    assert judge.judge_concurrent(0.1, (), ()).verdict is Verdict.FAIL
