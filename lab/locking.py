"""One changer at a time: a lock on the lab's folder itself, so that nothing is left of it when the folder goes."""

import fcntl
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

_POLL_S = 0.2


class Busy(TimeoutError):
    """Somebody else has been changing this lab for longer than one may wait."""


@contextmanager
def changing(folder: Path, say: Callable[[str], None], deadline_s: float = 120.0) -> Iterator[int]:
    """
    Hold the lab's lock; the folder is made where it is missing.

    Yields its file descriptor: a child that inherits it keeps the lock while it works, even if its parent is killed.

    Raises:
        Busy: another process held it for `deadline_s`

    """
    deadline = time.monotonic() + deadline_s
    told = False
    while (descriptor := _try_lock(folder)) is None:
        if not told:
            say("another command is changing this lab; waiting for it")
            told = True
        if time.monotonic() > deadline:
            raise Busy(f"another command has been changing this lab ({folder}) for {deadline_s:.0f} s")
        time.sleep(_POLL_S)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def _try_lock(folder: Path) -> int | None:
    folder.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(folder, os.O_RDONLY | os.O_CLOEXEC)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        # `down` may have removed the folder between the two lines above
        if folder.exists() and os.fstat(descriptor).st_ino == folder.stat().st_ino:
            return descriptor
    except BlockingIOError:
        pass
    os.close(descriptor)
    return None
