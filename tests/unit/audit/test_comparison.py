"""What one audit says that those before it did not."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.audit.comparison import FLAPPING, WORTH_TELLING, Comparison, Kind, Told, compare, counts
from tasks.audit.look import Look, Seen, Side, look_of
from tasks.model.finding import FLEET, Finding, Row, Verdict
from tasks.reports import json
from tasks.reports.build import build
from tests.unit.onsite import ROOT
from tests.unit.reports.specimens import check_hosts, mended, run_of

if TYPE_CHECKING:
    from pathlib import Path

SIDES = st.sampled_from(list(Side))
LETTERS = {"g": Side.GOOD, "w": Side.DOUBTFUL, "r": Side.RED, "u": Side.UNKNOWN, "m": Side.MOOT}


def seen(side: Side, said: str = "") -> Seen:
    """A row that came out like this."""
    return Seen(side=side, verdict=str(side), said=said or str(side))


def walk(nights: list[dict[str, Seen]], silenced: frozenset[str] = frozenset()) -> list[Comparison]:
    """Every night compared with those before it, as the audit does."""
    told: dict[str, Told] = {}
    looks: list[Look] = []
    compared = []
    for number, rows in enumerate(nights):
        now = Look(run_id=f"run-{number}", rows=rows)
        recent = looks[-(FLAPPING.audits - 1) :]
        compared.append(compare(told, recent, now, silenced=lambda row: row in silenced))
        told, looks = dict(compared[-1].told), [*looks, now]
    return compared


def kinds(course: str) -> list[str]:
    """What one row is on each night of a course such as ``grrg``; empty where it is nothing."""
    compared = walk([{"a@b": seen(LETTERS[letter])} for letter in course])
    return [",".join(str(change.kind) for change in one.changes) for one in compared]


def test_a_red_row_is_new_once_then_still_red_then_fixed() -> None:
    """Told on the first night and on the last, and not in between."""
    assert kinds("grrrg") == ["", "new", "still", "still", "fixed"]


def test_the_first_audit_tells_what_is_red_already() -> None:
    """Nobody has been told before."""
    assert kinds("r") == ["new"]


def test_an_audit_like_the_one_before_is_not_worth_telling() -> None:
    """Whatever is red, doubtful or not judged."""
    rows = {letter: seen(side) for letter, side in LETTERS.items()}
    _, second, third = walk([rows, rows, rows])
    assert not second.worth_telling
    assert second.changes == third.changes


def test_what_was_not_judged_is_not_mended() -> None:
    """A red row behind a cause stays red in the operators' minds, and is not told again when it is judged again."""
    assert kinds("rur") == ["new", "unjudged", "still"]
    assert kinds("rug") == ["new", "unjudged", "fixed"]
    assert kinds("gug") == ["", "", ""]


def test_a_row_that_is_no_longer_asked_is_told() -> None:
    """It is neither fixed nor still red."""
    first = {"a@b": seen(Side.RED), "c@d": seen(Side.GOOD)}
    (_, second, third) = walk([first, {"c@d": seen(Side.GOOD)}, {"c@d": seen(Side.GOOD)}])
    assert [(one.kind, one.row) for one in second.changes] == [(Kind.DROPPED, "a@b")]
    assert third.changes == ()
    assert kinds("rmm") == ["new", "dropped", ""]
    assert kinds("wm") == ["doubtful", ""]


def test_new_words_are_a_change_and_new_numbers_are_none() -> None:
    """The same fault with another process number is the same fault."""
    nights = ("pid 12 holds it for 3.5 s", "pid 99 holds it for 4 s", "nobody answers")
    compared = walk([{"a@b": seen(Side.RED, said)} for said in nights])
    assert [str(one.changes[0].kind) for one in compared] == ["new", "still", "changed"]
    assert compared[1].changes[0].since == "run-0"


def test_a_new_warning_is_told_and_its_end_is_not() -> None:
    """A doubt is worth a word; that it is gone is seen on the page."""
    assert kinds("gwwg") == ["", "doubtful", "", ""]
    assert kinds("rwg") == ["new", "fixed", ""]


def test_what_flaps_is_told_once_until_it_rests() -> None:
    """Three changes within seven audits are flapping; after a quiet week it is told where it came to rest."""
    assert FLAPPING.changes == 3
    course = kinds("grgrgrrrrrrr")
    assert course[:5] == ["", "new", "fixed", "flapping", ""]
    assert set(course[5:-1]) <= {"", "new", "still"}
    assert course.count("flapping") == 1
    assert "new" in course[5:]


