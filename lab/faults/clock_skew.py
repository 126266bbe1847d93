"""
One machine's clock is wrong. A stand-in: all machines share the kernel's clock, and no namespace shifts it.

libfaketime, preloaded into every program that is started while the fault is in force, shifts what `date` and any other
program of the C library is told; Go programs (kubelet, containerd) and the kernel keep the true time.
"""

from collections.abc import Mapping
from typing import ClassVar

from lab.faults.fault import MACHINE, Case, Fault, FaultError, Parameter, a_whole_number

_DAY_S = 86400
_LIBRARY = "/usr/lib/{arch}-linux-gnu/faketime/libfaketime.so.1"
_PRELOAD, _SHIFT = "/etc/ld.so.preload", "/etc/faketimerc"


class ClockSkew(Fault):
    """`date` on the machine is SECONDS ahead, or behind with a minus."""

    name: ClassVar[str] = "clock-skew"
    parameters = (MACHINE, Parameter("SECONDS", a_whole_number(-_DAY_S, _DAY_S)))
    breaks: ClassVar[str] = "Stand-in: programs of the C library, `date` first, see a clock that is SECONDS off."

    def remember(self, case: Case) -> Mapping[str, str]:
        """The library has to be there."""
        library = _LIBRARY.format(arch=case.on_machine("uname", "-m").strip())
        if case.lab.machine(case.machine).run(["test", "-e", library]).returncode != 0:
            raise FaultError(f"the machines' root file system has no {library} (Debian package libfaketime)")
        return {"library": library}

    def apply(self, case: Case) -> None:
        """The shift first, then the library that reads it."""
        case.write(_SHIFT, f"{int(case.words[1]):+d}\n")
        case.write(_PRELOAD, f"{case.memory['library']}\n")

    def undo(self, case: Case) -> None:
        """The library first."""
        case.on_machine("rm", "-f", _PRELOAD, _SHIFT)
