"""Makes the stage that deploys one component, so that a runbook's tuple has one line for each."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tasks.deploy.settle import has
from tasks.deploy.step import deploy
from tasks.model.finding import Outcome, Row
from tasks.run.stage import Stage
from tasks.run.step import done

if TYPE_CHECKING:
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
