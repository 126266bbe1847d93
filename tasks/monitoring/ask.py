"""The tasks that ask the monitoring plane, through each API server's own way to its services."""

from __future__ import annotations

import json
from contextlib import suppress
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from tasks.deploy.api import ApiError
from tasks.deploy.identity import not_there_yet, open_cluster
from tasks.model.errors import WaitTimeout
from tasks.model.finding import Finding, Outcome, Row, Verdict
from tasks.monitoring import answers
from tasks.run.step import done
from tasks.run.wait import wait_for

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from nornir.core.task import Result, Task

    from tasks.deploy.api import KubeApi
    from tasks.fleet.model import Cluster, Fleet
    from tasks.run.context import RunContext
    from tasks.run.stage import HostStep

PROMETHEUS = "monitoring/services/monitoring-prometheus:http-web"
ALERTMANAGER = "monitoring/services/monitoring-alertmanager:http-web"
QUERY = "thanos/services/thanos-query:http"

EVERYWHERE = ("answers.prometheus", "answers.targets", "answers.network", "answers.alertmanager")
CENTRAL = ("answers.stores", "answers.view", "answers.compactor")

NETWORK_METRICS = 'count by (job) ({__name__=~"(cilium|hubble)_.+"})'

PATIENCE_S = 180.0
"""Prometheus scrapes every 30 s, and Query looks for new endpoints once a minute."""


def declares(fleet: Fleet) -> tuple[Row, ...]:
    """Four rows for every cluster, and three for the global view."""
    return tuple(Row(check, cluster.name) for cluster in fleet.clusters for check in _checks(cluster))


def _checks(cluster: Cluster) -> tuple[str, ...]:
    return (*EVERYWHERE, *CENTRAL) if cluster.region == "central" else EVERYWHERE


def asks(patience_s: float) -> HostStep:
    """
    Make the step that asks one cluster's Prometheus and Alertmanager, and on the central one the global view.

    One row of ``declares`` each; nothing is changed.

    Arguments:
        patience_s: how long a wrong answer is asked for again

    """

    def ask(task: Task, *, ctx: RunContext) -> Result:
        cluster = ctx.fleet.cluster(task.host.name)
        rows = [Row(it, cluster.name) for it in _checks(cluster)]
        api = open_cluster(ctx, cluster)
        if api is None:
            return done(task, Outcome(findings=tuple(not_there_yet(row) for row in rows)))
        questions = _questions(ctx.fleet, cluster, api)
        found = (_patiently(ctx, row, questions[row.check], patience_s) for row in rows)
        return done(task, Outcome(findings=tuple(found)))

    return ask


ask = asks(PATIENCE_S)


def _questions(fleet: Fleet, cluster: Cluster, api: KubeApi) -> Mapping[str, Callable[[], str]]:
    """For each check what is wrong, in words; empty where nothing is."""
    return {
        "answers.prometheus": lambda: answers.wrong_labels(cluster, get(api, PROMETHEUS, "api/v1/status/config")),
        "answers.targets": lambda: answers.wrong_targets(query(api, PROMETHEUS, "up")),
        "answers.network": lambda: answers.wrong_network(query(api, PROMETHEUS, NETWORK_METRICS)),
        "answers.alertmanager": lambda: answers.wrong_alertmanager(get(api, ALERTMANAGER, "api/v2/status")),
        "answers.stores": lambda: answers.wrong_stores(fleet, get(api, QUERY, "api/v1/stores")),
        "answers.view": lambda: answers.wrong_view(
            fleet, query(api, QUERY, "count by (cluster) (up)", partial_response="false")
        ),
        "answers.compactor": lambda: answers.wrong_compactor(query(api, PROMETHEUS, "thanos_compact_halted")),
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


def _patiently(ctx: RunContext, row: Row, wrong: Callable[[], str], patience_s: float) -> Finding:
    """Ask until the answer is good; a plan asks once."""
    said: list[str] = []

    def once() -> str:
        try:
            said[:] = [wrong()]
        except (ApiError, ValueError, KeyError) as error:
            said[:] = [str(error) or type(error).__name__]
        return said[0]

    with suppress(WaitTimeout):
        wait_for(
            f"{row.check} of {row.target}",
            once,
            done=lambda text: not text,
            timeout_s=0.0 if ctx.plan else patience_s,
            every_s=2.0,
            say=lambda text: ctx.progress.doing(row.target, text),
        )
    if not said[0]:
        return Finding(row=row, verdict=Verdict.PASS, observed="as wanted")
    if ctx.plan:
        return Finding(row=row, verdict=Verdict.SKIP, observed=f"planned: to be asked again; now: {said[0]}")
    return Finding(
        row=row,
        verdict=Verdict.FAIL,
        observed=said[0],
        wanted="an answer that shows it works",
        remedy=f"kubectl --context {row.target} get pods -A; then: python runbooks/full_deploy.py",
        reproduce=f"kubectl --context {row.target} get --raw /api/v1/namespaces/{_SHOWN[row.check]}",
    )


_SHOWN = {
    "answers.prometheus": f"{PROMETHEUS}/proxy/api/v1/status/config",
    "answers.targets": f"{PROMETHEUS}/proxy/api/v1/query?query=up",
    "answers.network": f"{PROMETHEUS}/proxy/api/v1/query?query={quote(NETWORK_METRICS)}",
    "answers.alertmanager": f"{ALERTMANAGER}/proxy/api/v2/status",
    "answers.stores": f"{QUERY}/proxy/api/v1/stores",
    "answers.view": f"{QUERY}/proxy/api/v1/query?query=count%20by%20(cluster)%20(up)",
    "answers.compactor": f"{PROMETHEUS}/proxy/api/v1/query?query=thanos_compact_halted",
}
