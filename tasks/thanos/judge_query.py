"""Judgements of what Query and its frontend answer. Pure: values in, judgements out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tasks.preflight.judge import Judgement, bad, fair, good

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from tasks.fleet.model import Cluster

REPLICAS = frozenset({"prometheus_replica", "ruler_replica"})
"""The labels that deduplication takes away."""

SPLIT_H = 12
"""Query Frontend asks for no more at once: ``--query-range.split-interval``."""

OPERATORS, ROUNDS, LONGEST_S = 8, 3, 5.0
"""
SC-010: so many ask at once, so often, and wait no longer than a dashboard may take to load (SC-009).

Where a single one is slow, too, the machine is busy; then no longer than if they had asked one after the other.
"""

_LOOK = "kubectl -n thanos logs deployment/thanos-query"


def judge_view(cluster: Cluster, counted: Mapping[str, float]) -> Judgement:
    """
    One query's answer has the cluster in it.

    Arguments:
        counted: cluster to what ``count by (cluster) (up)`` says

    """
    if counted.get(cluster.name, 0.0) > 0:
        return good(f"{counted[cluster.name]:.0f} targets")
    return bad(f"one query over all clusters has nothing of {cluster.name}", "see query.unhealthy of this cluster")


def judge_strict(answer: Mapping[str, Any]) -> Judgement:
    """A query that refuses to be answered in part is answered, and without a warning."""
    remedy = "see which endpoint is unhealthy: the rows query.unhealthy"
    if answer.get("status") != "success":
        return bad(f"with partial_response=false it fails: {answer.get('error') or answer}", remedy)
    if warnings := answer.get("warnings"):
        return bad(f"it warns: {'; '.join(warnings)}", remedy)
    return good("answered whole, without a warning")


def judge_same(query: Mapping[str, float], frontend: Mapping[str, float]) -> Judgement:
    """Query and its frontend say the same of one moment."""
    if not query:
        return bad("neither has any series", "see query.view")
    if query != frontend:
        return bad(
            f"the frontend says {frontend}, Query says {query}", "restart thanos-query-frontend: its cache is wrong"
        )
    return good(f"the same {len(query)} series")


def judge_split(before: float, after: float, hours: int) -> Judgement:
    """
    A long range went to Query in pieces.

    Arguments:
        before, after: ``thanos_frontend_split_queries_total`` around it

    """
    pieces, wanted = after - before, hours // SPLIT_H
    if pieces < wanted:
        return bad(
            f"{hours} h went to Query in {pieces:.0f} pieces, wanted {wanted}", "see --query-range.split-interval"
        )
    return good(f"{hours} h went to Query in {pieces:.0f} pieces")


def judge_dedup(merged: Sequence[Mapping[str, str]], raw: Sequence[Mapping[str, str]]) -> Judgement:
    """
    Without replica labels every series is there once.

    Arguments:
        merged, raw: labels of the series of one query with and without deduplication

    """
    remedy = "see --query.replica-label of thanos-query"
    if not any(REPLICAS & labels.keys() for labels in raw):
        return bad("no series has a replica label: there is nothing to tell replicas by", remedy)
    if kept := sorted({name for labels in merged for name in REPLICAS & labels.keys()}):
        return bad(f"deduplicated series still have {', '.join(kept)}", remedy)
    distinct = {_without(labels) for labels in raw}
    if len(merged) != len(distinct) or {_without(labels) for labels in merged} != distinct:
        return bad(f"{len(merged)} series, wanted {len(distinct)}: one for each without replica labels", remedy)
    return good(f"{len(raw)} series become {len(merged)} without replica labels")


def _without(labels: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    return tuple(sorted((name, value) for name, value in labels.items() if name not in REPLICAS))


def judge_concurrent(alone_s: float, took_s: Sequence[float], wrong: Sequence[str]) -> Judgement:
    """
    Several at once are all answered, and soon (SC-010).

    Arguments:
        took_s: seconds of each
        wrong: what was wrong with those that were not answered as the lone one was

    """
    from statistics import median  # noqa: PLC0415  dear to import, for one line

    asked = len(took_s) + len(wrong)
    if wrong or not took_s:
        return bad(f"{len(wrong)} of {asked} went wrong: {wrong[0] if wrong else 'none was asked'}", _LOOK)
    spread = f"min {min(took_s):.2f} s, median {median(took_s):.2f} s, max {max(took_s):.2f} s"
    said = f"{asked} queries, {OPERATORS} at once: {spread}; one alone {alone_s:.2f} s"
    remedy = "give thanos-query and its node more CPU, or see --query.max-concurrent"
    if max(took_s) <= LONGEST_S:
        return good(said)
    if max(took_s) <= OPERATORS * alone_s:
        return fair(f"{said}: slow, but no slower than one after the other", remedy)
    return bad(said, remedy)
