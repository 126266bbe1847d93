"""One mutating run at a time holds the fleet."""

from __future__ import annotations

import fcntl
import getpass
import json
import os
import socket
import threading
import time
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from tasks.model.errors import Locked

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

HEARTBEAT_S = 5.0
TTL_S = 60.0
"""A heartbeat older than this, from another machine that shares the state folder, means that its run is dead."""

_SIZE = 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Owner:
    """Who holds the fleet; ``heartbeat`` is Unix time in seconds, renewed while the run lives."""

    pid: int
    host: str
    user: str
    runbook: str
    run_id: str
    started: str
    heartbeat: float

    def __str__(self) -> str:
        return f"{self.runbook} (run {self.run_id}, pid {self.pid} of {self.user} on {self.host}, since {self.started})"


@contextmanager
def hold(path: Path, *, runbook: str, run_id: str, tell: Callable[[str], None]) -> Iterator[None]:
    """
    Hold the fleet while the block runs.

    A dead owner is known by the kernel's lock where it ran on this machine, by its heartbeat where it did not, and is
    succeeded, which is told.

    Raises:
        Locked: at once, naming the owner

    """
    path.parent.mkdir(parents=True, exist_ok=True)
    handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        before = _take(handle, path)
        if before is not None:
            tell(f"took over the lock of a run that died: {before}")
        owner = _myself(runbook, run_id)
        released = threading.Event()
        _write(handle, owner)
        heart = threading.Thread(target=_beat, args=(handle, owner, released), name="lock heartbeat", daemon=True)
        heart.start()
        try:
            yield
        finally:
            released.set()
            heart.join()
            os.ftruncate(handle, 0)
    finally:
        os.close(handle)


def holder(path: Path) -> Owner | None:
    """
    Who holds the fleet now; None where nobody does.

    The lock itself is not touched: to take it for a look would turn away a run that begins just then.
    """
    try:
        handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        return None
    try:
        owner = _read(handle)
    finally:
        os.close(handle)
    return owner if owner is not None and _alive(owner) else None


def _alive(owner: Owner) -> bool:
    if time.time() - owner.heartbeat >= TTL_S:
        return False
    return owner.host != socket.gethostname() or Path(f"/proc/{owner.pid}").exists()


def _take(handle: int, path: Path) -> Owner | None:
    """Lock the file; returns the dead owner that it still names."""
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise Locked(f"the fleet is held by {_read(handle) or 'a run that is just starting'} ({path})") from None
    before = _read(handle)
    if before is not None and before.host != socket.gethostname() and time.time() - before.heartbeat < TTL_S:
        raise Locked(f"the fleet is held by {before} ({path}); its machine last said so {_age(before)} s ago")
    return before


def _age(owner: Owner) -> int:
    return round(time.time() - owner.heartbeat)


def _myself(runbook: str, run_id: str) -> Owner:
    return Owner(
        pid=os.getpid(),
        host=socket.gethostname(),
        user=getpass.getuser(),
        runbook=runbook,
        run_id=run_id,
        started=datetime.now(UTC).isoformat(timespec="seconds"),
        heartbeat=time.time(),
    )


def _read(handle: int) -> Owner | None:
    try:
        return Owner(**json.loads(os.pread(handle, _SIZE, 0)))
    except (ValueError, TypeError):
        return None


def _write(handle: int, owner: Owner) -> None:
    """Overwrite in place in one call and at one length, for the lock is on this very file and others may be reading."""
    os.pwrite(handle, json.dumps(asdict(owner)).ljust(_SIZE - 1).encode()[: _SIZE - 1] + b"\n", 0)


def _beat(handle: int, owner: Owner, released: threading.Event) -> None:
    while not released.wait(HEARTBEAT_S):
        # on this machine the kernel's lock is what counts; a full disk must not end the run
        with suppress(OSError):
            _write(handle, replace(owner, heartbeat=time.time()))
