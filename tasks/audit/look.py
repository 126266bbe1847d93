"""One audit as the next one remembers it: every row with its side. Pure: a report in, a value out."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from tasks.model.finding import Verdict

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tasks.model.finding import Finding
    from tasks.reports.report import Report


class Side(StrEnum):
    """On which side of the fence a row stands. What was not judged is on none, and never good."""

    GOOD = "good"
    DOUBTFUL = "doubtful"
    RED = "red"
    UNKNOWN = "unknown"
    MOOT = "moot"


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """
    How one row came out.

    Attributes:
        verdict: as in the report
        said: what was observed, in one line
        cause: the row that kept this one from being judged, else empty

    """

    side: Side
    verdict: str
    said: str
    cause: str = ""

    @property
    def gist(self) -> str:
        """What has to differ for a red row to have changed: the verdict or the words, not the numbers in them."""
        return f"{self.verdict} {re.sub(r'[0-9]+([.,:][0-9]+)*', '#', self.said)}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """One audit: its run, and every declared row by name."""

    run_id: str
    rows: Mapping[str, Seen]


def look_of(report: Report) -> Look:
    """What the next audit has to know of this one."""
    return Look(run_id=report.labels.run_id, rows={str(one.row): _seen(one) for one in report.findings})


def _seen(finding: Finding) -> Seen:
    return Seen(
        side=_side(finding),
        verdict=str(finding.verdict),
        said=" ".join(finding.observed.split()),
        cause=str(finding.blocked_by) if finding.blocked_by else "",
    )


def _side(finding: Finding) -> Side:
    """A waived row is lived with, so it is good; a consequence was not judged for itself."""
    if finding.blocked_by is not None:
        return Side.UNKNOWN
    if finding.waiver:
        return Side.GOOD
    if finding.verdict.blocks:
        return Side.RED
    return {Verdict.PASS: Side.GOOD, Verdict.WARN: Side.DOUBTFUL}.get(finding.verdict, Side.MOOT)
