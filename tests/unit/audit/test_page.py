"""The audit's page: self-contained, escaped, changes first, a chart per number."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

from tasks.audit import charts, page
from tasks.audit.comparison import compare
from tasks.audit.look import look_of
from tasks.audit.trend import Point
from tasks.model.finding import Finding, Row, Verdict
from tasks.reports.build import build
from tests.unit.audit.nights import FIRST, SWAP, Site, audit, disk, good, red
from tests.unit.reports.specimens import check_hosts, mended, prove, run_of
from tests.unit.reports.test_renderings import NASTY, Tags

if TYPE_CHECKING:
    from pathlib import Path

    from tasks.reports.report import Report

COURSE = {
    ("host.disk.etcd@cluster-02", "disk.used", "%"): [Point(FIRST + timedelta(days=n), 40.0 + n) for n in range(9)]
}


def report(*, broken: bool = True) -> Report:
    """A night with a host away and paths behind it, or all mended."""
    stages = (check_hosts(), prove())
    return build(run_of(*(stages if broken else map(mended, stages))), str)


def render(one: Report, *before: Report) -> str:
    """Its page, compared with those before it."""
    told, looks = {}, []
    for earlier in before:
        look = look_of(earlier)
        told, looks = compare(told, looks, look).told, [*looks, look]
    return page.render(one, compare(told, looks, look_of(one)), (), COURSE)


def test_the_page_needs_nothing_from_anywhere() -> None:
    """No script, link or picture, and the browser is told to fetch nothing."""
    text = render(report())
    tags = Tags(text)
    assert (tags.links, tags.open) == ([], [])
    assert not {"script", "link", "img", "iframe"} & set(tags.tags)
    assert "default-src 'none'" in text
    assert 'name="viewport"' in text
    assert not re.search(r"url\(|@import", text)


def test_changes_come_first_then_causes_then_the_matrix_then_the_course() -> None:
    """What is new is what one opens the page for."""
    text = render(report(), report(broken=False))
    places = [text.index(f"<h2>{title}") for title in ("Changes", "Causes", "Reachability", "Rows")]
    assert places == sorted(places)
    assert places[2] < text.index('class="course"') < places[3]


def test_a_change_has_its_row_with_the_command_that_reproduces_it() -> None:
    """Two rows are new, each with what was seen; the rows behind a cause are folded beneath it and no change."""
    text = render(report(), report(broken=False))
    changes = text[text.index("<h2>Changes") : text.index("<h2>Causes")]
    assert changes.count('<details class="change">') == 4  # two new, a warning, and a path
    assert "ssh operator@192.168.101.196 cat /proc/swaps" in changes
    assert "host.swap@cluster-03" not in changes
    assert re.search(r"\d+ rows blocked by it", text)


def test_a_quiet_night_says_so() -> None:
    """And a part of an audit says that it is not compared."""
    assert "Nothing has changed." in render(report(broken=False), report(broken=False))
    assert "not compared" in page.render(report(), None, (), {})


def test_hostile_text_is_escaped() -> None:
    """In rows and in what they said, of tonight and of earlier nights."""
    finding = Finding(row=Row("host.x", "cluster-01"), verdict=Verdict.FAIL, observed=NASTY, reproduce=NASTY)
    hostile = build(run_of(replace(check_hosts(), findings=(finding,))), str)
    text = render(hostile)
    assert "<script>" not in text
    assert Tags(text).open == []


def test_a_course_is_drawn_within_its_box_with_its_budget() -> None:
    """The newest value and where it leads stand beneath it."""
    (group,) = charts.chart_groups(COURSE, {"trend.host.disk.etcd@cluster-02": "leads somewhere"})
    (chart,) = group.charts
    places = [tuple(map(float, place.split(","))) for place in chart.points.split()]
    assert all(0 <= x <= charts.WIDTH and 0 <= y <= charts.HEIGHT for x, y in places)
    assert [x for x, _ in places] == sorted(x for x, _ in places)
    assert places[0][1] > places[-1][1], "a number that grows goes up"
    assert chart.limit_y == charts.MARGIN
    assert (group.limit, chart.last, chart.leads) == ("85 %", "48 %", "leads somewhere")


def test_a_single_point_is_no_course() -> None:
    """One audit draws no line."""
    assert charts.chart_groups({("a@b", "c", "s"): [Point(FIRST, 1.0)]}, {}) == ()


def test_the_pages_of_real_nights_come_out_of_the_history(tmp_path: Path) -> None:
    """A column per audit, and tonight's changes."""
    site = Site(state=tmp_path)
    site.tell(audit(0, good(SWAP), disk(40.0)))
    record = audit(1, red(SWAP), disk(41.0))
    site.tell(record)
    made = page.pages(build(record, str), site.context(record))
    (text,) = made.values()
    assert set(made) == {"audit.html"}
    assert "since run 20261100T031700Z-0000" in text
    assert '<rect class="FAIL"' in text
    assert 'class="course"' in text
