"""The canonical report: what the JSON file holds, and all that any rendering may use."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime  # noqa: TC003  the schema is made from these annotations
from functools import cached_property
from typing import Final, Literal

from tasks.model.finding import Finding, Row, Verdict  # noqa: TC001  as above
from tasks.model.record import Labels, StageRecord  # noqa: TC001  as above

SCHEMA_VERSION: Final = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Totals:
    """
    How many rows ended how; the six verdicts add up to ``rows``.

    Attributes:
        waived: bad or doubtful rows the operator lives with; counted under their verdict as well
        blocked: rows that are only a consequence of another; counted under their verdict as well
        changes_made, changes_pending: lasting ones alone

    """

    rows: int
    passed: int
    warned: int
    failed: int
    errors: int
    skipped: int
    unreachable: int
    waived: int
    blocked: int
    changes_made: int
    changes_pending: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Cause:
    """A bad row that stands for itself, and the rows that follow from it."""

    row: Row
    consequences: tuple[Row, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Matrix:
    """
    One check from every vantage point to every destination.

    Attributes:
        cells: one tuple per vantage point, one verdict per destination; None where nothing was declared

    """

    check: str
    vantages: tuple[str, ...]
    destinations: tuple[str, ...]
    cells: tuple[tuple[Verdict | None, ...], ...]


@dataclass(frozen=True, kw_only=True)
class Report:
    """
    One run, told whole.

    Attributes:
        state: "running" where the process was killed before it could end the run
        interrupted: the signal's name, else empty
        exit_code: of the runbook
        headline: the verdict as one sentence
        causes: in the order in which they were found

    """

    schema_version: Literal[1]
    labels: Labels
    state: Literal["finished", "interrupted", "running"]
    interrupted: str
    exit_code: int
    headline: str
    started: datetime
    finished: datetime | None
    duration_s: float
    totals: Totals
    causes: tuple[Cause, ...]
    matrices: tuple[Matrix, ...]
    stages: tuple[StageRecord, ...]
    notes: tuple[str, ...]

    @property
    def findings(self) -> tuple[Finding, ...]:
        """Every row of every stage."""
        return tuple(finding for stage in self.stages for finding in stage.findings)

    def finding(self, row: Row) -> Finding:
        """The finding of a row; KeyError where there is none."""
        return self._by_row[row]

    @cached_property
    def _by_row(self) -> dict[Row, Finding]:
        return {finding.row: finding for finding in self.findings}
