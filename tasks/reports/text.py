"""The report for a terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tasks.reports.report import Report


def render(report: Report, *, width: int = 120, colour: bool = False) -> str:
    """The report as plain text, or with a terminal's colours."""
    del width, colour
    lines = [report.headline, ""]
    lines += [f"{finding.verdict:<12}{finding.row}  {finding.observed}" for finding in report.findings]
    return "\n".join(lines) + "\n"
