"""Walks stages: runs what may run, accounts for every row, and decides who goes on."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from tasks.model.finding import FLEET, Row
from tasks.model.record import RunRecord, StageRecord
from tasks.run.account import account
from tasks.run.close import DEADLINE, FAILED, INTERRUPTED, closing_stage
from tasks.run.collapse import collapse
from tasks.run.explain import Explain, roots_of, unclaimed
from tasks.run.hooks import Hooks
from tasks.run.muster import good_hosts, host_records, outcomes_for_fleet
from tasks.run.standing import Standing
from tasks.run.steps import Frame, walk_fleet, walk_hosts
from tasks.run.waiver import Waivers
from tasks.run.walked import sentence

if TYPE_CHECKING:
    from collections.abc import Mapping

    from nornir.core import Nornir

    from tasks.model.finding import Finding
    from tasks.model.record import Labels
    from tasks.run.context import RunContext
    from tasks.run.interrupt import Stop
    from tasks.run.progress import View
    from tasks.run.stage import Stage
    from tasks.run.walked import Walked


@dataclass(slots=True, kw_only=True)
class Engine:
    """
    One run of a runbook. ``record`` may be asked at any time, also after ``run`` has raised.

    Attributes:
        declared: stage slug to the rows it owes, fixed before anything runs
        hosts: the chosen ones, in the inventory's order; never empty
        notes: what the report tells besides; others may add to it while the run goes on

    """

    nornir: Nornir
    ctx: RunContext
    labels: Labels
    stages: tuple[Stage, ...]
    declared: Mapping[str, tuple[Row, ...]]
    hosts: tuple[str, ...]
    stop: Stop
    view: View
    waivers: Waivers = field(default_factory=Waivers)
    hooks: Hooks = field(default_factory=Hooks)
    notes: list[str] = field(default_factory=list)
    standing: Standing = field(default_factory=Standing, init=False)
    _records: list[StageRecord] = field(default_factory=list, init=False)
    _started: datetime = field(default_factory=lambda: datetime.now(UTC), init=False)
    _began_at: float = field(default_factory=time.monotonic, init=False)
    _ended: RunRecord | None = field(default=None, init=False)

    def run(self) -> RunRecord:
        """
        Walk all stages, and account also for those that the run does not reach.

        Raises:
            ValueError: no host was chosen

        """
        if not self.hosts:
            raise ValueError("no host is chosen: nothing would be judged")
        frame = Frame(nornir=self.nornir, ctx=self.ctx, stop=self.stop, view=self.view, began_at=self._began_at)
        ended_by, why = FAILED, "the engine itself failed"
        try:
            self.hooks.begun(self.record())
            for number, stage in enumerate(self.stages, start=1):
                if self.stop.requested or time.monotonic() >= self.ctx.deadline_at:
                    break
                self.view.stage(number, len(self.stages), stage)
                self._walk(frame, stage)
            ended_by, why = self._ending()
        except Exception as error:
            why = sentence(error)
            raise
        finally:
            self._records.extend(self._unreached(stage, ended_by) for stage in self.stages[len(self._records) :])
            self._records.extend(closing_stage(self._records, ended_by, why))
            self._ended = self._snapshot(datetime.now(UTC))
        return self._ended

    def record(self) -> RunRecord:
        """The run so far, or as it ended."""
        return self._ended or self._snapshot(None)

    def _snapshot(self, finished: datetime | None) -> RunRecord:
        cut = any(finding.row == INTERRUPTED for stage in self._records for finding in stage.findings)
        return RunRecord(
            labels=self.labels,
            started=self._started,
            finished=finished,
            duration_s=time.monotonic() - self._began_at,
            stages=tuple(self._records),
            interrupted=self.stop.reason if cut else "",
            notes=tuple(self.notes),
        )

    def _ending(self) -> tuple[Row, str]:
        if self.stop.requested:
            return INTERRUPTED, f"ended by {self.stop.reason}"
        return DEADLINE, "the run's deadline passed"

    def _walk(self, frame: Frame, stage: Stage) -> None:
        started_s, deadline_at = time.monotonic() - self._began_at, frame.deadline_of(stage)
        resumed, blocked = self.hooks.finished_before(stage), self.standing.blocked_in(stage)
        walking = self.standing.walking(stage, self.hosts, resumed)
        self.hooks.before(stage, walking)
        walked: dict[str, Walked] = {}
        if (host_step := stage.on_hosts) and walking:
            walked = walk_hosts(frame, stage.title, host_step, walking, deadline_at)
        if (fleet_step := stage.on_fleet) and walking and FLEET not in blocked and not self.stop.requested:
            outcomes = outcomes_for_fleet(stage, walking, walked)
            walked[FLEET] = walk_fleet(frame, stage.title, fleet_step, outcomes, deadline_at)
        findings = self._account(stage, walked, resumed, blocked)
        self.standing.learn(walked, findings)
        told = (note for one in walked.values() if one.outcome for note in one.outcome.notes)
        self.notes.extend(note for note in dict.fromkeys(told) if note not in self.notes)
        record = StageRecord(
            title=stage.title,
            slug=stage.slug,
            mutates=stage.mutates,
            reached=True,
            started_s=started_s,
            duration_s=time.monotonic() - self._began_at - started_s,
            hosts=host_records(stage, self.hosts, walked, resumed, blocked),
            findings=findings,
            changes=tuple(change for one in walked.values() for change in one.changes),
        )
        self._records.append(record)
        self.view.stage_ended(record)
        self.hooks.after(stage, self.record(), walking, good_hosts(walking, record))

    def _account(
        self, stage: Stage, walked: Mapping[str, Walked], resumed: Mapping[str, str], blocked: Mapping[str, Row]
    ) -> tuple[Finding, ...]:
        declared = self.declared[stage.slug]
        explain = Explain(
            outside=self._outside,
            resumed=resumed,
            blocked=blocked,
            walked=walked,
            roots=roots_of(declared, walked, stage.slug, self.waivers.cover),
            ended_by=INTERRUPTED if self.stop.requested else None,
        )
        returned = (finding for one in walked.values() if one.outcome for finding in one.outcome.findings)
        settled = account(declared, returned, explain)
        waived = self.waivers.applied((*settled, *unclaimed(explain, settled)))
        return collapse(waived, known=self._snapshot(None).findings, causes=stage.causes, blocked=blocked)

    @property
    def _outside(self) -> frozenset[str]:
        return frozenset(cluster.name for cluster in self.ctx.fleet.clusters) - set(self.hosts)

    def _unreached(self, stage: Stage, ended_by: Row) -> StageRecord:
        explain = Explain(outside=self._outside, ended_by=ended_by)
        return StageRecord(
            title=stage.title,
            slug=stage.slug,
            mutates=stage.mutates,
            reached=False,
            started_s=time.monotonic() - self._began_at,
            duration_s=0.0,
            hosts=(),
            findings=account(self.declared[stage.slug], (), explain),
            changes=(),
        )
