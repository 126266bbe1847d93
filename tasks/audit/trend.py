"""Where a number leads: a straight line through the last audits. Pure: points in, a forecast out."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tasks.audit.budgets import Budget

NEEDED: Final = 7
"""Fewer audits than a week of them tell nothing: the forecast is unknown, not fine."""

LOOKED_AT: Final = 30
"""The last so many audits; what was before says little of the next month."""

HORIZON_DAYS: Final = 30
"""A budget that is crossed within so many days is a warning, a later one only a date."""

STEADY: Final = 0.5
"""Share of the variation that the line must explain (r²), or there is no trend but noise."""

RELIEF: Final = 0.1
"""A step to the better by this share of the budget is a new beginning: a renewed certificate, a cleaned disk."""


@dataclass(frozen=True, slots=True)
class Point:
    """One audit's number."""

    at: datetime
    value: float


class Way(StrEnum):
    """Where a number leads."""

    UNKNOWN = "unknown"
    OVER = "over"
    CROSSING = "crossing"
    STAYING = "staying"


@dataclass(frozen=True, slots=True, kw_only=True)
class Forecast:
    """
    Where a number leads.

    Attributes:
        points: how many audits the line rests on
        per_day: the line's slope, in the number's unit; 0 where unknown
        crosses: when the line meets the budget; None where it does not, or not within the calendar

    """

    way: Way
    points: int
    per_day: float = 0.0
    crosses: datetime | None = None


def forecast(points: Sequence[Point], budget: Budget) -> Forecast:
    """
    Fit a line through the points since the last relief, and follow it to the budget.

    Arguments:
        points: in the order of time, at most one per audit

    """
    since = _since_relief(points[-LOOKED_AT:], budget)
    if since and _over(since[-1].value, budget):
        return Forecast(way=Way.OVER, points=len(since))
    if len(since) < NEEDED:
        return Forecast(way=Way.UNKNOWN, points=len(since))
    slope, level, explained = _line(since)
    towards = slope if budget.rising else -slope
    if towards <= 0 or explained < STEADY:
        return Forecast(way=Way.STAYING, points=len(since), per_day=slope)
    left = max((budget.limit - level) / slope, 0.0)
    return Forecast(way=Way.CROSSING, points=len(since), per_day=slope, crosses=_later(since[-1].at, left))


def _over(value: float, budget: Budget) -> bool:
    return value >= budget.limit if budget.rising else value <= budget.limit


def _since_relief(points: Sequence[Point], budget: Budget) -> Sequence[Point]:
    step = RELIEF * budget.limit
    for number in range(len(points) - 1, 0, -1):
        gained = points[number - 1].value - points[number].value
        if (gained if budget.rising else -gained) > step:
            return points[number:]
    return points


def _line(points: Sequence[Point]) -> tuple[float, float, float]:
    """Least squares: slope per day, the line's level at the last point, and the share of variation it explains."""
    days = [(point.at - points[-1].at).total_seconds() / 86400 for point in points]
    values = [point.value for point in points]
    day, value = sum(days) / len(days), sum(values) / len(values)
    spread = sum((one - day) ** 2 for one in days)
    variation = sum((one - value) ** 2 for one in values)
    if not spread or not variation:
        return 0.0, value, 0.0
    together = sum((here - day) * (there - value) for here, there in zip(days, values, strict=True))
    slope = together / spread
    return slope, value - slope * day, together**2 / (spread * variation)


def _later(at: datetime, days: float) -> datetime | None:
    try:
        return at + timedelta(days=days)
    except OverflowError:
        return None
