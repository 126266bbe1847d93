"""The operator's wish to end a run: Ctrl-C or a termination signal."""

from __future__ import annotations

import signal
import threading
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

from tasks.model.errors import FleetError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import FrameType

GRACE_S = 10.0
"""How long steps that are under way may go on after the first signal; a second one ends the wait."""


class Interrupted(FleetError):
    """The operator ended the run while this step was under way."""


class Stop:
    """Whether, why and how urgently a run has to end. Set from a signal handler, read from everywhere."""

    def __init__(self, *, grace_s: float = GRACE_S, clock: Callable[[], float] = time.monotonic) -> None:
        self._grace_s, self._clock = grace_s, clock
        self._patience_ends = float("inf")
        self.reason = ""

    def request(self, reason: str) -> None:
        """Ask once to begin nothing new, twice to wait no longer."""
        self._patience_ends = self._clock() + (0.0 if self.reason else self._grace_s)
        self.reason = self.reason or reason

    @property
    def requested(self) -> bool:
        """Nothing new may begin."""
        return bool(self.reason)

    @property
    def impatient(self) -> bool:
        """What is still under way is not waited for any longer."""
        return self._clock() >= self._patience_ends


@contextmanager
def signals_stop(stop: Stop, tell: Callable[[str], None]) -> Iterator[None]:
    """Route SIGINT and SIGTERM to ``stop`` while the block runs; only the main thread may enter."""

    def handle(number: int, _frame: FrameType | None) -> None:
        text = (
            "ending now; what still runs is left behind"
            if stop.requested
            else f"{signal.Signals(number).name}: nothing new begins; steps under way get {GRACE_S:.0f} s"
        )
        stop.request(signal.Signals(number).name)
        # a handler runs between any two instructions of the main thread, which may be holding the view's lock
        threading.Thread(target=tell, args=(text,), daemon=True).start()

    before = {number: signal.signal(number, handle) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
