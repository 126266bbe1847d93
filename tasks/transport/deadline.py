"""A point in time by which something has to be over, and the means to end it then."""

from __future__ import annotations

import threading
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


class Deadline:
    """Seconds that several steps share."""

    def __init__(self, seconds: float) -> None:
        self._ends_at = time.monotonic() + seconds

    @property
    def remaining_s(self) -> float:
        """Seconds left, never negative."""
        return max(0.0, self._ends_at - time.monotonic())

    @property
    def expired(self) -> bool:
        """No time left."""
        return self.remaining_s == 0.0

    @contextmanager
    def enforced_by(self, cut: Callable[[], None]) -> Iterator[None]:
        """Call ``cut`` from another thread when time is up: the one way to end a blocking call without a timeout."""
        timer = threading.Timer(self.remaining_s, cut)
        timer.daemon = True
        timer.start()
        try:
            yield
        finally:
            timer.cancel()
