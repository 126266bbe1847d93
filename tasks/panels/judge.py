"""Judgements of what panels show. Pure: answers in, judgement out."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tasks.preflight.judge import bad, fair, good, moot

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from tasks.panels.dashboards import Dashboard, Query
    from tasks.preflight.judge import Judgement

BUDGET_S = 5.0
"""In which all queries of a dashboard are answered (SC-009)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """
    What came back for one query.

    Attributes:
        series: how many have a value
        clusters: values of their label ``cluster``
        failed: what was said instead of an answer; empty: it was answered
        warnings: what was said beside it

    """

    query: Query
    took_s: float
    series: int = 0
    clusters: frozenset[str] = frozenset()
    failed: str = ""
    warnings: tuple[str, ...] = ()


def shown(query: Query, took_s: float, answer: Mapping[str, Any]) -> Shown:
    """
    Read the answer to a range query; a series that is nothing but NaN draws nothing, and does not count.

    Raises:
        KeyError, TypeError: it is none

    """
    if answer.get("status") != "success":
        return Shown(query=query, took_s=took_s, failed=str(answer.get("error") or answer))
    drawn = [it for it in answer["data"]["result"] if not all(math.isnan(float(value)) for _, value in it["values"])]
    return Shown(
        query=query,
        took_s=took_s,
        series=len(drawn),
        clusters=frozenset(it["metric"].get("cluster", "") for it in drawn),
        warnings=tuple(answer.get("warnings") or ()),
    )


def counted(query: Query, took_s: float, lines: Mapping[str, int]) -> Shown:
    """What a panel of logs shows; ``lines`` by cluster."""
    return Shown(query=query, took_s=took_s, series=len(lines), clusters=frozenset(lines))


def judge_dashboard(dashboard: Dashboard, came: Sequence[Shown], took_s: float, clusters: Iterable[str]) -> Judgement:
    """
    Whether a dashboard shows what it is for, in time.

    Arguments:
        came: one for every query that was asked
        took_s: until the last of them was answered
        clusters: that are to be in every panel which tells clusters apart

    """
    if dashboard.absent:
        return moot(dashboard.absent)
    asked = {it.query for it in came}
    missing = [it.panel for it in dashboard.queries if it not in asked and not it.absent]
    wrong = [f"not asked: {_names(missing)}"] if missing else []
    wrong += [f"{it.query.panel!r} failed: {it.failed[:160]}" for it in came if it.failed]
    wrong += _nothing(came)
    wrong += _lacking(came, frozenset(clusters))
    if took_s > BUDGET_S:
        slowest = max(came, key=lambda it: it.took_s)
        wrong.append(f"over {BUDGET_S:g} s; the slowest is {slowest.query.panel!r} with {slowest.took_s:.1f} s")
    counted = f"{len(came)} queries in {took_s:.1f} s"
    evidence = tuple(f"{it.query.panel}: {said}" for it in came for said in it.warnings)
    if wrong:
        return bad(f"{counted}; {'; '.join(wrong)}", REMEDY, evidence)
    if not came:
        return bad("no query was asked", REMEDY)
    stale = [it.query.panel for it in came if it.query.absent and it.series]
    if stale:
        return fair(f"{counted}; declared absent, and shown: {_names(stale)}", "take the declaration away", evidence)
    return good(f"{counted}{_excused(came)}")


REMEDY = (
    "run the query of the panel in Grafana's Explore; where a panel may rightly be empty, say why in "
    "kustomize/base/grafana/panels.yaml"
)


def _nothing(came: Sequence[Shown]) -> list[str]:
    """Panels that none of their queries fills, and that are not declared."""
    filled = {it.query.panel for it in came if it.series}
    excused = {it.query.panel for it in came if it.query.may_be_empty or it.query.absent}
    empty = dict.fromkeys(it.query.panel for it in came if not it.failed and it.query.panel not in filled | excused)
    partly = dict.fromkeys(
        it.query.panel for it in came if not it.failed and not it.series and it.query.panel in filled - excused
    )
    return [f"empty: {_names(empty)}"] * bool(empty) + [f"in part empty: {_names(partly)}"] * bool(partly)


def _lacking(came: Sequence[Shown], clusters: frozenset[str]) -> list[str]:
    """Panels that tell clusters apart and lack some of them."""
    lacking: dict[tuple[str, ...], list[str]] = {}
    for it in came:
        query, away = it.query, tuple(sorted(clusters - it.clusters))
        if query.of_each and it.series and away and not (query.some or query.may_be_empty or query.absent):
            lacking.setdefault(away, []).append(query.panel)
    return [f"without {', '.join(away)}: {_names(dict.fromkeys(panels))}" for away, panels in lacking.items()]


def _excused(came: Sequence[Shown]) -> str:
    empty = dict.fromkeys(it.query.panel for it in came if it.query.may_be_empty and not it.series)
    absent = dict.fromkeys(it.query.panel for it in came if it.query.absent)
    said = f"; empty, as it may be: {_names(empty)}" if empty else ""
    return said + (f"; absent on this site: {_names(absent)}" if absent else "")


def _names(panels: Iterable[str]) -> str:
    return ", ".join(f"{it!r}" for it in panels)
