"""The one round trip, and the second look at a clock that it shows only blurred."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tasks.preflight.facts import LOOKS, gather_facts
from tasks.preflight.values import Clock, Unknown
from tasks.transport.fake import ScriptedShell
from tests.unit.preflight.recordings import RECORDED, fleet, recorded_answers

if TYPE_CHECKING:
    from collections.abc import Callable

BEGUN = float(recorded_answers("lab-bare")["begun"].stdout)
WORK_S = float(recorded_answers("lab-bare")["ended"].stdout) - BEGUN


def machine() -> ScriptedShell:
    """The recorded machine."""
    shell = ScriptedShell()
    stdout = (RECORDED / "hosts" / "lab-bare" / "stdout.txt").read_text("utf-8")
    shell.answer_if(lambda command: b"begin begun" in command.stdin, stdout=stdout)
    return shell


def readings(*times: float) -> Callable[[], float]:
    """A wall clock that shows these times, one after the other."""
    left = list(times)
    return lambda: left.pop(0)


def test_a_sharp_reading_costs_one_round_trip() -> None:
    """A hundred milliseconds on the way are nothing."""
    shell = machine()
    facts = gather_facts(shell, fleet(), wall=readings(BEGUN - 0.05, BEGUN + WORK_S + 0.05))
    assert facts.clock == Clock(ahead_s=pytest.approx(0, abs=1e-6), error_s=pytest.approx(0.05, abs=1e-6))
    assert len(shell.commands) == 1


def test_a_blurred_reading_is_taken_again_and_the_sharpest_kept() -> None:
    """A busy operator saw the script take eight seconds longer; one of three short questions came back at once."""
    shell = machine()
    shell.answer("date +%s.%N", stdout=f"{BEGUN + 20:.6f}\n")
    again = (BEGUN + 19, BEGUN + 21, BEGUN + 19.9, BEGUN + 20.1, BEGUN + 19.5, BEGUN + 20.5)
    facts = gather_facts(shell, fleet(), wall=readings(BEGUN - 4, BEGUN + WORK_S + 4, *again))
    assert facts.clock == Clock(ahead_s=pytest.approx(0, abs=1e-5), error_s=pytest.approx(0.1, abs=1e-5))
    assert len(shell.commands) == 1 + LOOKS
    assert shell.mutations == []


def test_a_date_that_fails_the_second_time_keeps_the_first_reading() -> None:
    """A blurred reading is better than none."""
    shell = machine()
    shell.answer("date +%s.%N", exit_code=1, stderr="boom")
    walls = (BEGUN - 4, BEGUN + WORK_S + 4, *(BEGUN + 20,) * 2 * LOOKS)
    facts = gather_facts(shell, fleet(), wall=readings(*walls))
    assert not isinstance(facts.clock, Unknown)
    assert facts.clock.error_s == pytest.approx(4)
