"""Waiting for something in the world: always with a deadline, always able to say what was last seen."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, TypeVar

from tasks.model.errors import WaitTimeout

if TYPE_CHECKING:
    from collections.abc import Callable

T = TypeVar("T")


def wait_for(  # noqa: PLR0913  all but three are for tests and taste
    what: str,
    observe: Callable[[], T],
    *,
    done: Callable[[T], bool],
    timeout_s: float,
    every_s: float = 1.0,
    say: Callable[[str], None] = lambda _text: None,
    show: Callable[[T], str] = str,
    clock: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], None] = time.sleep,
) -> T:
    """
    Observe until it is done, or give up; arguments as those of ``watch``.

    Raises:
        WaitTimeout: with the last observation

    """
    began = clock()
    seen = watch(
        what, observe, done=done, timeout_s=timeout_s, every_s=every_s, say=say, show=show, clock=clock, sleep=sleep
    )
    if done(seen):
        return seen
    raise WaitTimeout(what, clock() - began, show(seen))


def watch(  # noqa: PLR0913  all but three are for tests and taste
    what: str,
    observe: Callable[[], T],
    *,
    done: Callable[[T], bool],
    timeout_s: float,
    every_s: float = 1.0,
    say: Callable[[str], None] = lambda _text: None,
    show: Callable[[T], str] = str,
    clock: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], None] = time.sleep,
) -> T:
    """
    Observe until it is done or time is up; the last observation is made at the deadline, not before it.

    Arguments:
        what: noun phrase: "node cluster-01 to be Ready"
        observe: looks once; what it raises ends the watch
        done: whether the observation is what is waited for; a pure function of it
        timeout_s, every_s: seconds in all, and between two observations
        say: told what is waited for and what was seen, whenever that changes
        show: the observation as the operator reads it

    Returns:
        the last observation, which the caller judges

    """
    began = clock()
    said = ""
    while True:
        seen = observe()
        left = timeout_s - (clock() - began)
        if done(seen) or left <= 0:
            return seen
        if (text := f"waiting for {what}; last seen: {show(seen)}") != said:
            say(text)
            said = text
        sleep(min(every_s, left))
