"""Who is doing what, since when, and whose turn it is to be reminded of. Knows no clock, lock or stream."""

from __future__ import annotations

from dataclasses import dataclass, field

FIRST_REMINDER_S = 15.0
NEXT_REMINDER_S = 30.0


@dataclass(slots=True)
class Doing:
    """What one target does; times are ``time.monotonic()``; ``ended`` is None meanwhile."""

    what: str
    since: float
    begun: float
    remind_at: float
    ended: float | None = None
    good: bool = True


@dataclass(slots=True)
class Board:
    """One stage's targets, in the order in which they began."""

    doings: dict[str, Doing] = field(default_factory=dict)

    def clear(self) -> None:
        """A new stage begins."""
        self.doings.clear()

    def put(self, target: str, what: str, now: float) -> bool:
        """Note what a target does now; False where that is what it was doing anyway."""
        before = self.doings.get(target)
        if before is not None and before.ended is None and before.what == what:
            return False
        begun = before.begun if before is not None and before.ended is None else now
        self.doings[target] = Doing(what=what, since=now, begun=begun, remind_at=now + FIRST_REMINDER_S)
        return True

    def end(self, target: str, now: float, *, good: bool) -> None:
        """A target's step has ended."""
        if target in self.doings:
            self.doings[target].ended, self.doings[target].good = now, good

    def last(self, target: str) -> str:
        """What a target did last; empty where it never said."""
        return self.doings[target].what if target in self.doings else ""

    def overdue(self, now: float) -> list[tuple[str, Doing]]:
        """Those that have done the same for long enough to be reminded of; each is due again later."""
        due = [(target, one) for target, one in self.doings.items() if one.ended is None and now >= one.remind_at]
        for _, one in due:
            one.remind_at = now + NEXT_REMINDER_S
        return due
