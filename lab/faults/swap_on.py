"""One machine swaps. A stand-in: the machine's /proc/swaps says so, while the host's memory is managed as before."""

from typing import ClassVar

from lab.faults.fault import Case, Fault
from lab.machine.kernel_files import NO_SWAP, swaps_of

_SWAP = "/dev/sdb2                               partition\t2097148\t\t0\t\t-2\n"


class SwapOn(Fault):
    """The file that the machine sees as /proc/swaps gets a line."""

    name: ClassVar[str] = "swap-on"
    breaks: ClassVar[str] = "Stand-in: /proc/swaps shows a swap partition; nothing is really swapped."

    def apply(self, case: Case) -> None:
        """Add the line."""
        swaps_of(case.lab.state.machine(case.machine)).write_text(NO_SWAP + _SWAP)

    def undo(self, case: Case) -> None:
        """Take it away."""
        swaps_of(case.lab.state.machine(case.machine)).write_text(NO_SWAP)
