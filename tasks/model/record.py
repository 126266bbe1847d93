"""What a run leaves behind: the engine writes these values, reports read them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime  # noqa: TC003  the report's schema is made from these annotations
from enum import IntEnum, StrEnum

from tasks.model.finding import Change, Finding, Verdict


class Exit(IntEnum):
    """Exit codes of every runbook; where several hold, the one that comes first in ``exit_of`` wins."""

    GREEN = 0
    BAD = 1
    USAGE = 2
    UNJUDGED = 3
    PENDING = 4
    LOCKED = 5
    INTERRUPTED = 130


class Fate(StrEnum):
    """How one host, or the fleet step, came out of one stage."""

    DONE = "done"
    UNREACHABLE = "unreachable"
    ERROR = "error"
    BLOCKED = "blocked"
    RESUMED = "resumed"
    INTERRUPTED = "interrupted"


@dataclass(frozen=True, slots=True, kw_only=True)
class HostRecord:
    """
    One host in one stage; ``host`` is ``FLEET`` for the fleet step.

    Attributes:
        started_s: seconds since the run began
        duration_s: seconds it took; 0 where it did not run
        detail: why it did not end as DONE, else empty

    """

    host: str
    fate: Fate
    started_s: float = 0.0
    duration_s: float = 0.0
    detail: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class StageRecord:
    """
    One stage of a run.

    Attributes:
        reached: False where the run ended before it
        started_s: seconds since the run began
        findings: exactly one per declared row, in declared order; then what nobody declared
        changes: made or foreseen, in the order of hosts

    """

    title: str
    slug: str
    mutates: bool
    reached: bool
    started_s: float
    duration_s: float
    hosts: tuple[HostRecord, ...]
    findings: tuple[Finding, ...]
    changes: tuple[Change, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """One cluster of the fleet, as a report names it; ``chosen`` is False outside ``--limit``."""

    name: str
    address: str
    region: str
    vip: str
    chosen: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Trait:
    """One opt-in Kustomize component, and in its own words what it stands in for."""

    name: str
    says: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Labels:
    """
    What a run is about, fixed before it begins.

    Attributes:
        run_id: sortable and unique
        argv: the runbook's arguments; no secret can be among them, for no option takes one
        tool: name and version of this library
        revision: the project's git commit, with "+dirty" where files differ; empty outside a repository
        versions: what is deployed, as (component, version)

    """

    run_id: str
    runbook: str
    summary: str
    argv: tuple[str, ...]
    plan: bool
    tool: str
    revision: str
    operator: str
    versions: tuple[tuple[str, str], ...]
    members: tuple[Member, ...]
    traits: tuple[Trait, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class RunRecord:
    """
    A whole run, finished or not.

    Attributes:
        finished: None while it runs
        interrupted: the signal's name, else empty
        notes: what the operator should know besides: a lock taken over, a waiver that has expired

    """

    labels: Labels
    started: datetime
    finished: datetime | None
    duration_s: float
    stages: tuple[StageRecord, ...]
    interrupted: str = ""
    notes: tuple[str, ...] = ()

    @property
    def findings(self) -> tuple[Finding, ...]:
        """Every row of every stage."""
        return tuple(finding for stage in self.stages for finding in stage.findings)

    @property
    def changes(self) -> tuple[Change, ...]:
        """Every change of every stage."""
        return tuple(change for stage in self.stages for change in stage.changes)


def exit_of(record: RunRecord) -> Exit:
    """
    Decide the exit code of a run.

    An interruption outranks everything, a bad verdict outranks a missing one, and both outrank pending changes.
    A run that judged nothing is never green.
    """
    open_verdicts = {finding.verdict for finding in record.findings if not finding.waiver}
    judged = any(finding.verdict.judged for finding in record.findings)
    if record.interrupted:
        return Exit.INTERRUPTED
    if Verdict.FAIL in open_verdicts:
        return Exit.BAD
    if not judged or record.finished is None or open_verdicts & {Verdict.ERROR, Verdict.UNREACHABLE}:
        return Exit.UNJUDGED
    if record.labels.plan and any(not change.temporary for change in record.changes):
        return Exit.PENDING
    return Exit.GREEN
