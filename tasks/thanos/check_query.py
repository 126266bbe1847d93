"""The stage that asks Query: whom does it ask, does one answer have all clusters, and what does the frontend add."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from tasks.deploy.api import ApiError
from tasks.deploy.identity import open_cluster
from tasks.model.errors import in_words
from tasks.model.finding import Finding, Outcome, Row, Verdict, skipped
from tasks.monitoring.ask import get
from tasks.monitoring.patience import patiently
from tasks.preflight.judge import bad, finding
from tasks.run.step import done
from tasks.thanos import judge_endpoints as whom
from tasks.thanos import judge_query as judge
from tasks.thanos import query

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from nornir.core.task import Result, Task

    from tasks.deploy.api import KubeApi
    from tasks.fleet.model import Cluster, Fleet
    from tasks.preflight.judge import Judgement
    from tasks.run.context import RunContext

ANSWERS = "query.answers"
OF_EACH = {
    "query.missing": "every sidecar of the inventory is an endpoint",
    "query.unhealthy": "Query's last look at it went well",
    "query.duplicate": "it is listed once, with labels of its own",
    "query.direct": "Query holds what the sidecar says itself",
    "query.view": "one query's answer has this cluster in it",
}
OF_ALL = {
    "query.foreign": "no endpoint and no series that the inventory does not know",
    "query.kinds": "exactly one store gateway and one ruler",
    "query.strict": "an answer to partial_response=false, without a warning",
    "query.frontend": "the frontend says what Query says",
    "query.split": "a long range goes to Query in pieces",
    "query.dedup": "every series once, without replica labels",
    "query.concurrent": f"{judge.OPERATORS} operators at once, each answered within {judge.LONGEST_S:g} s",
}
"""Check to what is wanted of it."""

_SHOWN = {
    "query.strict": "api/v1/query?partial_response=false&query=count%20by%20(cluster)%20(up)",
    "query.view": "api/v1/query?query=count%20by%20(cluster)%20(up)",
    "query.dedup": "api/v1/query?dedup=false&query=prometheus_build_info",
}

CAUSES: Mapping[str, tuple[str, ...]] = {
    ANSWERS: ("api.ready",),
    "query.missing": ("reach.operator.storeapi@fleet",),
    "query.unhealthy": ("reach.operator.storeapi@fleet", "query.missing"),
    "query.direct": ("reach.operator.storeapi@fleet",),
    "query.view": ("reach.operator.storeapi@fleet", "query.missing", "query.unhealthy", "answers.prometheus@peer"),
}


def declares(fleet: Fleet) -> tuple[Row, ...]:
    """The rows of the central cluster: towards each sidecar, and of Query as a whole."""
    return _rows(fleet, fleet.central)


def _rows(fleet: Fleet, central: Cluster) -> tuple[Row, ...]:
    return (
        Row(ANSWERS, central.name),
        *(Row(check, central.name, cluster.name) for check in OF_EACH for cluster in fleet.clusters),
        *(Row(check, central.name) for check in OF_ALL),
    )


def ask(task: Task, *, ctx: RunContext, patience_s: float = 0.0) -> Result:
    """
    Ask Query on the central cluster; nothing is done on the others. Changes nothing.

    Arguments:
        patience_s: how long what does not answer well yet is asked again

    Returns:
        Result with ``result`` = Outcome(findings=one per row of ``declares`` on the central cluster)

    """
    cluster = ctx.fleet.cluster(task.host.name)
    if cluster.name != ctx.fleet.central.name:
        return done(task, Outcome())
    api = None if ctx.plan else open_cluster(ctx, cluster)
    if api is None:
        said = "planned: what is deployed by then is asked by a real run"
        rows = _rows(ctx.fleet, cluster)
        return done(task, Outcome(findings=tuple(skipped(row, said) for row in rows)))
    until = time.monotonic() + patience_s
    ctx.progress.doing(cluster.name, "asking Query")
    found = patiently(ctx, cluster.name, lambda: look(api, ctx.fleet), until)
    if found[0].verdict is not Verdict.PASS:
        return done(task, Outcome(findings=found))
    ctx.progress.doing(cluster.name, "asking Query several things at once")
    at_once = patiently(
        ctx, cluster.name, lambda: [_of_all(ctx.fleet, "query.concurrent", lambda: _concurrent(api))], until
    )
    return done(task, Outcome(findings=(*found, *at_once)))


def look(api: KubeApi, fleet: Fleet) -> list[Finding]:
    """Everything but the queries at once; where Query does not answer, that and all that follows."""
    row = Row(ANSWERS, fleet.central.name)
    try:
        endpoints = whom.read_endpoints(get(api, query.QUERY, "api/v1/stores"))
        at_s = time.time() - query.SETTLED_S
        counted = query.counted(api, query.QUERY, at_s)
    except (ApiError, ValueError, KeyError) as error:
        return _silent(fleet, row, str(error))
    answered = Finding(row=row, verdict=Verdict.PASS, observed=f"{len(endpoints)} endpoints, {len(counted)} clusters")
    infos, now_s = query.ask_directly(fleet), time.time()
    judges: Mapping[str, Callable[[Cluster], Judgement]] = {
        "query.missing": lambda it: whom.judge_missing(it, endpoints),
        "query.unhealthy": lambda it: whom.judge_unhealthy(it, endpoints, now_s),
        "query.duplicate": lambda it: whom.judge_duplicate(it, endpoints),
        "query.direct": lambda it: whom.judge_direct(it, endpoints, infos[it.name]),
        "query.view": lambda it: judge.judge_view(it, counted),
    }
    each = [_of_each(fleet, check, it, judges[check](it)) for check in OF_EACH for it in fleet.clusters]
    lacking = next((it.row for it in each if it.verdict is Verdict.FAIL), None)
    return [
        answered,
        *each,
        _of_all(fleet, "query.foreign", lambda: whom.judge_foreign(fleet, endpoints, set(counted))),
        _of_all(fleet, "query.kinds", lambda: whom.judge_kinds(endpoints, now_s)),
        _strict(api, fleet, lacking),
        _of_all(fleet, "query.frontend", lambda: judge.judge_same(counted, query.counted(api, query.FRONTEND, at_s))),
        _of_all(fleet, "query.split", lambda: judge.judge_split(*query.ask_long_range(api, now_s), query.LONG_H)),
        _of_all(fleet, "query.dedup", lambda: _dedup(api, at_s)),
    ]


def _dedup(api: KubeApi, at_s: float) -> Judgement:
    return judge.judge_dedup(*(query.labels_of(api, dedup=it, at_s=at_s) for it in (True, False)))


def _strict(api: KubeApi, fleet: Fleet, lacking: Row | None) -> Finding:
    """Where a sidecar is away anyhow, that is why nothing can be answered whole."""
    found = _of_all(fleet, "query.strict", lambda: judge.judge_strict(query.ask_whole(api, query.VIEW)))
    if lacking is None or found.verdict is Verdict.PASS:
        return found
    return skipped(found.row, found.observed, lacking)


def _concurrent(api: KubeApi) -> Judgement:
    asked = query.ask_at_once(api)
    return judge.judge_concurrent(asked.alone_s, asked.took_s, asked.wrong)


def _of_each(fleet: Fleet, check: str, cluster: Cluster, judgement: Judgement) -> Finding:
    row = Row(check, fleet.central.name, cluster.name)
    return finding(row, judgement, wanted=OF_EACH[check], reproduce=_by_hand(fleet, check))


def _of_all(fleet: Fleet, check: str, judged: Callable[[], Judgement]) -> Finding:
    """One row of Query as a whole; what it does not answer is red."""
    try:
        judgement = judged()
    except (ApiError, ValueError, KeyError) as error:
        judgement = bad(in_words(error), "kubectl -n thanos get pods")
    return finding(Row(check, fleet.central.name), judgement, wanted=OF_ALL[check], reproduce=_by_hand(fleet, check))


def _by_hand(fleet: Fleet, check: str) -> str:
    service = query.FRONTEND if check in {"query.frontend", "query.split", "query.concurrent"} else query.QUERY
    asked = _SHOWN.get(check, "metrics" if check == "query.split" else "api/v1/stores")
    return f"kubectl --context {fleet.central.name} get --raw '/api/v1/namespaces/{service}/proxy/{asked}'"


def _silent(fleet: Fleet, row: Row, said: str) -> list[Finding]:
    cause = finding(
        row,
        bad(said, f"kubectl --context {fleet.central.name} -n thanos get pods,events"),
        wanted="Query answers",
        reproduce=_by_hand(fleet, ANSWERS),
    )
    rest = [it for it in _rows(fleet, fleet.central) if it != row]
    silent = "not asked: Query does not answer"
    return [cause, *(skipped(it, silent, row) for it in rest)]
