"""Parties wait for each other, and for nobody who has gone."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from tasks.probes import meeting
from tasks.probes.meeting import Meeting, seat

PARTIES = frozenset({"a", "b", "c"})


def test_nobody_passes_before_all_have_come() -> None:
    """The last to arrive lets all through."""
    gathering, passed = Meeting(PARTIES), []

    def go(party: str) -> bool:
        together = gathering.reach(party, timeout_s=30)
        passed.append(party)
        return together

    with ThreadPoolExecutor() as pool:
        early = [pool.submit(go, party) for party in ("a", "b")]
        assert passed == []
        assert go("c")
        assert all(one.result() for one in early)


def test_who_has_left_is_not_waited_for() -> None:
    """Whether it left before or while the others wait."""
    gathering = Meeting(PARTIES)
    gathering.leave("b")
    with ThreadPoolExecutor() as pool:
        waiting = pool.submit(gathering.reach, "a", timeout_s=30)
        gathering.leave("c")
        assert waiting.result()
    assert not gathering.empty
    gathering.leave("a")
    assert gathering.empty


def test_a_party_that_never_comes_is_given_up() -> None:
    """The wait has its deadline, and says that it passed."""
    assert not Meeting(PARTIES).reach("a", timeout_s=0.01)


def test_a_seat_is_given_back_whatever_happens() -> None:
    """Also where the block raises; the meeting is forgotten when the last one leaves."""

    def come() -> None:
        with seat("topic", frozenset({"a"}), "a"):
            assert "topic" in meeting._MEETINGS
            raise RuntimeError

    with pytest.raises(RuntimeError):
        come()
    assert "topic" not in meeting._MEETINGS


def test_seats_of_one_topic_are_at_one_table() -> None:
    """Two threads with the same topic meet each other."""
    both = frozenset({"a", "b"})

    def come(party: str) -> bool:
        with seat("topic", both, party) as table:
            return table.reach(party, timeout_s=30)

    with ThreadPoolExecutor() as pool:
        assert all(pool.map(come, sorted(both)))
