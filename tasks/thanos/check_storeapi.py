"""The stage that asks every sidecar's StoreAPI: by gRPC from here, and from every host and Query's pod."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from tasks.deploy.api import ApiError
from tasks.deploy.identity import open_cluster
from tasks.model.command import Command
from tasks.model.finding import FLEET, Finding, Outcome, Row, skipped
from tasks.monitoring.patience import patiently
from tasks.preflight.judge import bad, finding, moot
from tasks.probes.targets import HOST, OPERATOR, POD
from tasks.probes.vantage import cell, not_asked
from tasks.run.step import done
from tasks.thanos import judge_storeapi as judge
from tasks.thanos.from_hosts import answered_by, cells, host_script, target_of
from tasks.thanos.storeapi import NotAnswered, StoreInfo, address_of, ask_held, ask_info
from tasks.transport.shell_of import shell_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from nornir.core.task import Result, Task

    from tasks.fleet.model import Cluster, Fleet
    from tasks.run.context import RunContext

SIDECAR = ("storeapi.labels", "storeapi.times", "storeapi.series")
UNIQUE = "storeapi.unique"

CAUSES: Mapping[str, tuple[str, ...]] = {
    f"reach.{OPERATOR}.storeapi": ("vip.assigned@peer", "vip.arp@peer", "answers.prometheus@peer"),
    f"reach.{HOST}.storeapi": (f"reach.{OPERATOR}.storeapi@fleet",),
    f"reach.{POD}.storeapi": ("api.ready", f"reach.{OPERATOR}.storeapi@fleet", f"reach.{HOST}.storeapi"),
}


def operator_row(cluster: Cluster) -> Row:
    """The operator's own way to one sidecar."""
    return Row(f"reach.{OPERATOR}.storeapi", FLEET, cluster.name)


def declares(fleet: Fleet) -> tuple[Row, ...]:
    """Every sidecar from every vantage point, what it says of itself, and whether all say different things."""
    return (
        *(row for cluster in fleet.clusters for row in _rows_of_sidecar(cluster)),
        *(Row(f"reach.{HOST}.storeapi", here.name, it.name) for here in fleet.clusters for it in fleet.clusters),
        *(Row(f"reach.{POD}.storeapi", fleet.central.name, it.name) for it in fleet.clusters),
        Row(UNIQUE, FLEET),
    )


def _rows_of_sidecar(cluster: Cluster) -> tuple[Row, ...]:
    return (operator_row(cluster), *(Row(check, FLEET, cluster.name) for check in SIDECAR))


def ask(task: Task, *, ctx: RunContext, patience_s: float = 0.0) -> Result:
    """
    Ask one cluster's sidecar, and all sidecars from this host. Changes nothing.

    Arguments:
        patience_s: how long a sidecar that does not answer yet is asked again

    Returns:
        Result with ``result`` = Outcome(findings, value=StoreInfo of this cluster's sidecar, None where it is silent)

    Raises:
        TransportError: the host could not be asked

    """
    cluster = ctx.fleet.cluster(task.host.name)
    if ctx.plan:
        return done(task, Outcome(findings=_planned(ctx.fleet, cluster)))
    ctx.progress.doing(cluster.name, "asking its StoreAPI")
    own, info = _from_operator(ctx, cluster, time.monotonic() + patience_s)
    ctx.progress.doing(cluster.name, "asking every StoreAPI from the host")
    return done(task, Outcome(findings=(*own, *_from_host(task, ctx, cluster)), value=info))


def judge_all(outcomes: Mapping[str, Outcome], ctx: RunContext) -> Outcome:
    """Judge what only all sidecars together show."""
    infos = {name: it.value for name, it in outcomes.items() if isinstance(it.value, StoreInfo)}
    judgement = moot("planned: asked by a real run") if ctx.plan else judge.judge_unique(infos)
    if not ctx.plan and not infos:
        judgement = bad("no sidecar answered", "see the rows of each cluster")
    wanted = "every sidecar has external labels that no other has"
    return Outcome(findings=(finding(Row(UNIQUE, FLEET), judgement, wanted=wanted, reproduce=""),))


