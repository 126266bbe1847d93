"""What a fault is: one thing broken on purpose, in a lab that runs, and how to mend exactly that."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """
    One fault as it was asked for.

    Attributes:
        words: what stood on the command line after the fault's name, defaults added
        memory: what `Fault.remember` saw before anything broke

    """

    lab: RunningLab
    words: tuple[str, ...]
    memory: Mapping[str, str] = field(default_factory=dict)

    @property
    def machine(self) -> str:
        """The machine that breaks: the first word."""
        return self.words[0]

    def on_machine(self, *argv: str, stdin: str = "") -> str:
        """
        Run a program on the machine, as root, and return its output.

        Raises:
            FaultError: it failed; the text is its standard error

        """
        done = self.lab.machine(self.machine).run(argv, stdin=stdin)
        if done.returncode != 0:
            said = done.stderr.strip() or done.stdout.strip() or f"exit code {done.returncode}"
            raise FaultError(f"{self.machine}: {' '.join(argv)}: {said}")
        return done.stdout

    def read(self, path: str) -> str:
        """A text file of the machine."""
        return self.on_machine("cat", path)

    def write(self, path: str, content: str) -> None:
        """Put other content into a file of the machine; its owner and mode stay."""
        self.on_machine("dd", f"of={path}", "status=none", stdin=content)


@dataclass(frozen=True, slots=True)
class Parameter:
    """One word of a fault's command line; `check` raises `PlanError` for one that cannot be meant."""

    name: str
    check: Callable[[LabPlan, str], None]
    default: str | None = None


def a_machine(plan: LabPlan, word: str) -> None:
    """A machine of the lab."""
    plan.machine(word)


def a_whole_number(low: int, high: int) -> Callable[[LabPlan, str], None]:
    """A number within the bounds, both included."""

    def check(_plan: LabPlan, word: str) -> None:
        if not word.removeprefix("-").isdecimal() or not low <= int(word) <= high:
            raise PlanError(f"{word!r}: wanted a whole number from {low} to {high}")

    return check


MACHINE = Parameter("MACHINE", a_machine)


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

    def remember(self, case: Case) -> Mapping[str, str]:
        """
        Look at what `undo` will have to bring back. Changes nothing.

        Raises:
            FaultError: the fault would change nothing, or cannot be had here

        """
        del case
        return {}

    @abstractmethod
    def apply(self, case: Case) -> None:
        """Break it, and return once it is broken."""

    @abstractmethod
    def undo(self, case: Case) -> None:
        """Mend it, and return once it is whole."""
