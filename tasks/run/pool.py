"""
Jobs side by side until they end, the deadline passes or the operator stops the run.

Unlike a thread pool of the standard library this one never waits for a job that hangs: its thread is left behind as a
daemon, its result is never looked at again, and the others are not delayed.
"""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from tasks.run.interrupt import Stop

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)

_GLANCE_S = 0.1


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended(Generic[T_co]):
    """
    One job's end; exactly one of ``value``, ``error`` and ``given_up`` says how.

    Attributes:
        given_up: "deadline" or "interrupted" where the job was still busy
        started_at, ended_at: ``time.monotonic()``
        thread: the job's; alive only where it was given up

    """

    value: T_co | None = None
    error: BaseException | None = None
    given_up: str = ""
    started_at: float
    ended_at: float
    thread: threading.Thread


def run_jobs(jobs: Mapping[str, Callable[[], T]], *, deadline_at: float, stop: Stop) -> dict[str, Ended[T]]:
    """
    Run every job in a thread of its own and come back at ``deadline_at`` at the latest.

    Arguments:
        jobs: name to what has to be done; may raise anything
        deadline_at: ``time.monotonic()`` value
        stop: the operator's wish to end, and how long to be patient

    """
    ends: SimpleQueue[tuple[str, T | None, BaseException | None, float]] = SimpleQueue()
    begun = {name: (time.monotonic(), _start(name, job, ends)) for name, job in jobs.items()}
    ended: dict[str, Ended[T]] = {}
    while len(ended) < len(begun) and not (why := _over(deadline_at, stop)):
        try:
            name, value, error, at = ends.get(timeout=_GLANCE_S)
        except Empty:
            continue
        ended[name] = Ended(value=value, error=error, started_at=begun[name][0], ended_at=at, thread=begun[name][1])
    now = time.monotonic()
    for name, (started_at, thread) in begun.items():
        if name not in ended:
            ended[name] = Ended(given_up=why, started_at=started_at, ended_at=now, thread=thread)
    return {name: ended[name] for name in jobs}


def _over(deadline_at: float, stop: Stop) -> str:
    if stop.impatient:
        return "interrupted"
    return "deadline" if time.monotonic() >= deadline_at else ""


def _start(
    name: str, job: Callable[[], T], ends: SimpleQueue[tuple[str, T | None, BaseException | None, float]]
) -> threading.Thread:
    def work() -> None:
        try:
            value, error = job(), None
        except BaseException as caught:  # noqa: BLE001  even SystemExit inside a step is that host's error alone
            value, error = None, caught
        ends.put((name, value, error, time.monotonic()))

    thread = threading.Thread(target=work, name=f"step:{name}", daemon=True)
    thread.start()
    return thread
