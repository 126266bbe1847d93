"""What a fault is: one thing broken on purpose, in a lab that runs, and how to mend exactly that."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

from lab.machine.power import PoweredMachine
from lab.plan import LabPlan, PlanError
from lab.record import Materials
from lab.state import State


class FaultError(RuntimeError):
    """The fault cannot be had here, or cannot be undone; the text says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunningLab:
    """The lab that is to break."""

    plan: LabPlan
    materials: Materials
    state: State

    def machine(self, name: str) -> PoweredMachine:
        """A machine by name, on or off."""
        return PoweredMachine(self.plan.machine(name).name, self.state)

    def must(self, machine: str, *argv: str, stdin: str = "") -> str:
        """
        Run a program on a machine, as root, and return its output.

        Raises:
            FaultError: it failed; the text is its standard error

        """
        done = self.machine(machine).run(argv, stdin=stdin)
        if done.returncode != 0:
            raise FaultError(f"{machine}: {' '.join(argv)}: {done.stderr.strip() or f'exit code {done.returncode}'}")
        return done.stdout


@dataclass(frozen=True, slots=True)
class Parameter:
    """One word of a fault's command line; `check` raises `ValueError` for one that cannot be meant."""

    name: str
    check: Callable[[LabPlan, str], object]
    default: str | None = None


def a_machine(plan: LabPlan, word: str) -> object:
    """A machine of the lab."""
    return plan.machine(word)


def a_whole_number(low: int, high: int) -> Callable[[LabPlan, str], object]:
    """A number within the bounds, both included."""

    def check(_plan: LabPlan, word: str) -> object:
        if not word.lstrip("-").isdigit() or not low <= int(word) <= high:
            raise PlanError(f"{word!r}: wanted a whole number from {low} to {high}")
        return int(word)

    return check


def anything(_plan: LabPlan, word: str) -> object:
    """Any word; the fault itself says what is wrong with it."""
    return word


MACHINE = Parameter("MACHINE", a_machine)

Memory = Mapping[str, str]


class Fault(ABC):
    """
    One kind of fault. `apply` and `undo` may be repeated: a crash in between leaves nothing that `undo` cannot mend.

    Attributes:
        name: its word on the command line
        parameters: the words that follow
        breaks: one sentence for the operator

    """

    name: ClassVar[str]
    parameters: ClassVar[tuple[Parameter, ...]] = (MACHINE,)
    breaks: ClassVar[str]

    def remember(self, lab: RunningLab, words: Sequence[str]) -> Memory:
        """
        Look at what `undo` will have to bring back. Changes nothing.

        Raises:
            FaultError: the fault would change nothing, or cannot be had here

        """
        del lab, words
        return {}

    @abstractmethod
    def apply(self, lab: RunningLab, words: Sequence[str], memory: Memory) -> None:
        """Break it, and return once it is broken."""

    @abstractmethod
    def undo(self, lab: RunningLab, words: Sequence[str], memory: Memory) -> None:
        """Mend it, and return once it is whole."""
