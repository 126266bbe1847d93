"""A switch on the way carries no full-sized frames."""

from typing import ClassVar

from lab import wire
from lab.faults.fault import MACHINE, Case, Fault, Parameter, a_whole_number
from lab.wire import namespaces

_ETHERNET = 1500


class Mtu(Fault):
    """The switch's port takes and gives smaller frames only, and tells nobody."""

    name: ClassVar[str] = "mtu"
    parameters = (MACHINE, Parameter("BYTES", a_whole_number(576, _ETHERNET - 1)))
    breaks: ClassVar[str] = "The machine's port silently drops packets larger than BYTES; its own eth0 still says 1500."

    def apply(self, case: Case) -> None:
        """Make the port narrow."""
        _set(case, int(case.words[1]))

    def undo(self, case: Case) -> None:
        """Make it as wide as the others."""
        _set(case, _ETHERNET)


def _set(case: Case, size: int) -> None:
    namespaces.ip(case.lab.state.network(wire.SWITCH), [f"link set {case.machine} mtu {size}"])
