"""Where the host steps of one stage wait for each other: no VIP is asked before every probe stands behind it."""

from __future__ import annotations

import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

_MEETINGS: dict[str, Meeting] = {}
_DOOR = threading.Lock()


class Meeting:
    """
    A fixed set of parties that pass the same points in the same order.

    A party that leaves, however it does, is no longer waited for.
    """

    def __init__(self, parties: frozenset[str]) -> None:
        self._reached = dict.fromkeys(parties, 0)
        self._changed = threading.Condition()

    def reach(self, party: str, *, timeout_s: float) -> bool:
        """
        Arrive at the next point and wait until all others that are still here have arrived as well.

        Returns:
            False where the time was up first; the party goes on alone then

        """
        with self._changed:
            self._reached[party] += 1
            point = self._reached[party]
            self._changed.notify_all()
            return self._changed.wait_for(
                lambda: all(reached >= point for reached in self._reached.values()), timeout=timeout_s
            )

    def leave(self, party: str) -> None:
        """Go; nobody waits for this party any more."""
        with self._changed:
            self._reached.pop(party, None)
            self._changed.notify_all()

    @property
    def empty(self) -> bool:
        """All have left."""
        return not self._reached


@contextmanager
def seat(topic: str, parties: frozenset[str], party: str) -> Iterator[Meeting]:
    """
    Take part in a meeting while the block runs.

    Arguments:
        topic: unique to one stage of one run
        parties: everyone who takes part; the same for all

    """
    with _DOOR:
        meeting = _MEETINGS.setdefault(topic, Meeting(parties))
    try:
        yield meeting
    finally:
        meeting.leave(party)
        with _DOOR:
            if meeting.empty:
                _MEETINGS.pop(topic, None)
