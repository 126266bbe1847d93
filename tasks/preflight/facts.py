"""Ask one host everything at once: one script, one round trip, read-only."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import TYPE_CHECKING

from tasks.model.command import Command
from tasks.preflight.checks_dns import asked_names
from tasks.preflight.clock import read_clock
from tasks.preflight.host_facts import HostFacts
from tasks.preflight.limits import CLOCK_SHARP_S
from tasks.preflight.script import Answer, Section, compose, read, split
from tasks.preflight.sections import SECTIONS
from tasks.preflight.values import Unknown

if TYPE_CHECKING:
    from collections.abc import Callable

    from tasks.fleet.model import Fleet
    from tasks.model.command import Shell
    from tasks.preflight.values import Clock

TIMEOUT_S = 60.0
"""A healthy host answers within a second; a resolver that is silent adds 8 s, a containerd that hangs 10 s."""

LOOKS = 3
"""How often a clock is read again where the first reading is blurred."""

_TIME = "date +%s.%N"
BEGUN = Section(name="begun", command=_TIME, parse=float)
ENDED = Section(name="ended", command=_TIME, parse=float)
NOW = Section(name="now", command=_TIME, parse=float)


def fact_script(fleet: Fleet) -> str:
    """Write the script; what it asks of names and name servers is the inventory's."""
    variables = {
        "names": " ".join(asked_names(fleet)),
        "servers": " ".join(map(str, fleet.lan.dns)),
        "question": fleet.s3.endpoint.partition(":")[0],
    }
    return compose((BEGUN, *SECTIONS, ENDED), variables)


def gather_facts(shell: Shell, fleet: Fleet, *, wall: Callable[[], float] = time.time) -> HostFacts:
    """
    Ask a host everything in one round trip; a clock that it shows only blurred is looked at again.

    Arguments:
        wall: the operator's clock, Unix time

    Raises:
        TransportError: the host could not be asked

    """
    command = Command.script(fact_script(fleet), timeout_s=TIMEOUT_S, sudo=True)
    sent = wall()
    result = shell.run(command)
    facts = read_facts(split(result.stdout, result.stderr), sent=sent, received=wall())
    if isinstance(facts.clock, Unknown) or facts.clock.error_s <= CLOCK_SHARP_S:
        return facts
    return replace(facts, clock=_look_again(shell, facts.clock, wall))


def _look_again(shell: Shell, blurred: Clock, wall: Callable[[], float]) -> Clock:
    """A busy machine on either end held the script up: ask for the time alone, and keep the sharpest reading."""
    clocks = [blurred]
    for _ in range(LOOKS):
        sent = wall()
        result = shell.run(Command(argv=("date", "+%s.%N")))
        now = read(NOW, {NOW.name: Answer(exit_code=result.exit_code, stdout=result.stdout, stderr=result.stderr)})
        clock = read_clock(now, now, sent=sent, received=wall())
        clocks += [] if isinstance(clock, Unknown) else [clock]
    return min(clocks, key=lambda clock: clock.error_s)


def read_facts(answers: dict[str, Answer], *, sent: float, received: float) -> HostFacts:
    """Parse every section; ``sent`` and ``received`` are the operator's wall clock around the round trip."""
    return HostFacts(
        clock=read_clock(read(BEGUN, answers), read(ENDED, answers), sent=sent, received=received),
        **{section.name: read(section, answers) for section in SECTIONS},
    )
