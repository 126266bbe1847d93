"""The canary's turn: it walks all that changes, and what follows, alone; whether the others may do the same."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from tasks.model.finding import FLEET, Finding, Row, Verdict, skipped
from tasks.model.record import Fate, HostRecord

if TYPE_CHECKING:
    from tasks.model.record import StageRecord
    from tasks.run.stage import Stage

UNPROVEN = Row("engine.canary", FLEET)
"""The engine's own row: nothing was judged of the canary, so nothing stands for the others."""


@dataclass(slots=True, kw_only=True)
class Rehearsal:
    """
    The stages that the canary walks before everybody, and how it came through.

    Attributes:
        canary: one of ``hosts``; empty where there is none
        hosts: all chosen ones
        stages: the run's
        first: how many stages everybody walks before the canary's turn; all, where there is none
        records: the canary's, in order
        cause: the row by which the canary is not good, once ``judge`` has been asked

    """

    canary: str
    hosts: tuple[str, ...]
    stages: tuple[Stage, ...]
    first: int = field(init=False)
    records: list[StageRecord] = field(default_factory=list)
    cause: Row | None = None

    def __post_init__(self) -> None:
        """Nobody rehearses where nobody waits or nothing is changed."""
        changing = (number for number, stage in enumerate(self.stages) if stage.mutates)
        whole = len(self.stages)
        self.first = next(changing, whole) if self.canary and self.waiting else whole

    @property
    def waiting(self) -> frozenset[str]:
        """Everybody else."""
        return frozenset(self.hosts) - {self.canary}

    @property
    def whole(self) -> bool:
        """The canary has been through every stage that is its own."""
        return len(self.records) == len(self.stages) - self.first

    def judge(self) -> bool:
        """Whether the others may follow: every row of the canary is good, and at least one was judged."""
        if not self.records:
            return False
        mine = [one for record in self.records for one in record.findings if not self._waits(one)]
        judged = any(one.verdict.judged for one in mine if one.row.target == self.canary)
        bad = (one.blocked_by or one.row for one in mine if one.blocks or one.blocked_by is not None)
        self.cause = next(bad, UNPROVEN if self.whole and not judged else None)
        return self.whole and self.cause is None

    def beyond(self, walked: int) -> list[StageRecord]:
        """
        The canary's records of stages that not everybody has walked.

        Arguments:
            walked: how many stages everybody has walked

        """
        return self.records[max(walked - self.first, 0) :]

    def joined(self, walked: int, record: StageRecord) -> StageRecord:
        """The record of a stage that everybody has walked now, with what the canary's own turn took and changed."""
        before = next(iter(self.beyond(walked)), None)
        if before is None:
            return record
        alone = tuple(host for host in before.hosts if host.host == self.canary)
        return replace(
            record,
            duration_s=before.duration_s + record.duration_s,
            hosts=(*alone, *record.hosts),
            changes=(*before.changes, *record.changes),
        )

    def held_back(self, walked: int, ended_by: Row) -> list[StageRecord]:
        """The canary's records beyond ``walked``, once it is certain that nobody follows."""
        cause, why = self.cause, f"not touched: the canary {self.canary} is not good"
        if cause is None:
            cause, why = ended_by, "the run ended before this was asked"
        stages = self.stages[max(walked, self.first) :]
        return [self._held(one, stage, cause, why) for one, stage in zip(self.beyond(walked), stages, strict=False)]

    def _held(self, record: StageRecord, stage: Stage, cause: Row, why: str) -> StageRecord:
        findings = tuple(skipped(one.row, why, cause) if self._waits(one) else one for one in record.findings)
        walked = {host.host: host for host in record.hosts}
        who = self.hosts if stage.on_hosts else ()
        stayed = {host: HostRecord(host=host, fate=Fate.BLOCKED, detail=f"blocked by {cause}") for host in who}
        return replace(record, findings=findings, hosts=tuple((stayed | walked).values()))

    def _waits(self, finding: Finding) -> bool:
        ends = {finding.row.target, finding.row.peer}
        return finding.verdict is Verdict.SKIP and finding.blocked_by is None and bool(ends & self.waiting)
