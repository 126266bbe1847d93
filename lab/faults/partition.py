"""Somebody pulls the network cable of one machine."""

from typing import ClassVar

from lab import wire
from lab.faults.fault import Case, Fault
from lab.wire import namespaces


class Partition(Fault):
    """The switch's port goes down."""

    name: ClassVar[str] = "partition"
    breaks: ClassVar[str] = "The machine runs on, but nothing reaches it and it reaches nothing: its port is down."

    def apply(self, case: Case) -> None:
        """Take the port down."""
        namespaces.ip(case.lab.state.network(wire.SWITCH), [f"link set {case.machine} down"])

    def undo(self, case: Case) -> None:
        """Bring the port up."""
        namespaces.ip(case.lab.state.network(wire.SWITCH), [f"link set {case.machine} up"])
