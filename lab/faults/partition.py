"""Somebody pulls the network cable of one machine."""

from collections.abc import Sequence
from typing import ClassVar

from lab import wire
from lab.faults.fault import Fault, Memory, RunningLab
from lab.wire import namespaces


class Partition(Fault):
    """The switch's port goes down."""

    name: ClassVar[str] = "partition"
    breaks: ClassVar[str] = (
        "The machine runs on, but nothing reaches it and it reaches nothing: its port on the switch is down."
    )

    def apply(self, lab: RunningLab, words: Sequence[str], memory: Memory) -> None:
        """Take the port down."""
        del memory
        namespaces.ip(lab.state.network(wire.SWITCH), [f"link set {words[0]} down"])

    def undo(self, lab: RunningLab, words: Sequence[str], memory: Memory) -> None:
        """Bring the port up."""
        del memory
        namespaces.ip(lab.state.network(wire.SWITCH), [f"link set {words[0]} up"])
