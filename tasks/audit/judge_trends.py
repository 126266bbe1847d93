"""The step that says for every budget when it will be crossed, out of the history and tonight's numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tasks.audit.budgets import rows_of
from tasks.audit.history import open_history
from tasks.audit.trend import HORIZON_DAYS, NEEDED, Point, Way, forecast
from tasks.model.finding import Finding, Outcome, Row, Verdict, skipped

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from tasks.audit.budgets import Budget
    from tasks.audit.trend import Forecast
    from tasks.fleet.model import Fleet
    from tasks.model.record import RunRecord
    from tasks.run.context import RunContext


def declares(fleet: Fleet) -> tuple[Row, ...]:
    """One row per budget and cluster."""
    return tuple(Row(budget.trend, row.target) for budget, row in rows_of(fleet))


def judge(record: RunRecord, ctx: RunContext) -> Outcome:
    """
    Judge every trend.

    Raises:
        HistoryError: the history cannot be read

    """
    found = {finding.row: finding for finding in record.findings}
    with open_history(ctx.state) as history:
        findings = tuple(
            judge_one(budget, row, found.get(row), history.points(str(row), budget.measure), record.started)
            for budget, row in rows_of(ctx.fleet)
        )
    return Outcome(findings=findings)


def judge_one(budget: Budget, row: Row, tonight: Finding | None, before: Sequence[Point], now: datetime) -> Finding:
    """
    Judge one trend.

    Arguments:
        tonight: the finding that is measured; None where nobody asked it tonight
        before: the numbers of earlier audits, oldest first
        now: when tonight's audit began

    """
    mine = Row(budget.trend, row.target)
    measured = {one.name: one.value for one in tonight.measured} if tonight is not None else {}
    if budget.measure not in measured:
        cause = (tonight.blocked_by or tonight.row) if tonight and not tonight.verdict.good else None
        return skipped(mine, "unknown: not measured tonight", cause)
    value = measured[budget.measure]
    seen = forecast((*before, Point(now, value)), budget)
    verdict, said = _words(budget, value, seen, now)
    return Finding(
        row=mine,
        verdict=verdict,
        observed=said,
        wanted=f"{'below' if budget.rising else 'above'} {budget.limit:g} {budget.unit} for {HORIZON_DAYS} days: "
        f"{budget.why}",
        remedy=(tonight.remedy if tonight else "") if verdict is Verdict.WARN else "",
        reproduce=tonight.reproduce if tonight else "",
    )


def _words(budget: Budget, value: float, seen: Forecast, now: datetime) -> tuple[Verdict, str]:
    level = f"{value:.1f} {budget.unit} now, the budget is {budget.limit:g}"
    if seen.way is Way.UNKNOWN:
        return Verdict.SKIP, f"unknown: {seen.points} of the {NEEDED} audits that a trend needs; {level}"
    if seen.way is Way.OVER:
        return Verdict.WARN, f"over its budget: {level}"
    if seen.way is Way.STAYING or seen.crosses is None:
        return Verdict.PASS, f"no steady way towards its budget; {level}"
    days = (seen.crosses - now).days
    verdict = Verdict.WARN if days <= HORIZON_DAYS else Verdict.PASS
    return (
        verdict,
        f"crosses its budget on {seen.crosses:%Y-%m-%d}, in {days} days ({seen.per_day:+.3g} a day); {level}",
    )
