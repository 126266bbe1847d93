"""Proves that logs arrive: OpenSearch's health, its snapshots' bucket, who may do what, a line of every cluster."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING

from tasks.deploy.identity import open_cluster
from tasks.deploy.left_out import left_out
from tasks.deploy.secrets import READER, SHIPPER
from tasks.model.errors import FleetError, in_words
from tasks.model.finding import Finding, Outcome, Row, Verdict, skipped
from tasks.opensearch import answers
from tasks.opensearch.accounts import password_of
from tasks.opensearch.client import open_opensearch
from tasks.opensearch.flight import Flight
from tasks.run.change import Gate
from tasks.run.step import done

if TYPE_CHECKING:
    from collections.abc import Callable

    from nornir.core.task import Result, Task

    from tasks.fleet.model import Cluster, Fleet
    from tasks.opensearch.client import Answer, OpenSearch
    from tasks.run.context import RunContext

CANARY = "logs.canary"
HEALTH, REPOSITORY, RIGHTS = "opensearch.health", "opensearch.repository", "opensearch.rights"
CENTRAL = (HEALTH, REPOSITORY, RIGHTS)
CAUSES = {CANARY: (f"{HEALTH}@peer",)}
"""A store that takes nothing in is one cause, not one for every cluster."""


def declares(fleet: Fleet) -> tuple[Row, ...]:
    """A canary of every cluster, and what only the central one has."""
    return tuple(row for cluster in fleet.clusters for row in _rows(fleet, cluster))


def _rows(fleet: Fleet, cluster: Cluster) -> tuple[Row, ...]:
    own = CENTRAL if cluster.region == "central" else ()
    return (*(Row(check, cluster.name) for check in own), Row(CANARY, cluster.name, fleet.central.name))


def prove(task: Task, *, ctx: RunContext) -> Result:
    """
    Ask OpenSearch, and send one cluster's canary. What is made for it is removed again.

    Returns:
        Result with ``result`` = Outcome(findings=one per row of ``declares``, changes that are all temporary)

    Raises:
        WrongCluster: the API server is not the inventory's cluster

    """
    cluster = ctx.fleet.cluster(task.host.name)
    rows = _rows(ctx.fleet, cluster)
    why = next(filter(None, (left_out(ctx.root, ctx.settings.traits, it) for it in ("opensearch", "fluent-bit"))), "")
    api = open_cluster(ctx, cluster)
    if why or api is None or ctx.plan:
        said = why or "planned: a proof makes objects, and is made by a real run"
        return done(task, Outcome(findings=tuple(skipped(it, said) for it in rows)))
    search, gate = open_opensearch(ctx), Gate(cluster.name, plan=ctx.plan)
    findings = _ask(ctx, search, gate) if cluster.region == "central" else []
    findings.append(Flight(ctx=ctx, cluster=cluster, api=api, search=search, gate=gate).fly(rows[-1]))
    return done(task, Outcome(findings=tuple(findings), changes=gate.changes))


def _ask(ctx: RunContext, search: OpenSearch, gate: Gate) -> list[Finding]:
    """What only the central cluster has."""
    health, repository = "/_cluster/health", "/_snapshot/s3/_verify"
    questions: dict[str, tuple[Callable[[], str], str]] = {
        HEALTH: (lambda: answers.wrong_health(search.get(health)), search.by_hand("GET", health)),
        REPOSITORY: (lambda: _verify(search, gate, repository), search.by_hand("POST", repository)),
        RIGHTS: (lambda: _try_rights(ctx, search, gate), ""),
    }
    return [_judged(Row(it, ctx.fleet.central.name), *questions[it]) for it in CENTRAL]


def _judged(row: Row, wrong: Callable[[], str], reproduce: str) -> Finding:
    try:
        said = wrong()
    except (FleetError, ValueError, KeyError) as error:
        said = in_words(error)
    if not said:
        return Finding(row=row, verdict=Verdict.PASS, observed=GOOD[row.check])
    return Finding(
        row=row, verdict=Verdict.FAIL, observed=said, wanted=GOOD[row.check], remedy=_REMEDY, reproduce=reproduce
    )


GOOD = {
    HEALTH: "every log can be read and written",
    REPOSITORY: "every node writes to the snapshots' bucket",
    RIGHTS: "the shipper adds and does not read, the reader reads and does not add",
}
_REMEDY = "kubectl -n opensearch logs statefulset/opensearch; then: python runbooks/full_deploy.py --only prove-logs"


def _verify(search: OpenSearch, gate: Gate, path: str) -> str:
    answer = gate.make(
        "let OpenSearch write an object to the snapshots' bucket and remove it",
        lambda: search.send("POST", path),
        temporary=True,
    )
    return answers.wrong_repository(answer or {})


def _try_rights(ctx: RunContext, search: OpenSearch, gate: Gate) -> str:
    """Add and read as each of the two accounts; what was added is removed."""
    now, name = datetime.now(UTC), ctx.fleet.central.name
    index, key = f"logs-{name}-{now:%Y.%m.%d}", f"rights-{ctx.run_id}"
    document = {"@timestamp": now.isoformat(), "cluster": name, "log": "what an account may do is being tried"}
    lines = f"{json.dumps({'create': {'_id': key}})}\n{json.dumps(document)}\n"
    asked: dict[str, Answer] = {}

    def add(account: str, password: str) -> None:
        asked[f"{account} adds"] = search.ask_as(account, password, f"/{index}/_bulk", lines)

    for account in (SHIPPER, READER):
        password = password_of(ctx.settings, account)
        asked[f"{account} reads"] = search.ask_as(account, password, "/logs-*/_search?size=0")
        sentence = f"add a document to {index} as {account}, and remove it"
        gate.make(sentence, partial(add, account, password), temporary=True)
    if search.find(f"/{index}/_doc/{key}") is not None:
        search.send("DELETE", f"/{index}/_doc/{key}")
    return answers.wrong_rights(asked)
