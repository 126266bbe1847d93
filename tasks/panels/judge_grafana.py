"""Judgements of what Grafana says of itself. Pure: its JSON in, judgement out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tasks.preflight.judge import bad, good

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from tasks.preflight.judge import Judgement

_LOGS = "kubectl -n grafana logs deployment/grafana"


def judge_health(answer: Mapping[str, Any]) -> Judgement:
    """Whether Grafana and its database work; ``answer`` of ``/api/health``."""
    if answer.get("database") != "ok":
        return bad(f"its database is {answer.get('database')}", _LOGS)
    return good(f"version {answer.get('version')}, its database is ok")


def judge_datasource(answer: Mapping[str, Any]) -> Judgement:
    """Whether Grafana reaches a datasource; ``answer`` of ``/api/datasources/uid/<uid>/health``."""
    said = str(answer.get("message") or answer)
    return good(said) if answer.get("status") == "OK" else bad(said, _LOGS)


def judge_provisioned(wanted: Sequence[str], found: Sequence[Mapping[str, Any]]) -> Judgement:
    """
    Whether Grafana has exactly the tree's dashboards.

    Arguments:
        wanted: uids
        found: of ``/api/search?type=dash-db``

    """
    uids = {str(it.get("uid")) for it in found}
    said = [f"no dashboard {uid}" for uid in sorted(set(wanted) - uids)]
    said += [f"a dashboard {uid} that is not in the tree" for uid in sorted(uids - set(wanted))]
    if said or not wanted:
        return bad("; ".join(said) or "the tree has none", "python runbooks/drift.py")
    return good(", ".join(sorted(uids)))
