"""What a person sees while the lab works: a line per step, with the time since the start. Safe from several threads."""

import sys
import threading
import time
from typing import TextIO


class Progress:
    """Prints to standard error, so that standard output stays what was asked for."""

    def __init__(self, stream: TextIO | None = None) -> None:
        self._stream = sys.stderr if stream is None else stream
        self._start = time.monotonic()
        self._lock = threading.Lock()

    @property
    def elapsed_s(self) -> float:
        """Seconds since the start."""
        return time.monotonic() - self._start

    def __call__(self, line: str) -> None:
        """Say one line."""
        with self._lock:
            print(f"{self.elapsed_s:6.1f} s  {line}", file=self._stream, flush=True)
