"""
Faults: what a fleet meets in the field, brought about on purpose and undone exactly.

`CATALOGUE` has them all; each is a file of this folder. `break_it` and `heal` keep the journal.
"""

from collections.abc import Sequence

from lab.faults.blackhole_ssh import BlackholeSsh
from lab.faults.changed_hostkey import ChangedHostkey
from lab.faults.clock_skew import ClockSkew
from lab.faults.dns_away import DnsAway
from lab.faults.duplicate_machine_id import DuplicateMachineId
from lab.faults.expired_cert import ExpiredCert
from lab.faults.fault import Case, Fault, FaultError, RunningLab, a_machine
from lab.faults.fill_disk import FillDisk
from lab.faults.foreign_vip import ForeignVip
from lab.faults.journal import ActiveFault, active_faults, forget, note
from lab.faults.mtu import Mtu
from lab.faults.mute_ssh import MuteSsh
from lab.faults.no_forwarding import NoForwarding
from lab.faults.partition import Partition
from lab.faults.s3_away import S3Away
from lab.faults.slow_link import SlowLink
from lab.faults.stop_service import StopService
from lab.faults.swap_on import SwapOn
from lab.faults.wrong_cgroup_driver import WrongCgroupDriver

_KINDS: tuple[type[Fault], ...] = (
    Partition,
    BlackholeSsh,
    MuteSsh,
    SlowLink,
    Mtu,
    ForeignVip,
    DnsAway,
    S3Away,
    StopService,
    FillDisk,
    NoForwarding,
    WrongCgroupDriver,
    ChangedHostkey,
    ExpiredCert,
    DuplicateMachineId,
    ClockSkew,
    SwapOn,
)
CATALOGUE: dict[str, Fault] = {kind.name: kind() for kind in _KINDS}
"""Every fault by its word on the command line."""


def usage(fault: Fault) -> str:
    """The command line of a fault: its name and its parameters, the optional ones in brackets."""
    words = [parameter.name if parameter.default is None else f"[{parameter.name}]" for parameter in fault.parameters]
    return " ".join((fault.name, *words))


def break_it(lab: RunningLab, name: str, words: Sequence[str]) -> str:
    """
    Bring one fault about and return its title.

    Raises:
        FaultError: unknown, wrongly called, already in force, or not to be had here
        PlanError: a word names no machine, or no sensible number

    """
    fault = _known(name)
    complete = _complete(lab, fault, words)
    title = " ".join((name, *complete))
    if any(active.title == title for active in active_faults(lab.state)):
        raise FaultError(f"{title} is in force already; `python -m lab heal` undoes it")
    memory = fault.remember(Case(lab=lab, words=complete))
    note(lab.state, name, complete, memory)
    fault.apply(Case(lab=lab, words=complete, memory=memory))
    return title


def heal(lab: RunningLab, name: str | None = None, words: Sequence[str] = ()) -> tuple[str, ...]:
    """
    Undo the faults of that name (all without one) whose words begin with `words`, latest first; return their titles.

    Raises:
        FaultError: none such is in force, or one does not let itself be undone; it stays in the journal

    """
    chosen = [
        active
        for active in active_faults(lab.state)
        if name in {None, active.name} and active.words[: len(words)] == tuple(words)
    ]
    if name is not None and not chosen:
        raise FaultError(f"no fault {' '.join((name, *words))!r} is in force")
    for active in chosen:
        _known(active.name).undo(Case(lab=lab, words=active.words, memory=active.memory))
        forget(lab.state, active)
    return tuple(active.title for active in chosen)


def _known(name: str) -> Fault:
    if name not in CATALOGUE:
        raise FaultError(f"no fault is called {name!r}; there are {', '.join(sorted(CATALOGUE))}")
    return CATALOGUE[name]


def _complete(lab: RunningLab, fault: Fault, words: Sequence[str]) -> tuple[str, ...]:
    """The words with the defaults added, each one checked."""
    defaults = [parameter.default for parameter in fault.parameters[len(words) :]]
    if len(words) > len(fault.parameters) or None in defaults:
        raise FaultError(f"wanted: {usage(fault)}")
    complete = (*words, *(default for default in defaults if default is not None))
    for parameter, word in zip(fault.parameters, complete, strict=True):
        parameter.check(lab.plan, word)
        if parameter.check is a_machine and lab.machine(word).process is None:
            raise FaultError(f"{word} is off; `python -m lab up` starts it")
    return complete


__all__ = ["CATALOGUE", "ActiveFault", "FaultError", "RunningLab", "active_faults", "break_it", "heal", "usage"]
