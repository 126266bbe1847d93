"""The tasks that ask the monitoring plane, through each API server's own way to its services."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from tasks.deploy.api import ApiError
from tasks.deploy.identity import not_there_yet, open_cluster
from tasks.model.errors import in_words
from tasks.model.finding import Finding, Outcome, Row, Verdict, skipped
from tasks.monitoring import answers
from tasks.monitoring.patience import patiently
from tasks.run.step import done

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from nornir.core.task import Result, Task

    from tasks.deploy.api import KubeApi
    from tasks.fleet.model import Cluster, Fleet
    from tasks.run.context import RunContext
    from tasks.run.stage import HostStep

PROMETHEUS = "monitoring/services/monitoring-prometheus:http-web"
ALERTMANAGER = "monitoring/services/monitoring-alertmanager:http-web"

CHECKS = ("answers.prometheus", "answers.targets", "answers.network", "answers.alertmanager")

NETWORK_METRICS = 'count by (job) ({__name__=~"(cilium|hubble)_.+"})'


def declares(fleet: Fleet) -> tuple[Row, ...]:
    """Four rows for every cluster."""
    return tuple(Row(check, cluster.name) for cluster in fleet.clusters for check in CHECKS)


def asks(patience_s: float) -> HostStep:
    """
    Make the step that asks one cluster's Prometheus and Alertmanager.

    One row of ``declares`` each; nothing is changed.

    Arguments:
        patience_s: how long wrong answers are asked for again, all together; a plan asks once

    """

    def ask(task: Task, *, ctx: RunContext) -> Result:
        cluster = ctx.fleet.cluster(task.host.name)
        rows = [Row(it, cluster.name) for it in CHECKS]
        api = open_cluster(ctx, cluster)
        if api is None:
            return done(task, Outcome(findings=tuple(not_there_yet(row) for row in rows)))
        questions = _questions(cluster, api)
        until = time.monotonic() + (0.0 if ctx.plan else patience_s)
        found = (_asked(ctx, row, questions[row.check], until) for row in rows)
        return done(task, Outcome(findings=tuple(found)))

    return ask


def _questions(cluster: Cluster, api: KubeApi) -> Mapping[str, Callable[[], str]]:
    """For each check what is wrong, in words; empty where nothing is."""
    return {
        "answers.prometheus": lambda: answers.wrong_labels(cluster, get(api, PROMETHEUS, "api/v1/status/config")),
        "answers.targets": lambda: answers.wrong_targets(query(api, PROMETHEUS, "up")),
        "answers.network": lambda: answers.wrong_network(query(api, PROMETHEUS, NETWORK_METRICS)),
        "answers.alertmanager": lambda: answers.wrong_alertmanager(get(api, ALERTMANAGER, "api/v2/status")),
    }


def get(api: KubeApi, service: str, path: str, **parameters: str) -> dict[str, Any]:
    """
    Ask a service behind an API server.

    Arguments:
        service: ``namespace/services/name:port``

    Raises:
        ApiError: no answer, or another than 200
        ValueError: it is no JSON

    """
    answer: dict[str, Any] = json.loads(api.text(f"/api/v1/namespaces/{service}/proxy/{path}", **parameters))
    return answer


def query(api: KubeApi, service: str, expression: str, **parameters: str) -> list[Mapping[str, Any]]:
    """Ask one instant query; ValueError where it failed."""
    return answers.series(get(api, service, "api/v1/query", query=expression, **parameters))


def _asked(ctx: RunContext, row: Row, wrong: Callable[[], str], until: float) -> Finding:
    (found,) = patiently(ctx, row.target, lambda: [_once(row, wrong)], until)
    if ctx.plan and found.verdict is Verdict.FAIL:
        said = f"planned: to be asked again; now: {found.observed}"
        return skipped(row, said)
    return found


def _once(row: Row, wrong: Callable[[], str]) -> Finding:
    try:
        said = wrong()
    except (ApiError, ValueError, KeyError) as error:
        said = in_words(error)
    if not said:
        return Finding(row=row, verdict=Verdict.PASS, observed="as wanted")
    return Finding(
        row=row,
        verdict=Verdict.FAIL,
        observed=said,
        wanted="an answer that shows it works",
        remedy=f"kubectl --context {row.target} get pods -A; then: python runbooks/full_deploy.py",
        reproduce=f"kubectl --context {row.target} get --raw /api/v1/namespaces/{_SHOWN[row.check]}",
    )


_SHOWN = {
    "answers.prometheus": f"{PROMETHEUS}/proxy/api/v1/status/config",
    "answers.targets": f"{PROMETHEUS}/proxy/api/v1/query?query=up",
    "answers.network": f"{PROMETHEUS}/proxy/api/v1/query?query={quote(NETWORK_METRICS)}",
    "answers.alertmanager": f"{ALERTMANAGER}/proxy/api/v2/status",
}
