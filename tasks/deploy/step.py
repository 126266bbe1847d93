"""The host step that deploys one component, and the wait for what it brings."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from tasks.deploy.apply import apply_component
from tasks.deploy.explain import explain
from tasks.deploy.identity import open_cluster
from tasks.deploy.left_out import as_left_out
from tasks.deploy.overlay import of_stand_ins
from tasks.deploy.prune import by_hand, why_kept
from tasks.model.errors import CommandFailed, FleetError, SettingsError, WaitTimeout, WrongCluster
from tasks.model.finding import Finding, Outcome, Row, Verdict, skipped
from tasks.run.change import Gate
from tasks.run.wait import wait_for

if TYPE_CHECKING:
    from collections.abc import Callable

    from tasks.deploy.api import KubeApi
    from tasks.deploy.apply import Applied
    from tasks.fleet.model import Cluster, Fleet
    from tasks.run.context import RunContext

POLL_S = 0.7


def rows_of(check: str) -> Callable[[Fleet], tuple[Row, ...]]:
    """Declares one row per cluster."""
    return lambda fleet: tuple(Row(check, cluster.name) for cluster in fleet.clusters)


def deploy(
    ctx: RunContext, cluster: Cluster, component: str, *, brought: Callable[[KubeApi], str] = lambda _: ""
) -> Outcome:
    """
    Apply one component where it differs, then wait for what the next stage builds on.

    Arguments:
        brought: what of it is still missing, in words; empty where all is there

    Returns:
        Outcome(findings=(deploy.<component>,), changes, notes=charts that are the lab's own)

    Raises:
        InventoryError: the overlay must not be applied
        ApiError: the API server does not answer

    """
    row = Row(f"deploy.{component}", cluster.name)
    if skip := as_left_out(ctx, row, component):
        return Outcome(findings=(skip,))
    gate = Gate(cluster.name, plan=ctx.plan)
    notes: tuple[str, ...] = ()
    try:
        api = open_cluster(ctx, cluster)
        applied = apply_component(ctx, cluster, component, api=api, gate=gate)
        notes = of_stand_ins(applied.overlay.stand_ins)
        finding = Finding(row=row, verdict=Verdict.PASS, observed=str(applied))
        if ctx.plan and applied.differs:
            differing = f"{len(applied.changed)} objects and {len(applied.secrets)} Secrets differ"
            finding = skipped(row, f"planned: {differing}{applied.remains}{applied.charts}")
        elif api is not None:
            finding = await_ready(
                ctx, row, f"what {component} brings", lambda: brought(api), api=api, good=str(applied)
            )
        finding = _with_kept(ctx, finding, applied) if ctx.prune else finding
    except (WrongCluster, CommandFailed, WaitTimeout, SettingsError) as error:
        finding = _refused(row, error)
    return Outcome(findings=(finding,), changes=gate.changes, notes=notes)


def _with_kept(ctx: RunContext, finding: Finding, applied: Applied) -> Finding:
    """A warning where what was to be pruned is kept, with the commands of an operator who knows better."""
    kept = [ref for ref in applied.left if ref not in applied.pruned]
    if not kept or finding.verdict is not Verdict.PASS:
        return finding
    return replace(
        finding,
        verdict=Verdict.WARN,
        wanted="nothing is left from an earlier version",
        remedy="; ".join(by_hand(ctx, applied.overlay, ref) for ref in kept),
        evidence=tuple(f"{ref} is never pruned: {why_kept(ref)}" for ref in kept),
    )


def _refused(row: Row, error: FleetError) -> Finding:
    """A tool, the API server, the identity or the settings said no; the last line says why."""
    lines = str(error).splitlines()
    return Finding(
        row=row,
        verdict=Verdict.FAIL,
        observed=lines[-1],
        evidence=tuple(lines[:-1]),
        wanted="every object of the overlay is applied",
        remedy=f"mend what is said, then: python runbooks/full_deploy.py --limit {row.target}",
    )


def await_ready(
    ctx: RunContext,
    row: Row,
    what: str,
    missing: Callable[[], str],
    *,
    api: KubeApi,
    good: str,
    timeout_s: float = 180.0,
    namespace: str = "kube-system",
) -> Finding:
    """
    Wait until nothing is missing; a wait in vain explains itself with pods, events and logs.

    While planning nothing is waited for: what is missing then is what a deployment would wait for.

    Arguments:
        what: noun phrase for the operator
        missing: what is missing, in words; empty where nothing is
        good: what to say when all is there
        namespace: whose pods explain why it is not

    """
    if ctx.plan:
        said = missing()
        if said:
            return skipped(row, f"planned: would wait for {what}: {said}")
        return Finding(row=row, verdict=Verdict.PASS, observed=good)
    try:
        wait_for(
            what,
            missing,
            done=lambda said: not said,
            timeout_s=timeout_s,
            every_s=POLL_S,
            say=lambda text: ctx.progress.doing(row.target, text),
        )
    except WaitTimeout as error:
        return Finding(
            row=row,
            verdict=Verdict.FAIL,
            observed=f"waited {error.waited_s:.0f} s for {what}: {error.last}",
            wanted=good,
            remedy="mend what the evidence names; what is right already stays as it is when you run again",
            reproduce=f"kubectl --context {row.target} -n {namespace} get pods,events",
            evidence=explain(api, namespace),
        )
    return Finding(row=row, verdict=Verdict.PASS, observed=good)
