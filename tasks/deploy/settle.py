"""The wait for everything that a cluster's components brought, object by object."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tasks.deploy.build import render
from tasks.deploy.identity import not_there_yet, open_cluster
from tasks.deploy.lacking import lacking
from tasks.deploy.left_out import as_left_out
from tasks.deploy.step import await_ready
from tasks.model.finding import Outcome, Row
from tasks.run.step import done
from tasks.transport.local import LocalShell

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from nornir.core.task import Result, Task

    from tasks.deploy.api import KubeApi
    from tasks.fleet.model import Cluster, Fleet
    from tasks.model.finding import Finding
    from tasks.run.context import RunContext
    from tasks.run.stage import HostStep

TIMEOUT_S = 420.0
"""An image that has to be pulled first takes its time."""

WORKLOADS = ("ingress-nginx", "longhorn", "monitoring", "thanos", "opensearch", "fluent-bit", "grafana", "audit")
"""The components that start something of their own; what they bring is waited for after all of them are applied."""


def settles(
    components: Sequence[str] = WORKLOADS, *, timeout_s: float = TIMEOUT_S
) -> tuple[Callable[[Fleet], tuple[Row, ...]], HostStep]:
    """
    Declare and make the step that waits until every object of these components is what it was meant to become.

    One row ``settled.<component>`` for each cluster that has it; nothing is changed.

    Arguments:
        timeout_s: for each component

    """

    def declares(fleet: Fleet) -> tuple[Row, ...]:
        return tuple(Row(f"settled.{it}", c.name) for c in fleet.clusters for it in components if has(c, it))

    def settle(task: Task, *, ctx: RunContext) -> Result:
        cluster = ctx.fleet.cluster(task.host.name)
        mine = [it for it in components if has(cluster, it)]
        api = open_cluster(ctx, cluster)
        if api is None:
            return done(task, Outcome(findings=tuple(not_there_yet(Row(f"settled.{it}", cluster.name)) for it in mine)))
        return done(task, Outcome(findings=tuple(_settled(ctx, cluster, it, api, timeout_s) for it in mine)))

    return declares, settle


CENTRAL_ONLY = frozenset({"thanos", "opensearch", "grafana", "audit"})


def has(cluster: Cluster, component: str) -> bool:
    """Whether a cluster is to have a component: some are the central cluster's alone."""
    return cluster.region == "central" or component not in CENTRAL_ONLY


def _settled(ctx: RunContext, cluster: Cluster, component: str, api: KubeApi, timeout_s: float) -> Finding:
    if skip := as_left_out(ctx, Row(f"settled.{component}", cluster.name), component):
        return skip
    overlay, stream = render(ctx, cluster, component, LocalShell(plan=ctx.plan))
    return await_ready(
        ctx,
        Row(f"settled.{component}", cluster.name),
        f"the objects of {component}",
        lambda: lacking(api, stream, overlay.namespace),
        api=api,
        good=f"{len(stream.documents)} objects are there and ready",
        timeout_s=timeout_s,
        namespace=overlay.namespace,
    )
