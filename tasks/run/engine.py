"""Walks stages: runs what may run, accounts for every row, and decides who goes on."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from tasks.model.finding import FLEET, Outcome, Row
from tasks.model.record import Fate, HostRecord, RunRecord, StageRecord
from tasks.run.account import account
from tasks.run.close import DEADLINE, FAILED, INTERRUPTED, closing_stage
from tasks.run.collapse import collapse
from tasks.run.explain import Explain, roots_of, unclaimed
from tasks.run.steps import Frame, Walked, sentence, walk_fleet, walk_hosts

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from nornir.core import Nornir

    from tasks.model.finding import Finding
    from tasks.model.record import Labels
    from tasks.run.context import RunContext
    from tasks.run.hooks import Hooks
    from tasks.run.interrupt import Stop
    from tasks.run.progress import View
    from tasks.run.stage import Stage
    from tasks.run.waiver import Waivers


@dataclass(slots=True, kw_only=True)
class Engine:
    """
    One run of a runbook. ``record`` may be asked at any time, also after ``run`` has raised.

    Attributes:
        declared: stage slug to the rows it owes, fixed before anything runs
        hosts: the chosen ones, in the inventory's order; never empty
        hooks: the journal; also says which hosts have finished a stage before
        publish: handed the record before the first stage and after each

    """

    nornir: Nornir
    ctx: RunContext
    labels: Labels
    stages: tuple[Stage, ...]
    declared: Mapping[str, tuple[Row, ...]]
    hosts: tuple[str, ...]
    waivers: Waivers
    stop: Stop
    view: View
    hooks: Hooks
    publish: Callable[[RunRecord], None]
    notes: list[str] = field(default_factory=list)
    _records: list[StageRecord] = field(default_factory=list, init=False)
    _blocked: dict[str, Row] = field(default_factory=dict, init=False)
    _busy: dict[str, Walked] = field(default_factory=dict, init=False)
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
            self.publish(self.record())
            for number, stage in enumerate(self.stages, start=1):
                if self.stop.requested or time.monotonic() >= self.ctx.deadline_at:
                    break
                self.view.stage(number, len(self.stages), stage.title)
                self._records.append(self._walk(frame, stage))
                self.publish(self.record())
            ended_by, why = self._end()
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

    @property
    def left_behind(self) -> tuple[str, ...]:
        """Hosts whose given-up step is still busy."""
        return tuple(host for host, one in self._busy.items() if one.thread is not None and one.thread.is_alive())

    def _snapshot(self, finished: datetime | None) -> RunRecord:
        cut = any(row.row == INTERRUPTED for stage in self._records for row in stage.findings)
        return RunRecord(
            labels=self.labels,
            started=self._started,
            finished=finished,
            duration_s=time.monotonic() - self._began_at,
            stages=tuple(self._records),
            interrupted=self.stop.reason if cut else "",
            notes=tuple(self.notes),
        )

    def _end(self) -> tuple[Row, str]:
        if self.stop.requested:
            return INTERRUPTED, f"ended by {self.stop.reason}"
        return DEADLINE, "the run's deadline passed"

    def _walk(self, frame: Frame, stage: Stage) -> StageRecord:
        started_s = time.monotonic() - self._began_at
        resumed = self.hooks.finished_before(stage)
        blocked = self._blocks(stage)
        walking = tuple(host for host in self.hosts if host not in resumed and not blocked.keys() & {host, FLEET})
        self.hooks.before(stage, walking)
        walked: dict[str, Walked] = {}
        if stage.on_hosts is not None and walking:
            walked = walk_hosts(frame, stage, stage.on_hosts, walking)
        if stage.on_fleet is not None and walking and not self.stop.requested:
            walked[FLEET] = walk_fleet(frame, stage, stage.on_fleet, _outcomes(stage, walking, walked))
        self._busy.update({host: one for host, one in walked.items() if one.thread is not None})
        findings = self._account(stage, walked, resumed, blocked)
        self._remember(findings)
        record = StageRecord(
            title=stage.title,
            slug=stage.slug,
            mutates=stage.mutates,
            reached=True,
            started_s=started_s,
            duration_s=time.monotonic() - self._began_at - started_s,
            hosts=_host_records(stage, self.hosts, walked, resumed, blocked),
            findings=findings,
            changes=tuple(change for one in walked.values() for change in one.all_changes),
        )
        self.hooks.after(stage, record, walking, tuple(host for host in walking if _good(host, record)))
        return record

    def _blocks(self, stage: Stage) -> dict[str, Row]:
        """Who may not take part in this stage, and the row to blame."""
        busy = {host: self._blocked[host] for host in self.left_behind if host in self._blocked}
        if stage.even_after_failure:
            return busy
        return {host: row for host, row in self._blocked.items() if stage.mutates or host != FLEET} | busy

    def _account(
        self, stage: Stage, walked: Mapping[str, Walked], resumed: Mapping[str, str], blocked: Mapping[str, Row]
    ) -> tuple[Finding, ...]:
        declared = self.declared[stage.slug]
        explain = Explain(
            outside=self._outside,
            resumed=resumed,
            blocked=blocked,
            walked=walked,
            roots=roots_of(declared, walked, stage.slug),
            ended_by=INTERRUPTED if self.stop.requested else None,
        )
        returned = (finding for one in walked.values() if one.outcome for finding in one.outcome.findings)
        settled = account(declared, returned, explain)
        waived = self.waivers.applied((*settled, *unclaimed(explain, settled)))
        known = tuple(finding for record in self._records for finding in record.findings)
        return collapse(waived, known=known, causes=stage.causes, blocked=blocked)

    @property
    def _outside(self) -> frozenset[str]:
        return frozenset(cluster.name for cluster in self.ctx.fleet.clusters) - set(self.hosts)

    def _remember(self, findings: tuple[Finding, ...]) -> None:
        for finding in findings:
            if finding.blocks:
                self._blocked.setdefault(finding.row.target, finding.blocked_by or finding.row)

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


def _outcomes(stage: Stage, walking: tuple[str, ...], walked: Mapping[str, Walked]) -> dict[str, Outcome]:
    if stage.on_hosts is None:
        return {host: Outcome() for host in walking}
    return {host: one.outcome for host, one in walked.items() if one.outcome is not None}


def _host_records(
    stage: Stage,
    hosts: tuple[str, ...],
    walked: Mapping[str, Walked],
    resumed: Mapping[str, str],
    blocked: Mapping[str, Row],
) -> tuple[HostRecord, ...]:
    steps = (*(hosts if stage.on_hosts else ()), *((FLEET,) if stage.on_fleet else ()))
    return tuple(walked[one].record if one in walked else _stayed_out(one, resumed, blocked) for one in steps)


def _stayed_out(host: str, resumed: Mapping[str, str], blocked: Mapping[str, Row]) -> HostRecord:
    if host in resumed:
        return HostRecord(host=host, fate=Fate.RESUMED, detail=resumed[host])
    cause = blocked.get(host) or blocked.get(FLEET)
    return HostRecord(host=host, fate=Fate.BLOCKED, detail=f"blocked by {cause}" if cause else "no host came so far")


def _good(host: str, record: StageRecord) -> bool:
    """Whether this host walked the stage and nothing in it speaks against it."""
    fates = {one.fate for one in record.hosts if one.host in {host, FLEET}}
    concerning = [finding for finding in record.findings if finding.row.target in {host, FLEET}]
    return fates == {Fate.DONE} and not any(one.blocks or one.blocked_by for one in concerning)
