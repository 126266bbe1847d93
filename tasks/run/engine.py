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
from tasks.run.muster import good_hosts, host_records, last_step
from tasks.run.rehearsal import UNPROVEN, Rehearsal
from tasks.run.standing import Standing
from tasks.run.steps import Frame, walk_fleet, walk_hosts
from tasks.run.waiver import Waivers
from tasks.run.walked import sentence

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

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
        canary: goes first, see ``Rehearsal``; empty: all go at once, as in every plan
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
    canary: str = ""
    waivers: Waivers = field(default_factory=Waivers)
    hooks: Hooks = field(default_factory=Hooks)
    notes: list[str] = field(default_factory=list)
    standing: Standing = field(default_factory=Standing, init=False)
    _records: list[StageRecord] = field(default_factory=list, init=False)
    _rehearsal: Rehearsal = field(init=False)
    _started: datetime = field(default_factory=lambda: datetime.now(UTC), init=False)
    _began_at: float = field(default_factory=time.monotonic, init=False)
    _ended: RunRecord | None = field(default=None, init=False)

    def __post_init__(self) -> None:
        canary = "" if self.ctx.plan else self.canary
        self._rehearsal = Rehearsal(canary=canary, hosts=self.hosts, stages=self.stages)

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
            self._walk_all(frame)
            ended_by, why = self._ending()
        except Exception as error:
            why = sentence(error)
            raise
        finally:
            self._records.extend(self._rehearsal.held_back(len(self._records), ended_by))
            self._records.extend(self._unreached(stage, ended_by) for stage in self.stages[len(self._records) :])
            self._records.extend(closing_stage(self._records, ended_by, why))
            self._ended = self._snapshot(datetime.now(UTC))
        return self._ended

    def _walk_all(self, frame: Frame) -> None:
        """Everybody up to the first change, then the canary alone, then everybody from there, if it is good."""
        alone, before = self._rehearsal, self.standing
        self._walk_on(frame, self.stages[: alone.first], self.hosts, self._records)
        if alone.first < len(self.stages):
            before = self.standing.fork()
            self._walk_on(frame, self.stages[alone.first :], (self.canary,), alone.records)
            good = alone.judge()
            self.view.note(f"canary {self.canary}: {'good, the others follow' if good else 'nobody else is touched'}")
            if not good:
                return
        self.standing = before
        self._walk_on(frame, self.stages[alone.first :], self.hosts, self._records)

    def _walk_on(
        self, frame: Frame, stages: tuple[Stage, ...], hosts: tuple[str, ...], into: list[StageRecord]
    ) -> None:
        for stage in stages:
            if self.stop.requested or time.monotonic() >= self.ctx.deadline_at:
                break
            self.view.stage(self.stages.index(stage) + 1, len(self.stages), stage)
            self._walk(frame, stage, hosts, into)

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
            stages=(*self._records, *self._rehearsal.beyond(len(self._records))),
            interrupted=self.stop.reason if cut else "",
            notes=tuple(self.notes),
        )

    def _ending(self) -> tuple[Row, str]:
        if self.stop.requested:
            return INTERRUPTED, f"ended by {self.stop.reason}"
        if self._rehearsal.cause == UNPROVEN:
            return UNPROVEN, f"nothing was judged of {self.canary}"
        return DEADLINE, "the run's deadline passed"

    def _walk(self, frame: Frame, stage: Stage, hosts: tuple[str, ...], into: list[StageRecord]) -> None:
        started_s = time.monotonic() - self._began_at
        resumed, blocked = self.hooks.finished_before(stage), self.standing.blocked_in(stage)
        walking = self.standing.walking(stage, hosts, resumed)
        self.hooks.before(stage, walking)
        walked = self._steps(frame, stage, walking, with_fleet=FLEET not in blocked)
        explain = Explain(
            outside=self._outside,
            waiting=frozenset(self.hosts) - set(hosts),
            resumed=resumed,
            blocked=blocked,
            walked=walked,
            roots=roots_of(self.declared[stage.slug], walked, stage.slug, self.waivers.cover),
            ended_by=INTERRUPTED if self.stop.requested else None,
        )
        findings = self._account(stage, explain, () if into is self._records else into)
        self._learn(walked, findings)
        record = StageRecord(
            title=stage.title,
            slug=stage.slug,
            mutates=stage.mutates,
            reached=True,
            started_s=started_s,
            duration_s=time.monotonic() - self._began_at - started_s,
            hosts=host_records(stage, hosts, walked, resumed, blocked),
            findings=findings,
            changes=tuple(change for one in walked.values() for change in one.changes),
        )
        into.append(self._rehearsal.joined(len(into), record) if into is self._records else record)
        self.view.stage_ended(record)
        self.hooks.after(stage, self.record(), walking, good_hosts(walking, record))

    def _steps(self, frame: Frame, stage: Stage, walking: tuple[str, ...], *, with_fleet: bool) -> dict[str, Walked]:
        walked: dict[str, Walked] = {}
        deadline_at = frame.deadline_of(stage)
        if (host_step := stage.on_hosts) and walking:
            walked = walk_hosts(frame, stage.title, host_step, walking, deadline_at)
        last = last_step(stage, walking, walked, self.record, self.ctx, with_fleet=with_fleet)
        if last is not None and not self.stop.requested:
            walked[FLEET] = walk_fleet(frame, stage.title, last, deadline_at)
        return walked

    def _learn(self, walked: Mapping[str, Walked], findings: Sequence[Finding]) -> None:
        self.standing.learn(walked, findings)
        told = (note for one in walked.values() if one.outcome for note in one.outcome.notes)
        self.notes.extend(note for note in dict.fromkeys(told) if note not in self.notes)

    def _account(self, stage: Stage, explain: Explain, alone: Sequence[StageRecord]) -> tuple[Finding, ...]:
        returned = (finding for one in explain.walked.values() if one.outcome for finding in one.outcome.findings)
        settled = account(self.declared[stage.slug], returned, explain)
        waived = self.waivers.applied((*settled, *unclaimed(explain, settled)))
        known = tuple(finding for record in (*self._records, *alone) for finding in record.findings)
        return collapse(waived, known=known, causes=stage.causes, blocked=explain.blocked)

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
