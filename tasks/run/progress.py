"""What a run is doing, told while it runs. Plain lines here; the live picture for a terminal is in ``live.py``."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, TextIO

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType
    from typing import Self

FIRST_REMINDER_S = 15.0
NEXT_REMINDER_S = 30.0


@dataclass(slots=True, kw_only=True)
class Doing:
    """What one target does now; times are ``time.monotonic()``."""

    what: str
    since: float
    remind_at: float


@dataclass(slots=True)
class Board:
    """Who does what, and since when; holds no lock, ``View`` does."""

    doings: dict[str, Doing] = field(default_factory=dict)

    def put(self, target: str, what: str, now: float) -> bool:
        """Note it; False where that is what the target was doing anyway."""
        before = self.doings.get(target)
        if before is not None and before.what == what:
            return False
        self.doings[target] = Doing(what=what, since=now, remind_at=now + FIRST_REMINDER_S)
        return True

    def overdue(self, now: float) -> list[tuple[str, Doing]]:
        """Those whose turn it is to be reminded of; each is due again later."""
        due = [(target, doing) for target, doing in self.doings.items() if now >= doing.remind_at]
        for _, doing in due:
            doing.remind_at = now + NEXT_REMINDER_S
        return due


class View:
    """
    Progress as lines with the time of day and no control codes; safe from any thread, never raises.

    Arguments:
        stream: where the lines go; standard error in a run
        mask: takes secrets out of a line
        clock: monotonic seconds

    """

    tick_s = 1.0

    def __init__(
        self, stream: TextIO, mask: Callable[[str], str], *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._stream, self._mask, self._clock = stream, mask, clock
        self._lock = threading.RLock()
        self._board = Board()
        self._last: dict[str, str] = {}
        self._over = threading.Event()
        self._ticker = threading.Thread(target=self._tick, name="progress", daemon=True)

    def __enter__(self) -> Self:
        self._ticker.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._over.set()
        self._ticker.join(timeout=2 * self.tick_s)

    def doing(self, target: str, what: str) -> None:
        """Say what one host (or ``FLEET``) is doing or waiting for now."""
        what = self._mask(what)
        with self._lock:
            self._last[target] = what
            if self._board.put(target, what, self._clock()):
                self._doing(target, what)

    def idle(self, target: str) -> None:
        """Say that a host's step has ended."""
        with self._lock:
            self._board.doings.pop(target, None)

    def last_seen(self, target: str) -> str:
        """What a host was doing last, for whoever gives it up."""
        with self._lock:
            return self._last.get(target, "")

    def note(self, text: str) -> None:
        """Say something that is worth a line of its own."""
        self._line(self._mask(text))

    def stage(self, number: int, total: int, title: str) -> None:
        """Say that a stage begins."""
        self._line(f"[{number}/{total}] {title}")

    def _doing(self, target: str, what: str) -> None:
        self._line(f"      {target}: {what}")

    def _remind(self, now: float) -> None:
        for target, doing in self._board.overdue(now):
            self._line(f"      {target}: still, after {now - doing.since:.0f} s: {doing.what}")

    def _tick(self) -> None:
        while not self._over.wait(self.tick_s):
            with self._lock:
                self._remind(self._clock())

    def _line(self, text: str) -> None:
        with self._lock:
            try:
                self._stream.write(f"{datetime.now(UTC):%H:%M:%SZ} {text}\n")
                self._stream.flush()
            except (OSError, ValueError):
                # a reader that has gone away must not end a deployment
                return
