"""The host step that sends an object through S3 with the very keys that a cluster's Thanos has."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tasks.deploy.api import ApiError
from tasks.deploy.identity import open_cluster
from tasks.model.finding import Finding, Outcome, Row
from tasks.preflight.canary import CanaryDied, send_canary
from tasks.preflight.judge import bad, finding, good, moot
from tasks.run.change import Gate
from tasks.run.step import done
from tasks.thanos.blocks import mounted

if TYPE_CHECKING:
    from collections.abc import Mapping

    from nornir.core.task import Result, Task

    from tasks.deploy.api import KubeApi
    from tasks.fleet.model import Cluster, Fleet
    from tasks.preflight.judge import Judgement
    from tasks.run.context import RunContext

SECRET = "s3.secret"  # noqa: S105  a row's name
CAUSES: Mapping[str, tuple[str, ...]] = {SECRET: ("api.ready", "reach.operator.s3@fleet", "s3.endpoint@fleet")}

PREFIX = "fleet-canary"
"""Where the canary is laid: Thanos reads only folders whose name is a block's id."""


def namespaces(fleet: Fleet, cluster: Cluster) -> tuple[str, ...]:
    """Where Thanos' Secret is mounted on a cluster."""
    return ("monitoring", "thanos") if cluster.name == fleet.central.name else ("monitoring",)


def secret_rows(fleet: Fleet, cluster: Cluster) -> list[Row]:
    """One for each Secret of a cluster."""
    return [Row(SECRET, cluster.name, namespace) for namespace in namespaces(fleet, cluster)]


def declares(fleet: Fleet) -> tuple[Row, ...]:
    """The Secrets of every cluster."""
    return tuple(row for cluster in fleet.clusters for row in secret_rows(fleet, cluster))


def try_secrets(task: Task, *, ctx: RunContext) -> Result:
    """
    Send an object through the bucket with the very keys that this cluster's Thanos has; it is removed again.

    Returns:
        Result with ``result`` = Outcome(findings=one per Secret, changes that are all temporary)

    """
    cluster = ctx.fleet.cluster(task.host.name)
    api = None if ctx.plan else open_cluster(ctx, cluster)
    rows = secret_rows(ctx.fleet, cluster)
    if api is None:
        return done(task, Outcome(findings=tuple(_found(row, moot("planned: no object is written")) for row in rows)))
    ctx.progress.doing(cluster.name, "sending an object through S3 with Thanos' own keys")
    gate = Gate(cluster.name, plan=ctx.plan)
    found = tuple(_found(row, _try(ctx, api, row, gate)) for row in rows)
    return done(task, Outcome(findings=found, changes=gate.changes))


def _try(ctx: RunContext, api: KubeApi, row: Row, gate: Gate) -> Judgement:
    remedy = f"python runbooks/full_deploy.py --limit {row.target}"
    try:
        store = mounted(api, row.peer)
    except (ApiError, ValueError) as error:
        return bad(str(error), remedy)
    s3 = ctx.fleet.s3
    if store.endpoint != s3.endpoint or store.bucket not in s3.buckets:
        return bad(f"it names {store.endpoint}, bucket {store.bucket}, which is not the inventory's", remedy)
    name = f"{PREFIX}/{ctx.run_id}-{row.target}-{row.peer}"
    try:
        proven = gate.make(
            f"write, read back and delete {store.bucket}/{name}",
            lambda: send_canary(store.open(s3), store.bucket, name),
            undo=f"mc rm SITE/{store.bucket}/{name}",
            temporary=True,
        )
    except CanaryDied as error:
        return bad(store.masked(str(error)), remedy)
    return good(f"{proven}, with the keys of Secret thanos-objstore")


def _found(row: Row, judgement: Judgement) -> Finding:
    show = f"kubectl --context {row.target} -n {row.peer} get secret thanos-objstore -o yaml"
    return finding(row, judgement, wanted="an object there and back", reproduce=show)
