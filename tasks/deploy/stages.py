"""The stages of this room, so that a runbook's tuple has one line for each."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tasks.deploy.settle import TIMEOUT_S, has, settles
from tasks.deploy.step import deploy
from tasks.model.finding import Outcome, Row
from tasks.run.stage import Stage
from tasks.run.step import done

if TYPE_CHECKING:
    from collections.abc import Mapping

    from nornir.core.task import Result, Task

    from tasks.fleet.model import Fleet
    from tasks.run.context import RunContext


def deploy_stage(title: str, *components: str, deadline_s: float = 300.0) -> Stage:
    """
    The stage that applies components on every cluster that is to have them, and waits for none of what they start.

    One row ``deploy.<component>`` for each cluster and component.
    """

    def declares(fleet: Fleet) -> tuple[Row, ...]:
        return tuple(Row(f"deploy.{it}", c.name) for c in fleet.clusters for it in components if has(c, it))

    def on_hosts(task: Task, *, ctx: RunContext) -> Result:
        cluster = ctx.fleet.cluster(task.host.name)
        outcomes = [deploy(ctx, cluster, it) for it in components if has(cluster, it)]
        return done(
            task,
            Outcome(
                findings=tuple(finding for outcome in outcomes for finding in outcome.findings),
                changes=tuple(change for outcome in outcomes for change in outcome.changes),
                notes=tuple(note for outcome in outcomes for note in outcome.notes),
            ),
        )

    return Stage(title=title, declares=declares, on_hosts=on_hosts, mutates=True, deadline_s=deadline_s)


def tree_stage() -> Stage:
    """Every overlay rendered, and every guard asked, the fleet's own among them."""

    # the guards are imported by who walks this stage, not by who only names it
    def declares(fleet: Fleet) -> tuple[Row, ...]:
        from tasks.deploy import check_tree

        return check_tree.declares(fleet)

    def on_fleet(outcomes: Mapping[str, Outcome], ctx: RunContext) -> Outcome:
        from tasks.deploy import check_tree

        return check_tree.check_tree(outcomes, ctx)

    return Stage(title="Check the tree", declares=declares, on_fleet=on_fleet, deadline_s=300)


def workloads_stage(title: str, patience_s: float = TIMEOUT_S, *, deadline_s: float = 300.0) -> Stage:
    """
    Every object of every workload is what it was meant to become.

    Arguments:
        patience_s: how long each component is waited for

    """
    declares, settle = settles(timeout_s=patience_s)
    return Stage(
        title=title, declares=declares, on_hosts=settle, causes={"settled": ("api.ready",)}, deadline_s=deadline_s
    )
