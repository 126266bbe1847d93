"""Where a number leads, and when a budget is crossed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.audit.budgets import BUDGETS, Budget, rows_of
from tasks.audit.judge_trends import judge_one
from tasks.audit.trend import HORIZON_DAYS, NEEDED, Point, Way, forecast
from tasks.fleet.load import load_fleet
from tasks.model.finding import Finding, Measure, Row, Verdict
from tests.unit.onsite import ROOT

BEGAN = datetime(2026, 11, 1, 3, 17, tzinfo=UTC)
DISK = Budget(check="host.disk.etcd", measure="disk.used", limit=85.0, unit="%", rising=True, why="a test")
DAYS = Budget(check="certificates.kubelet", measure="left", limit=30.0, unit="days", rising=False, why="a test")
ROW = Row("host.disk.etcd", "cluster-01")


def nights(*values: float) -> list[Point]:
    """One audit a day."""
    return [Point(BEGAN + timedelta(days=number), value) for number, value in enumerate(values)]


def tonight(value: float, verdict: Verdict = Verdict.PASS) -> Finding:
    """The row that is measured."""
    measured = (Measure(name="disk.used", value=value, unit="%"),)
    return Finding(row=ROW, verdict=verdict, observed="seen", reproduce="df -h /", measured=measured)


def judged(*values: float) -> Finding:
    """The row of the trend on the last of these nights."""
    points = nights(*values)
    return judge_one(DISK, ROW, tonight(values[-1]), points[:-1], points[-1].at)


def test_a_disk_that_fills_is_told_thirty_days_ahead() -> None:
    """One percent a night for thirty nights: a warning that names the date on which the budget is crossed."""
    found = judged(*(50.0 + number for number in range(30)))
    assert found.verdict is Verdict.WARN
    assert found.row == Row("trend.host.disk.etcd", "cluster-01")
    assert "crosses its budget on 2026-12-06, in 6 days (+1 a day)" in found.observed
    assert "79.0 % now, the budget is 85" in found.observed
    assert found.reproduce == "df -h /"


def test_a_date_beyond_the_horizon_is_told_without_a_warning() -> None:
    """A tenth of a percent a night leaves time."""
    found = judged(*(50.0 + number / 10 for number in range(30)))
    assert found.verdict is Verdict.PASS
    assert f"in {321} days" in found.observed


@pytest.mark.parametrize("count", range(1, NEEDED))
def test_too_few_audits_are_unknown_and_not_fine(count: int) -> None:
    """However steep it looks."""
    found = judged(*(10.0 * number for number in range(count)))
    assert found.verdict is Verdict.SKIP
    assert found.observed.startswith(f"unknown: {count} of the {NEEDED} audits")


def test_what_is_over_its_budget_is_a_warning_at_once() -> None:
    """No trend is needed for that."""
    assert judged(90.0).verdict is Verdict.WARN
    assert "over its budget" in judged(90.0).observed


def test_what_was_not_measured_is_unknown_and_points_to_the_cause() -> None:
    """A host that is away has no trend tonight."""
    lost = Finding(row=ROW, verdict=Verdict.UNREACHABLE, observed="gone", blocked_by=Row("host.ssh", "cluster-01"))
    found = judge_one(DISK, ROW, lost, nights(*range(20)), BEGAN)
    assert (found.verdict, str(found.blocked_by)) == (Verdict.SKIP, "host.ssh@cluster-01")
    assert judge_one(DISK, ROW, None, (), BEGAN).verdict is Verdict.SKIP


def test_a_renewed_certificate_begins_anew() -> None:
    """After the renewal there are too few points again; the years before do not say that it ends tomorrow."""
    course = [*(60.0 - number for number in range(20)), 364.0, 363.0]
    assert forecast(nights(*course), DAYS).way is Way.UNKNOWN
    assert forecast(nights(*course), DAYS).points == 2


def test_noise_is_no_trend() -> None:
    """Up and down by the same amount leads nowhere."""
    assert forecast(nights(*(50.0 + number % 2 for number in range(30))), DISK).way is Way.STAYING


def test_a_shrinking_disk_leads_nowhere() -> None:
    """The way to the better crosses no budget."""
    assert forecast(nights(*(80.0 - number for number in range(8))), DISK).way is Way.STAYING


@given(
    st.floats(0.05, 3.0),
    st.integers(NEEDED, 28),
    st.floats(0.0, 20.0),
)
def test_a_straight_line_is_followed_exactly(slope: float, count: int, start: float) -> None:
    """The crossing is where arithmetic puts it, for rising and for falling numbers alike."""
    values = [start + slope * number for number in range(count)]
    if values[-1] >= DISK.limit:
        return
    found = forecast(nights(*values), DISK)
    assert found.way is Way.CROSSING
    expected = BEGAN + timedelta(days=(DISK.limit - start) / slope)
    assert found.crosses is not None
    assert abs((found.crosses - expected).total_seconds()) < 60
    falling = forecast(nights(*(DAYS.limit + DISK.limit - value for value in values)), DAYS)
    assert falling.crosses is not None
    assert abs((falling.crosses - expected).total_seconds()) < 60


@given(st.lists(st.floats(0, 84), min_size=0, max_size=40))
def test_a_forecast_never_looks_back(values: list[float]) -> None:
    """Whatever the course: a crossing lies in the future, and fewer points than needed are unknown."""
    points = nights(*values)
    found = forecast(points, DISK)
    if found.crosses is not None:
        assert found.crosses >= points[-1].at
    if len(points) < NEEDED:
        assert found.way is Way.UNKNOWN


def test_every_budget_has_a_row_on_every_cluster() -> None:
    """And each says why it is what it is."""
    fleet = load_fleet(ROOT / "inventory")
    assert len(rows_of(fleet)) == len(BUDGETS) * len(fleet.clusters)
    assert all(budget.why and budget.limit for budget in BUDGETS)
    assert HORIZON_DAYS == 30
