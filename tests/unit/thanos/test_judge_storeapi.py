"""What a sidecar says of itself is good, and each thing that can be wrong with it is said."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from tasks.fleet.load import load_fleet
from tasks.model.finding import Verdict
from tasks.thanos import judge_storeapi as judge
from tasks.thanos.storeapi import Held, StoreInfo

FLEET = load_fleet(Path(__file__).resolve().parents[3] / "inventory")
EDGE = FLEET.cluster("cluster-02")
NOW_S = 1_795_640_000.0
LABELS = {"cluster": "cluster-02", "region": "edge", "prometheus_replica": "prometheus-monitoring-prometheus-0"}
INFO = StoreInfo(kind="sidecar", label_sets=(LABELS,), min_ms=int((NOW_S - 3600) * 1000), max_ms=(1 << 63) - 1)
HELD = Held(series=(LABELS,), clusters=("cluster-02",))


def test_a_sidecar_as_it_should_be_passes() -> None:
    """Labels, times and series; and all sidecars together."""
    assert judge.judge_labels(EDGE, INFO).verdict is Verdict.PASS
    assert "60 min ago" in judge.judge_times(EDGE, INFO, NOW_S).observed
    assert judge.judge_series(EDGE, HELD).verdict is Verdict.PASS
    other = replace(INFO, label_sets=({**LABELS, "cluster": "cluster-03"},))
    assert judge.judge_unique({"cluster-02": INFO, "cluster-03": other}).verdict is Verdict.PASS


@pytest.mark.parametrize(
    ("spoilt", "said"),
    [
        (replace(INFO, label_sets=({**LABELS, "cluster": "cluster-03"},)), "wanted {cluster=cluster-02, region=edge}"),
        (replace(INFO, label_sets=({"cluster": "cluster-02"},)), "region=}, wanted"),
        (replace(INFO, label_sets=()), "0 sets of external labels"),
        (replace(INFO, label_sets=(LABELS, LABELS)), "2 sets of external labels"),
        (replace(INFO, kind="store"), "kind store answers"),
    ],
)
def test_wrong_labels_are_said(spoilt: StoreInfo, said: str) -> None:
    """Another cluster's, too few, none, more than one set, or not a sidecar's at all."""
    judgement = judge.judge_labels(EDGE, spoilt)
    assert (judgement.verdict, said in judgement.observed) == (Verdict.FAIL, True)


@pytest.mark.parametrize(
    ("min_s", "max_s", "said"),
    [
        (NOW_S + 60, NOW_S + 1e6, "no sample yet"),
        (0, NOW_S + 1e6, "it claims to begin at 1970-01-01"),
        (-6e13, NOW_S + 1e6, "s of Unix time"),
        (NOW_S - 60, NOW_S - 600, "nothing after 2026-"),
    ],
)
def test_times_that_cannot_be_are_said(min_s: float, max_s: float, said: str) -> None:
    """In the future, since for ever, or stale (N6)."""
    spoilt = replace(INFO, min_ms=int(min_s * 1000), max_ms=int(max_s * 1000))
    judgement = judge.judge_times(EDGE, spoilt, NOW_S)
    assert (judgement.verdict, said in judgement.observed) == (Verdict.FAIL, True)


@pytest.mark.parametrize(
    ("spoilt", "said"),
    [
        (replace(HELD, series=()), "empty: it answers"),
        (replace(HELD, warnings=("gap",)), "it warns: gap"),
        (replace(HELD, series=(LABELS, {"cluster": "x"})), "a series has {cluster=x"),
        (replace(HELD, clusters=("cluster-02", "cluster-04")), "values cluster-02, cluster-04"),
    ],
)
def test_series_that_are_not_its_own_are_said(spoilt: Held, said: str) -> None:
    """None, others' among them, or a warning beside them."""
    judgement = judge.judge_series(EDGE, spoilt)
    assert (judgement.verdict, said in judgement.observed) == (Verdict.FAIL, True)


def test_twins_are_named() -> None:
    """Two sidecars with the same labels, and not the third."""
    other = replace(INFO, label_sets=({**LABELS, "cluster": "cluster-03"},))
    judgement = judge.judge_unique({"cluster-01": INFO, "cluster-02": INFO, "cluster-03": other})
    assert judgement.verdict is Verdict.FAIL
    assert judgement.observed.startswith("cluster-01 and cluster-02 serve the same labels")
