"""A wait ends, and can say what it saw."""

from __future__ import annotations

import pytest

from tasks.model.errors import WaitTimeout
from tasks.run.wait import wait_for


class World:
    """Time that passes only by sleeping, and a value that follows it."""

    def __init__(self) -> None:
        self.now = 100.0
        self.slept: list[float] = []

    def clock(self) -> float:
        """Seconds."""
        return self.now

    def sleep(self, seconds: float) -> None:
        """Let time pass."""
        self.slept.append(seconds)
        self.now += seconds


def test_what_is_done_at_once_waits_for_nothing() -> None:
    """The first observation may be enough."""
    world = World()
    assert wait_for("x", lambda: 7, done=lambda _: True, timeout_s=5, clock=world.clock, sleep=world.sleep) == 7
    assert world.slept == []


def test_the_observation_that_is_done_is_returned_and_changes_are_told() -> None:
    """The same sight is told once, a new one again."""
    world, said = World(), []

    def observe() -> int:
        return int(world.now - 100) // 2

    seen = wait_for(
        "pods to run",
        observe,
        done=lambda count: count == 2,
        timeout_s=10,
        say=said.append,
        show=lambda count: f"{count}/2 running",
        clock=world.clock,
        sleep=world.sleep,
    )
    assert seen == 2
    assert said == [
        "waiting for pods to run; last seen: 0/2 running",
        "waiting for pods to run; last seen: 1/2 running",
    ]


def test_a_wait_ends_at_its_deadline_with_what_was_last_seen() -> None:
    """The last look is taken at the deadline, even where the interval would reach beyond."""
    world = World()
    with pytest.raises(WaitTimeout) as ended:
        wait_for(
            "the API server",
            lambda: world.now,
            done=lambda _: False,
            timeout_s=5,
            every_s=2,
            clock=world.clock,
            sleep=world.sleep,
        )
    assert world.slept == [2, 2, 1]
    assert ended.value.last == "105.0"
    assert "waited 5 s for the API server; last seen: 105.0" in str(ended.value)


def test_what_an_observation_raises_ends_the_wait() -> None:
    """An error is not a reason to wait on in silence."""
    world = World()

    def observe() -> int:
        raise PermissionError("denied")

    with pytest.raises(PermissionError):
        wait_for("x", observe, done=bool, timeout_s=5, clock=world.clock, sleep=world.sleep)
    assert world.slept == []
