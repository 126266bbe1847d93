"""Ask one host everything at once: one script, one round trip, read-only."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from tasks.model.command import Command
from tasks.preflight.checks_dns import asked_names
from tasks.preflight.clock import read_clock
from tasks.preflight.host_facts import HostFacts
from tasks.preflight.script import Section, compose, read, split
from tasks.preflight.sections import SECTIONS

if TYPE_CHECKING:
    from collections.abc import Callable

    from tasks.fleet.model import Fleet
    from tasks.model.command import Shell
    from tasks.preflight.script import Answer

TIMEOUT_S = 60.0
"""A healthy host answers within a second; a resolver that is silent adds 8 s, a containerd that hangs 10 s."""

_NOW = "date +%s.%N"
BEGUN = Section(name="begun", command=_NOW, parse=float)
ENDED = Section(name="ended", command=_NOW, parse=float)


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
    Ask a host everything in one round trip.

    Arguments:
        wall: the operator's clock, Unix time

    Raises:
        TransportError: the host could not be asked

    """
    command = Command.script(fact_script(fleet), timeout_s=TIMEOUT_S, sudo=True)
    sent = wall()
    result = shell.run(command)
    return read_facts(split(result.stdout, result.stderr), sent=sent, received=wall())


def read_facts(answers: dict[str, Answer], *, sent: float, received: float) -> HostFacts:
    """Parse every section; ``sent`` and ``received`` are the operator's wall clock around the round trip."""
    return HostFacts(
        clock=read_clock(read(BEGUN, answers), read(ENDED, answers), sent=sent, received=received),
        **{section.name: read(section, answers) for section in SECTIONS},
    )
