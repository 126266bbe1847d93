"""A workbench that walks made-up stages over the real inventory, without any machine."""

from __future__ import annotations

import io
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tasks.model.finding import FLEET, Change, Finding, Outcome, Row, Verdict
from tasks.run.context import RunContext
from tasks.run.declare import declare
from tasks.run.engine import Engine
from tasks.run.interrupt import Stop
from tasks.run.progress import View
from tasks.run.site import Site, labels_of
from tasks.run.stage import Stage
from tasks.run.step import done
from tasks.run.waiver import Waivers
from tasks.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Callable

    from nornir.core import Nornir
    from nornir.core.task import Result, Task

    from tasks.fleet.model import Fleet
    from tasks.model.record import RunRecord
    from tasks.run.hooks import Hooks

ROOT = Path(__file__).resolve().parents[3]
HOSTS = ("cluster-01", "cluster-02", "cluster-03", "cluster-04")


def passing(row: Row) -> Finding:
    """A row that is good."""
    return Finding(row=row, verdict=Verdict.PASS, observed="fine")


def failing(row: Row) -> Finding:
    """A row that is bad."""
    return Finding(row=row, verdict=Verdict.FAIL, observed="not fine", wanted="fine")


@dataclass
class Workbench:
    """Makes and walks stages; every part of an engine can be swapped."""

    state: Path
    nornir: Nornir
    fleet: Fleet
    stop: Stop = field(default_factory=lambda: Stop(grace_s=0.0))
    told: io.StringIO = field(default_factory=io.StringIO)

    def stage(
        self,
        *checks: str,
        title: str = "Look",
        host: Callable[[Task, RunContext], Outcome] | None = None,
        fleet: Callable[[Any, RunContext], Outcome] | None = None,
        rows: tuple[Row, ...] | None = None,
        **others: Any,
    ) -> Stage:
        """A stage that owes ``checks`` for every host, or ``rows``; its host step passes them unless told otherwise."""
        owed = rows if rows is not None else tuple(Row(check, name) for name in HOSTS for check in checks)

        def pass_all(task: Task, ctx: RunContext) -> Outcome:
            del ctx
            return Outcome(findings=tuple(passing(row) for row in owed if row.target == task.host.name))

        def on_hosts(task: Task, *, ctx: RunContext) -> Result:
            return done(task, (host or pass_all)(task, ctx))

        def on_fleet(outcomes: Any, ctx: RunContext) -> Outcome:
            assert fleet is not None
            return fleet(outcomes, ctx)

        targets = {row.target for row in owed}
        return Stage(
            title=title,
            declares=lambda _fleet: owed,
            on_hosts=on_hosts if host or targets - {FLEET} else None,
            on_fleet=on_fleet if fleet else None,
            **others,
        )

    def engine(
        self,
        *stages: Stage,
        hosts: tuple[str, ...] = HOSTS,
        plan: bool = False,
        deadline_s: float = 60.0,
        waivers: Waivers | None = None,
        hooks: Hooks | None = None,
        canary: str = "",
    ) -> Engine:
        """An engine ready to run."""
        settings = Settings(state=self.state)
        view = View(self.told, lambda text: text)
        self.nornir.data.dry_run = plan
        ctx = RunContext(
            fleet=self.fleet,
            settings=settings,
            root=ROOT,
            state=self.state,
            plan=plan,
            run_id="20261123T140501Z-1a2b",
            progress=view,
            deadline_at=time.monotonic() + deadline_s,
        )
        site = Site(root=ROOT, settings=settings, nornir=self.nornir, fleet=self.fleet)
        engine = Engine(
            nornir=self.nornir,
            ctx=ctx,
            labels=labels_of(site, ctx, runbook="test", summary="A test.", argv=(), hosts=hosts),
            stages=stages,
            declared=declare(stages, self.fleet),
            hosts=hosts,
            stop=self.stop,
            view=view,
            canary=canary,
            waivers=waivers or Waivers(),
        )
        if hooks:
            engine.hooks = hooks
        return engine

    def run(self, *stages: Stage, **how: Any) -> RunRecord:
        """Walk the stages to the end."""
        return self.engine(*stages, **how).run()


def verdicts(record: RunRecord) -> dict[str, Verdict]:
    """Row by name to its verdict; fails where a row occurs twice."""
    named = {str(finding.row): finding.verdict for finding in record.findings}
    assert len(named) == len(record.findings)
    return named


def finding(record: RunRecord, name: str) -> Finding:
    """The finding of the row of that name."""
    return next(one for one in record.findings if str(one.row) == name)


def change(target: str) -> Change:
    """A lasting change."""
    return Change(target=target, sentence="write a file", made=True)