def _from_operator(ctx: RunContext, cluster: Cluster, until: float) -> tuple[tuple[Finding, ...], StoreInfo | None]:
    """The operator's own rows of a sidecar, asked again until they are good or the time is over."""
    row, target = operator_row(cluster), target_of(cluster)
    ask_by_hand = f"from tasks.thanos.storeapi import ask_info; print(ask_info('{address_of(cluster)}'))"
    reproduce = f'python -c "{ask_by_hand}"'
    said: list[StoreInfo] = []

    def look() -> list[Finding]:
        said.clear()
        try:
            info, ms = ask_info(address_of(cluster))
        except NotAnswered as error:
            return [cell(row, target, error.seen, reproduce), *_silent(cluster)]
        said.append(info)
        reached = cell(row, target, answered_by(info.clusters, cluster.name, ms), reproduce)
        return [reached, *_of_sidecar(cluster, info, reproduce)]

    return patiently(ctx, cluster.name, look, until), next(iter(said), None)


def _silent(cluster: Cluster) -> list[Finding]:
    why, cause = "not asked: its StoreAPI does not answer", operator_row(cluster)
    rows = [Row(check, FLEET, cluster.name) for check in SIDECAR]
    return [skipped(row, why, cause) for row in rows]


def _of_sidecar(cluster: Cluster, info: StoreInfo, reproduce: str) -> list[Finding]:
    now_s = time.time()
    labels, times, series = (Row(check, FLEET, cluster.name) for check in SIDECAR)
    found = [
        finding(labels, judge.judge_labels(cluster, info), wanted="the inventory's labels", reproduce=reproduce),
        finding(times, judge.judge_times(cluster, info, now_s), wanted="samples until now", reproduce=reproduce),
    ]
    now_ms = int(now_s * 1000)
    try:
        held = ask_held(
            address_of(cluster),
            {"__name__": judge.METRIC},
            min_ms=now_ms - judge.LOOK_BACK_S * 1000,
            max_ms=now_ms,
        )
        judgement = judge.judge_series(cluster, held)
    except NotAnswered as error:
        judgement = bad(str(error), judge.MEND.format(cluster=cluster.name))
    wanted = f"fresh series of {judge.METRIC}, and of this cluster alone"
    return [*found, finding(series, judgement, wanted=wanted, reproduce=reproduce)]


def _from_host(task: Task, ctx: RunContext, cluster: Cluster) -> list[Finding]:
    chosen = [target_of(ctx.fleet.cluster(name)) for name in task.nornir.inventory.hosts]
    central = cluster.name == ctx.fleet.central.name
    pod, lost = (query_pod(ctx, cluster), "") if central else ("", "")
    script = Command.script(host_script(chosen, pod), timeout_s=60, sudo=True)
    found = cells(cluster, chosen, shell_of(task).run(script).must_succeed().stdout, pod)
    if central and not pod:
        lost = "no pod of Query runs here"
        found += [not_asked(Row(f"reach.{POD}.storeapi", cluster.name, it.peer), ValueError(lost)) for it in chosen]
    return found


def query_pod(ctx: RunContext, cluster: Cluster) -> str:
    """The address of Query's pod on its cluster; empty where none runs, or nobody can say."""
    try:
        api = open_cluster(ctx, cluster)
        pods = api.items("/api/v1/namespaces/thanos/pods", labelSelector=QUERY_PODS) if api else []
    except ApiError:
        return ""
    running = [pod["status"].get("podIP", "") for pod in pods if pod["status"].get("phase") == "Running"]
    return next(filter(None, running), "")


QUERY_PODS = "app.kubernetes.io/component=query"


def _planned(fleet: Fleet, cluster: Cluster) -> tuple[Finding, ...]:
    rows = [row for row in declares(fleet) if cluster.name in {row.target, row.peer if row.target == FLEET else ""}]
    said = "planned: what is deployed by then is asked by a real run"
    return tuple(skipped(row, said) for row in rows)
