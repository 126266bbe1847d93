"""A point in time by which something has to be over, and the means to end it then."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType


class Deadline:
    """
    Seconds that several steps share.

    As a context manager with ``on_expiry`` it calls that function, from another thread, when the time is up and the
    block still runs: the one way to end a blocking call that takes no timeout.
    """

    def __init__(self, seconds: float, on_expiry: Callable[[], None] | None = None) -> None:
        self._ends_at = time.monotonic() + seconds
        self._on_expiry = on_expiry
        self._timer: threading.Timer | None = None

    @property
    def remaining_s(self) -> float:
        """Seconds left, never negative."""
        return max(0.0, self._ends_at - time.monotonic())

    @property
    def expired(self) -> bool:
        """No time left."""
        return self.remaining_s == 0.0

    def __enter__(self) -> Deadline:
        if self._on_expiry:
            self._timer = threading.Timer(self.remaining_s, self._on_expiry)
            self._timer.daemon = True
            self._timer.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._timer:
            self._timer.cancel()
