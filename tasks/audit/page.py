"""The audit as one HTML page: what has changed on top, causes next, then where it leads. It opens offline."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tasks.audit.comparison import WORTH_TELLING, Change, Comparison, Kind
from tasks.audit.history import open_history
from tasks.audit.message import TITLES

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from tasks.audit.history import Night
    from tasks.audit.trend import Point
    from tasks.model.finding import Finding
    from tasks.reports.report import Report
    from tasks.run.context import RunContext

NIGHTS = 60
"""Audits that the chart of all shows."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """All changes of one kind, each with its row where the report has one; ``news`` stand open."""

    title: str
    news: bool
    changes: tuple[tuple[Change, Finding | None], ...]


def pages(report: Report, ctx: RunContext) -> Mapping[str, str]:
    """
    Make the page out of report and history.

    Raises:
        HistoryError: the history cannot be read

    """
    with open_history(ctx.state) as history:
        courses = {key: history.points(key[0], key[1]) for key in history.series()}
        compared, nights = history.comparison(report.labels.run_id), history.nights(NIGHTS)
    return {"audit.html": render(report, compared, nights, courses)}


def render(
    report: Report,
    comparison: Comparison | None,
    nights: Sequence[Night],
    courses: Mapping[tuple[str, str, str], Sequence[Point]],
) -> str:
    """
    Render the page; pure, and every text in it is escaped.

    Arguments:
        comparison: None where the audit was not compared
        nights, courses: from the history, oldest first

    """
    from tasks.audit import charts  # noqa: PLC0415  what renders is wanted by an audit that has ended, not by `--help`
    from tasks.reports import html  # noqa: PLC0415  as above

    leads = {str(one.row): one.observed for one in report.findings if one.row.check.startswith("trend.")}
    return html.template("audit.html.j2", "tasks.audit").render(
        {
            **html.values(report),
            "against": _against(comparison),
            "quiet": "Nothing has changed." if comparison else "Nothing is compared, kept or told of a part.",
            "groups": groups_of(report, comparison) if comparison else (),
            "nights": charts.columns(nights),
            "charts": charts.chart_groups(courses, leads),
        }
    )


def _against(comparison: Comparison | None) -> str:
    if comparison is None:
        return "not compared"
    return f"since run {comparison.before}" if comparison.before else "this is the first audit"


def groups_of(report: Report, comparison: Comparison) -> tuple[Group, ...]:
    """The changes by kind, each beside its row."""
    rows = {str(finding.row): finding for finding in report.findings}
    return tuple(
        Group(
            title=TITLES[kind],
            news=kind in WORTH_TELLING,
            changes=tuple((change, rows.get(change.row)) for change in comparison.of(kind)),
        )
        for kind in Kind
        if comparison.of(kind)
    )
