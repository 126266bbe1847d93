"""What the audit's page draws, as numbers: a line for every measure, a column for every audit. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from tasks.audit.budgets import BUDGETS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from tasks.audit.history import Night
    from tasks.audit.trend import Point

WIDTH: Final = 100.0
HEIGHT: Final = 30.0
MARGIN: Final = 2.0
DRAWN: Final = 60
"""Audits that a line shows."""

_BAD: Final = {"FAIL": "failed", "ERROR": "errors", "UNREACHABLE": "unreachable", "WARN": "warned"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Chart:
    """
    One measure's course.

    Attributes:
        title: the row that is measured
        points: of an SVG polyline, in a box of ``WIDTH`` by ``HEIGHT``
        limit_y: where the budget lies in that box; None where there is none
        last: the newest value with its unit
        leads: what the row of the trend says, else empty

    """

    title: str
    points: str
    limit_y: float | None
    last: str
    leads: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ChartGroup:
    """All rows of one measure."""

    title: str
    unit: str
    limit: str
    charts: tuple[Chart, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """One verdict of one audit; ``top`` and ``height`` in percent of the most that any audit had."""

    verdict: str
    top: float
    height: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """One audit."""

    title: str
    bars: tuple[Bar, ...]


def chart_groups(
    courses: Mapping[tuple[str, str, str], Sequence[Point]], leads: Mapping[str, str]
) -> tuple[ChartGroup, ...]:
    """
    Draw every course of two points or more.

    Arguments:
        courses: row, measure and unit to its points, oldest first
        leads: name of a trend's row to what it says

    """
    groups: dict[tuple[str, str], list[Chart]] = {}
    limits = {(it.check, it.measure): it.limit for it in BUDGETS}
    budgets = {it.measure: f"{it.limit:g} {it.unit}" for it in BUDGETS}
    for (row, measure, unit), points in courses.items():
        if len(points) > 1:
            limit = limits.get((row.partition("@")[0], measure))
            groups.setdefault((measure, unit), []).append(
                _chart(row, unit, points[-DRAWN:], limit, leads.get(f"trend.{row}", ""))
            )
    return tuple(
        ChartGroup(title=measure, unit=unit, limit=budgets.get(measure, ""), charts=tuple(charts))
        for (measure, unit), charts in groups.items()
    )


def _chart(row: str, unit: str, points: Sequence[Point], limit: float | None, leads: str) -> Chart:
    values = [point.value for point in points]
    shown = [*values, *(() if limit is None else (limit,))]
    low, high = min(shown), max(shown)
    begun, whole = points[0].at, max((points[-1].at - points[0].at).total_seconds(), 1.0)

    def y(value: float) -> float:
        share = (value - low) / (high - low) if high > low else 0.5
        return round(HEIGHT - MARGIN - share * (HEIGHT - 2 * MARGIN), 2)

    places = (f"{round(WIDTH * (it.at - begun).total_seconds() / whole, 2)},{y(it.value)}" for it in points)
    return Chart(
        title=row,
        points=" ".join(places),
        limit_y=None if limit is None else y(limit),
        last=f"{values[-1]:.3g} {unit}",
        leads=leads,
    )


def columns(nights: Sequence[Night]) -> tuple[Column, ...]:
    """A column for every audit: what was not good, worst at the bottom."""
    most = max((sum(night.totals[name] for name in _BAD.values()) for night in nights), default=0)
    return tuple(_column(night, max(most, 1)) for night in nights)


def _column(night: Night, most: int) -> Column:
    bars, top = [], 100.0
    for verdict, name in _BAD.items():
        height = round(96 * night.totals[name] / most, 2)
        top = round(top - height, 2)
        if height:
            bars.append(Bar(verdict=verdict, top=top, height=height))
    bad = sum(night.totals[name] for name in _BAD.values())
    return Column(title=f"{night.started:%Y-%m-%d %H:%M}, {bad} of {night.totals['rows']}", bars=tuple(bars))
