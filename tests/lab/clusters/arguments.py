"""What everybody on a host can read of every process: its arguments. The lab's machines and pods are of this host."""

from __future__ import annotations

import threading
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

EVERY_S = 0.5


@contextmanager
def watching(seen: set[str]) -> Iterator[None]:
    """Collect the arguments of every process that is seen while the block runs."""
    over = threading.Event()

    def look() -> None:
        while not over.wait(EVERY_S):
            seen.update(_arguments())

    thread = threading.Thread(target=look)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def _arguments() -> Iterator[str]:
    for file in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            yield file.read_bytes().replace(b"\0", b" ").decode(errors="replace")
        except OSError:  # it has ended
            continue
