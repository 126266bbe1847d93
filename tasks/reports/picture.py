"""What the HTML page draws, as numbers and names: the matrix seen whole, and the time line."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tasks.model.finding import FLEET
from tasks.reports.words import WORST_FIRST, in_order, span, tally, worst

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tasks.model.finding import Finding, Verdict
    from tasks.model.record import StageRecord
    from tasks.reports.report import Report


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """
    One vantage point towards one destination.

    Attributes:
        verdict: the worst of its findings; None where nothing was declared
        good: how many of ``findings`` are PASS or WARN
        held: none of them was judged, because of another row

    """

    verdict: Verdict | None
    good: int
    held: bool
    findings: tuple[Finding, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Grid:
    """A matrix ready to be drawn; ``rows`` are the vantage points with their cells, in the order of ``columns``."""

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, tuple[Cell, ...]], ...]


def grids(report: Report) -> tuple[Grid, ...]:
    """All paths in one picture, then one per check; no more than the one where there is a single check."""
    paths = [finding for finding in report.findings if finding.row.peer]
    if not paths:
        return ()
    members = [member.name for member in report.labels.members]
    checks = [matrix.check for matrix in report.matrices]
    each = [_grid(check, [one for one in paths if one.row.check == check], members) for check in checks]
    return tuple(each) if len(each) == 1 else (_grid("every path", paths, members), *each)


def _grid(title: str, paths: Sequence[Finding], members: Sequence[str]) -> Grid:
    vantages = in_order((finding.row.target for finding in paths), members)
    columns = in_order((finding.row.peer for finding in paths), members)
    found: dict[tuple[str, str], list[Finding]] = defaultdict(list)
    for one in paths:
        found[one.row.target, one.row.peer].append(one)
    return Grid(
        title=title,
        columns=columns,
        rows=tuple(
            (
                here,
                tuple(_cell(found.get((here, there), [])) for there in columns),
            )
            for here in vantages
        ),
    )


def _cell(findings: Sequence[Finding]) -> Cell:
    by = tally(findings)
    return Cell(
        verdict=worst(by),
        good=sum(count for verdict, count in by.items() if verdict.good),
        held=bool(findings) and all(finding.blocked_by is not None for finding in findings),
        findings=tuple(findings),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """One step on the time line; ``left`` and ``width`` in percent of the run."""

    who: str
    fate: str
    left: float
    width: float
    title: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Lane:
    """One stage on the time line, with a bar per host and the fleet step last."""

    title: str
    took: str
    bars: tuple[Bar, ...]


def lanes(report: Report) -> tuple[Lane, ...]:
    """The time line, one lane per reached stage that had steps."""
    whole = max(report.duration_s, 0.001)
    return tuple(
        Lane(title=stage.title, took=span(stage.duration_s), bars=_bars(stage, whole))
        for stage in report.stages
        if stage.reached and stage.hosts
    )


def _bars(stage: StageRecord, whole: float) -> tuple[Bar, ...]:
    return tuple(
        Bar(
            who="fleet step" if host.host == FLEET else host.host,
            fate=str(host.fate),
            left=round(100 * (host.started_s or stage.started_s) / whole, 2),
            width=round(max(100 * host.duration_s / whole, 0.4), 2),
            title=f"{host.host}: {host.fate}, {span(host.duration_s)}" + (f", {host.detail}" if host.detail else ""),
        )
        for host in stage.hosts
    )


def shares(report: Report) -> tuple[tuple[Verdict, int, float], ...]:
    """Every verdict that occurs, best first, with its count and its share of all rows in percent."""
    by = tally(report.findings)
    whole = max(report.totals.rows, 1)
    return tuple(
        (verdict, by[verdict], round(100 * by[verdict] / whole, 2))
        for verdict in reversed(WORST_FIRST)
        if verdict in by
    )
