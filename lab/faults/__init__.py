"""
Faults: what a fleet meets in the field, brought about on purpose and undone exactly.

`CATALOGUE` has them all; each is a file of this folder. `break_it` and `heal` keep the journal.
"""

from collections.abc import Sequence

from lab.faults.fault import Fault, FaultError, RunningLab
from lab.faults.journal import ActiveFault, active_faults, forget, note
from lab.faults.partition import Partition

CATALOGUE: dict[str, Fault] = {fault.name: fault for fault in (Partition(),)}


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
    memory = fault.remember(lab, complete)
    note(lab.state, name, complete, memory)
    fault.apply(lab, complete, memory)
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
        _known(active.name).undo(lab, active.words, active.memory)
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
    return complete


__all__ = ["CATALOGUE", "ActiveFault", "FaultError", "RunningLab", "active_faults", "break_it", "heal", "usage"]
