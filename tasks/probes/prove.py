"""The proof: every path of every cluster, from every vantage point, and whose machine answers for each address."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tasks.deploy.api import ApiError
from tasks.deploy.identity import open_cluster
from tasks.model.finding import FLEET, Finding, Outcome, Row, Verdict, skipped
from tasks.probes.checks import API
from tasks.probes.meeting import seat
from tasks.probes.operator import mac_seen, operator_cell, operator_names
from tasks.probes.proof import Proof
from tasks.probes.room import planned
from tasks.probes.targets import matrix_rows, targets_of
from tasks.probes.wire import WireView, judge_vip
from tasks.run.change import Gate
from tasks.run.step import done
from tasks.transport.shell_of import shell_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from nornir.core.task import Result, Task

    from tasks.fleet.model import Cluster, Fleet
    from tasks.run.context import RunContext

READING = (API, "node.ready", "node.roles", "cilium.status", "cert.api", "vip.assigned", "vip.policy", "vip.lease")
"""Rows that only read; a plan answers them, too."""

PROBING = ("node.kube-proxy", "pod.run", "pod.dns", "pod.service", "probe.removed")

CAUSES: Mapping[str, tuple[str, ...]] = {
    "pod.dns": ("pod.run",),
    "pod.service": ("pod.run",),
    "reach.pod": ("pod.run",),
    "vip.lease": ("vip.assigned",),
    "vip.arp": ("vip.assigned", "vip.lease"),
    **{f"reach.{vantage}.api": ("api.ready@peer",) for vantage in ("operator", "host", "pod")},
    **{f"reach.{vantage}.vip": ("vip.arp@peer", "pod.run@peer") for vantage in ("operator", "host", "pod")},
}


def declares(fleet: Fleet) -> tuple[Row, ...]:
    """Every row of the proof."""
    own = tuple(Row(check, c.name) for c in fleet.clusters for check in (*READING, *PROBING, "vip.arp"))
    return (*own, *matrix_rows(fleet))


def prove(task: Task, *, ctx: RunContext) -> Result:
    """
    Prove one cluster, and everybody's paths as seen from it. What is made for it is removed again.

    Returns:
        Result with ``result`` = Outcome(findings, changes that are all temporary, value=WireView)

    Raises:
        WrongCluster: the API server is not the inventory's cluster
        TransportError: the host could not be asked

    """
    cluster = ctx.fleet.cluster(task.host.name)
    parties = frozenset(task.nornir.inventory.hosts)
    with seat(f"{ctx.run_id}/prove", parties, cluster.name) as meeting:
        shell = shell_of(task)  # a machine that is gone is said to be gone, not its API server to be silent
        try:
            api = open_cluster(ctx, cluster)
        except ApiError as error:
            return done(task, Outcome(findings=_silent(ctx.fleet, cluster, str(error))))
        if api is None:
            return done(task, Outcome(findings=_planned(ctx.fleet, cluster, (*READING, *PROBING))))
        gate = Gate(cluster.name, plan=ctx.plan)
        proof = Proof(cluster=cluster, ctx=ctx, api=api, shell=shell, gate=gate, parties=parties)
        findings = proof.read()
        if ctx.plan:
            planned = _planned(ctx.fleet, cluster, PROBING)
            return done(task, Outcome(findings=(*findings, *proof.address(), *planned)))
        probed, view = proof.probe(meeting)
        return done(task, Outcome(findings=(*findings, *probed), changes=gate.changes, value=view))


def judge_wire(outcomes: Mapping[str, Outcome], ctx: RunContext) -> Outcome:
    """
    Put together what all machines saw: who answers for each VIP, and the operator's own names.

    Returns:
        Outcome(findings=(vip.arp of every proven cluster, reach.operator.dns, reach.operator.s3))

    """
    if ctx.plan:
        rows = [Row("reach.operator.dns", FLEET), Row("reach.operator.s3", FLEET)]
        rows += [Row("vip.arp", name) for name in outcomes]
        return Outcome(findings=tuple(planned(row) for row in rows))
    views = {name: it.value for name, it in outcomes.items() if isinstance(it.value, WireView)}
    clusters = [ctx.fleet.cluster(name) for name in views]
    arp = tuple(judge_vip(it, views, seen_here=mac_seen(str(it.vip.address))) for it in clusters)
    s3 = next(target for target in targets_of(ctx.fleet) if target.service == "s3")
    return Outcome(findings=(*arp, operator_names(ctx.fleet), operator_cell(s3)))


def _silent(fleet: Fleet, cluster: Cluster, said: str) -> tuple[Finding, ...]:
    """An API server that does not answer: one headline, and all that could not be asked because of it."""
    cause = Finding(
        row=Row(API, cluster.name),
        verdict=Verdict.FAIL,
        observed=said,
        wanted=f"{cluster.api} answers",
        remedy=f"ssh {cluster.address} sudo crictl ps -a; python runbooks/full_deploy.py --limit {cluster.name}",
        reproduce=f"kubectl --context {cluster.name} get --raw /readyz",
    )
    rows = [row for row in _rows_of(fleet, cluster, (*READING, *PROBING, "vip.arp")) if row != cause.row]
    silent = "not asked: the API server does not answer"
    return (
        cause,
        *(skipped(row, silent, cause.row) for row in rows),
    )


def _planned(fleet: Fleet, cluster: Cluster, own: Iterable[str]) -> tuple[Finding, ...]:
    return tuple(planned(row) for row in _rows_of(fleet, cluster, own))


def _rows_of(fleet: Fleet, cluster: Cluster, own: Iterable[str]) -> list[Row]:
    """The rows that one cluster's step answers: its own checks, its vantage points, the operator's way to it."""
    matrix = matrix_rows(fleet)
    return [
        *(Row(check, cluster.name) for check in own),
        *(row for row in matrix if row.target == cluster.name),
        *(row for row in matrix if row.target == FLEET and row.peer == cluster.name),
    ]
