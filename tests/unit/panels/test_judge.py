"""What a dashboard shows is judged panel by panel; empty is red unless it is declared."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tasks.model.finding import Verdict
from tasks.panels.dashboards import Dashboard, Query
from tasks.panels.judge import Shown, judge_dashboard, shown

if TYPE_CHECKING:
    from collections.abc import Callable

RECORDED = Path(__file__).resolve().parents[2] / "recorded" / "panels"
CLUSTERS = ("cluster-01", "cluster-02", "cluster-03", "cluster-04")
SIDECARS = Query(panel="Sidecar sees its Prometheus", source="thanos", text="x", of_each=True)
COMPACTOR = Query(panel="Compactor", source="thanos", text="y", of_each=False)
DASHBOARD = Dashboard(uid="thanos", span_s=21600, step_s=30, queries=(SIDECARS, COMPACTOR))


def recorded(case: str) -> Any:
    """A recorded answer to a range query."""
    return json.loads((RECORDED / case / "stdout.txt").read_text())


def came(case: str = "range/lab") -> list[Shown]:
    """Both queries answered, the first as recorded."""
    return [shown(SIDECARS, 0.2, recorded(case)), Shown(query=COMPACTOR, took_s=0.1, series=1)]


def test_a_recorded_answer_shows_a_line_of_each_cluster() -> None:
    """Series with at least one number count."""
    found = shown(SIDECARS, 0.2, recorded("range/lab"))
    assert (found.series, found.clusters, found.failed) == (4, frozenset(CLUSTERS), "")


def test_a_line_of_nothing_but_nan_is_no_line() -> None:
    """A ratio of zeros draws nothing."""
    found = shown(COMPACTOR, 0.1, recorded("range/nan"))
    assert (found.series, found.failed) == (0, "")


def test_what_shows_everything_in_time_is_good() -> None:
    """And says how many queries it was, and how long they took."""
    found = judge_dashboard(DASHBOARD, came(), 0.3, CLUSTERS)
    assert (found.verdict, found.observed) == (Verdict.PASS, "2 queries in 0.3 s")


def _failed(all_of: list[Shown]) -> list[Shown]:
    return [shown(SIDECARS, 0.1, {"status": "error", "error": "parse error"}), all_of[1]]


def _empty(all_of: list[Shown]) -> list[Shown]:
    return [all_of[0], replace(all_of[1], series=0)]


def _one_away(all_of: list[Shown]) -> list[Shown]:
    return [replace(all_of[0], series=3, clusters=frozenset(CLUSTERS[:3])), all_of[1]]


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (_failed, "'Sidecar sees its Prometheus' failed: parse error"),
        (_empty, "empty: 'Compactor'"),
        (_one_away, "without cluster-04: 'Sidecar sees its Prometheus'"),
        (lambda all_of: all_of[:1], "not asked: 'Compactor'"),
        (lambda _: [], "not asked: 'Sidecar sees its Prometheus', 'Compactor'"),
    ],
)
def test_what_is_wrong_is_red_and_named(spoil: Callable[[list[Shown]], list[Shown]], said: str) -> None:
    """By its panel's title."""
    found = judge_dashboard(DASHBOARD, spoil(came()), 0.3, CLUSTERS)
    assert found.verdict is Verdict.FAIL
    assert said in found.observed


def test_a_dashboard_that_takes_too_long_is_red_and_names_its_slowest_panel() -> None:
    """Five seconds in all (SC-009)."""
    found = judge_dashboard(DASHBOARD, came(), 5.1, CLUSTERS)
    assert found.verdict is Verdict.FAIL
    assert "2 queries in 5.1 s; over 5 s; the slowest is 'Sidecar sees its Prometheus' with 0.2 s" in found.observed


def test_a_panel_with_one_query_that_shows_nothing_is_red() -> None:
    """Half a panel hides what the other half would have told."""
    twice = replace(DASHBOARD, queries=(COMPACTOR, replace(COMPACTOR, text="z")))
    all_of = [Shown(query=it, took_s=0.1, series=number) for number, it in enumerate(twice.queries)]
    found = judge_dashboard(twice, all_of, 0.3, CLUSTERS)
    assert (found.verdict, found.observed) == (Verdict.FAIL, "2 queries in 0.3 s; in part empty: 'Compactor'")


@pytest.mark.parametrize(
    ("excuse", "said"),
    [
        ({"may_be_empty": "nothing fires"}, "; empty, as it may be: 'Compactor'"),
        ({"absent": "no exporter"}, "; absent on this site: 'Compactor'"),
    ],
)
def test_a_declared_panel_may_be_empty_and_is_named(excuse: dict[str, str], said: str) -> None:
    """So that one sees what was let pass."""
    query = replace(COMPACTOR, **excuse)  # type: ignore[arg-type]  all of them are texts
    dashboard = replace(DASHBOARD, queries=(SIDECARS, query))
    found = judge_dashboard(dashboard, [came()[0], Shown(query=query, took_s=0.1)], 0.3, CLUSTERS)
    assert (found.verdict, found.observed) == (Verdict.PASS, f"2 queries in 0.3 s{said}")


def test_a_panel_of_some_clusters_needs_not_all_of_them() -> None:
    """Where that is declared; it may still not be empty."""
    query = replace(SIDECARS, some="edges upload every two hours")
    dashboard = replace(DASHBOARD, queries=(query,))
    part = Shown(query=query, took_s=0.1, series=1, clusters=frozenset(CLUSTERS[:1]))
    assert judge_dashboard(dashboard, [part], 0.3, CLUSTERS).verdict is Verdict.PASS
    assert judge_dashboard(dashboard, [replace(part, series=0)], 0.3, CLUSTERS).verdict is Verdict.FAIL


def test_what_is_declared_absent_and_is_there_is_a_stale_declaration() -> None:
    """Which would hide a panel that can be proven."""
    query = replace(COMPACTOR, absent="no exporter")
    dashboard = replace(DASHBOARD, queries=(query,))
    found = judge_dashboard(dashboard, [Shown(query=query, took_s=0.1, series=2)], 0.3, CLUSTERS)
    assert (found.verdict, found.remedy) == (Verdict.WARN, "take the declaration away")


def test_a_dashboard_of_what_the_site_goes_without_is_skipped_with_the_reason() -> None:
    """It is not opened."""
    found = judge_dashboard(replace(DASHBOARD, absent="left out by trait lab: no image"), (), 0.0, CLUSTERS)
    assert (found.verdict, found.observed) == (Verdict.SKIP, "left out by trait lab: no image")


def test_a_dashboard_without_queries_proves_nothing() -> None:
    """Zero is never success."""
    assert judge_dashboard(replace(DASHBOARD, queries=()), (), 0.0, CLUSTERS).verdict is Verdict.FAIL


def test_what_thanos_warns_of_is_kept() -> None:
    """A store that did not answer, for one; the clusters that it had are missed by their own sentence."""
    warned = shown(SIDECARS, 0.2, recorded("range/lab") | {"warnings": ["receive series from 192.0.2.1: refused"]})
    found = judge_dashboard(DASHBOARD, [warned, came()[1]], 0.3, CLUSTERS)
    assert found.observed == "2 queries in 0.3 s"
    assert warned.warnings == ("receive series from 192.0.2.1: refused",)
