"""What a check found, and what a task changed."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

FLEET = "fleet"
"""The target of a finding that belongs to no single host: the operator's machine, S3, the wire."""


class Verdict(StrEnum):
    """How a declared check ended. There is no seventh way, and only the first two are good."""

    PASS = "PASS"  # noqa: S105  a verdict, not a password
    WARN = "WARN"
    FAIL = "FAIL"
    ERROR = "ERROR"
    SKIP = "SKIP"
    UNREACHABLE = "UNREACHABLE"

    @property
    def blocks(self) -> bool:
        """Judged bad, or could not be judged: nothing may be built on it."""
        return self in {Verdict.FAIL, Verdict.ERROR, Verdict.UNREACHABLE}

    @property
    def good(self) -> bool:
        """Judged, and nothing stands in the way."""
        return self in {Verdict.PASS, Verdict.WARN}

    @property
    def judged(self) -> bool:
        """Something was looked at and found good or bad."""
        return self.good or self is Verdict.FAIL


@dataclass(frozen=True, slots=True, order=True)
class Row:
    """
    The identity of one declared check: what is asked, about whom, towards whom.

    Attributes:
        check: dotted id, for example ``host.swap`` or ``reach.s3``
        target: a host of the inventory, or ``FLEET``
        peer: the other end where a path is judged, else empty

    """

    check: str
    target: str
    peer: str = ""

    def __str__(self) -> str:
        """``check@target`` or ``check@target->peer``: the name by which a finding is waived and cited."""
        return f"{self.check}@{self.target}" + (f"->{self.peer}" if self.peer else "")


@dataclass(frozen=True, slots=True, kw_only=True)
class Measure:
    """
    A number behind a verdict, kept for trends; its series is that of the row's name and this one.

    Attributes:
        name: what is measured, dotted: ``disk.used``
        value: in ``unit``
        unit: ``%``, ``days``, ``s``, ``MiB``

    """

    name: str
    value: float
    unit: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """
    One row of a report.

    Attributes:
        row: which declared check this answers
        verdict: how it ended
        observed: what was seen, in words and numbers with units; for SKIP and ERROR: why
        wanted: what would have been good
        remedy: a command (or, failing that, a sentence) that mends it; empty for PASS
        reproduce: a command that shows the same from a shell
        evidence: lines of real output behind the verdict
        duration_s: seconds the check took, 0 where it read facts already gathered
        blocked_by: the row that is the cause, where this one is only its consequence
        waiver: the operator's reason for living with it; the verdict stays visible
        measured: the numbers that the verdict rests on, where they are worth a trend

    """

    row: Row
    verdict: Verdict
    observed: str
    wanted: str = ""
    remedy: str = ""
    reproduce: str = ""
    evidence: tuple[str, ...] = ()
    duration_s: float = 0.0
    blocked_by: Row | None = None
    waiver: str = ""
    measured: tuple[Measure, ...] = ()

    @property
    def blocks(self) -> bool:
        """A bad verdict that nobody has waived."""
        return self.verdict.blocks and not self.waiver


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """
    One mutation, made or (while planning) foreseen.

    Attributes:
        target: the host or cluster that is changed
        sentence: imperative, one line: "write /etc/kubernetes/fleet/kubeadm.yaml"
        made: False while planning
        temporary: removed again by the same task (a probe's pod); never counted as drift
        undo: the command that takes it back; empty where nothing does
        diff: unified diff of the text that changes, where there is one

    """

    target: str
    sentence: str
    made: bool
    temporary: bool = False
    undo: str = ""
    diff: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """
    What one step hands back: the ``result`` of every Nornir ``Result`` in this project.

    Attributes:
        findings: one per declared row
        changes: in the order in which they were made
        value: what the stage's fleet step needs from this host; a frozen domain value
        notes: what the report is to tell besides, once whoever says it

    """

    findings: tuple[Finding, ...] = ()
    changes: tuple[Change, ...] = ()
    value: object = None
    notes: tuple[str, ...] = ()


def skipped(row: Row, why: str, cause: Row | None = None) -> Finding:
    """Not asked, and why; ``cause`` where another row is to blame."""
    return Finding(row=row, verdict=Verdict.SKIP, observed=why, blocked_by=cause)