def test_a_silence_keeps_a_row_to_itself_until_it_ends() -> None:
    """It is listed but not worth telling; when the silence is over and it is still red, it is new."""
    rows = {"a@b": seen(Side.RED)}
    one, two = walk([rows, rows], silenced=frozenset({"a@b"}))
    assert [change.kind for change in two.changes] == [Kind.SILENCED]
    assert not two.worth_telling
    after = compare(two.told, (), Look(run_id="later", rows=rows))
    assert [change.kind for change in after.changes] == [Kind.NEW]
    assert one.worth_telling is False


@given(st.lists(st.lists(SIDES, min_size=3, max_size=3), min_size=1, max_size=14))
def test_whatever_happens_belief_follows_what_was_told(courses: list[list[Side]]) -> None:
    """Without a word worth telling, nobody comes to believe that a row took the other side of the fence."""
    nights = [{f"row-{number}": seen(side) for number, side in enumerate(sides)} for sides in courses]
    before: dict[str, Told] = {}
    for one in walk(nights):
        for row in {*before, *one.told}:
            was, now = before.get(row), one.told.get(row)
            red_before, red_now = (it is not None and it.side is Side.RED for it in (was, now))
            spoken = [change for change in one.changes if change.row == row and change.kind in WORTH_TELLING]
            assert red_before == red_now or spoken
        before = dict(one.told)


@given(st.lists(SIDES, min_size=1, max_size=20))
def test_each_row_is_of_one_kind_at_most(course: list[Side]) -> None:
    """Every night, and an audit of unknown rows never fixes anything."""
    for side, one in zip(course, walk([{"a@b": seen(side)} for side in course]), strict=True):
        assert len(one.changes) <= 1
        if side is Side.UNKNOWN:
            assert not one.of(Kind.FIXED)
            assert not one.worth_telling


def test_a_report_is_read_as_a_look() -> None:
    """Consequences are not judged, waived rows are good, and what is red stands for itself."""
    look = look_of(build(run_of(check_hosts()), str))
    assert look.rows["host.swap@cluster-02"].side is Side.RED
    assert look.rows["host.ssh@cluster-03"].side is Side.RED
    assert look.rows["host.swap@cluster-03"].side is Side.UNKNOWN
    assert look.rows["host.swap@cluster-03"].cause == "host.ssh@cluster-03"
    assert look.rows["host.memory@cluster-02"].side is Side.GOOD
    assert look.rows["host.clock@cluster-02"].side is Side.DOUBTFUL


def test_two_canonical_reports_are_compared() -> None:
    """A broken fleet, then a mended one: exactly what was red for itself is fixed."""
    broken, mended_look = (look_of(build(run_of(one), str)) for one in (check_hosts(), mended(check_hosts())))
    first = compare({}, (), broken)
    second = compare(first.told, (broken,), mended_look)
    assert {change.row for change in second.of(Kind.FIXED)} == {"host.swap@cluster-02", "host.ssh@cluster-03"}
    assert counts(second.changes) == "2 fixed"
    assert second.before == broken.run_id


def test_a_moot_row_is_on_no_side() -> None:
    """SKIP without a cause says that the question does not arise."""
    finding = Finding(row=Row("a.b", FLEET), verdict=Verdict.SKIP, observed="left out")
    record = check_hosts()
    look = look_of(build(run_of(type(record)(**{**_fields(record), "findings": (finding,)})), str))
    assert look.rows["a.b@fleet"].side is Side.MOOT


def _fields(record: object) -> dict[str, object]:
    return {name: getattr(record, name) for name in record.__slots__}  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    "case", sorted((ROOT / "tests" / "recorded" / "audit" / "compare").iterdir()), ids=lambda it: it.name
)
def test_recorded_audits_are_compared_as_expected(case: Path) -> None:
    """Two canonical reports of real audits in, the changes between them out."""
    before, now = (look_of(json.load((case / f"{name}.json").read_text())) for name in ("before", "now"))
    changes = compare(compare({}, (), before).told, (before,), now).changes
    assert [f"{one.kind} {one.row} {one.verdict}" for one in changes] == (
        case / "expected.txt"
    ).read_text().splitlines()
