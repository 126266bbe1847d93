"""
One machine's clock is wrong. A stand-in: all machines share the kernel's clock, and no namespace shifts it.

libfaketime, preloaded into what is run over SSH (and under sudo there) while the fault is in force, shifts what `date`
and any other program of the C library is told. Services, Go programs and the kernel keep the true time.
"""

from collections.abc import Mapping
from typing import ClassVar

from lab.faults.fault import MACHINE, Case, Fault, FaultError, Parameter, a_whole_number

_DAY_S = 86400
_LIBRARY = "/usr/lib/{arch}-linux-gnu/faketime/libfaketime.so.1"
_FILE = "/etc/environment"  # read by PAM for every login
_SUDOERS = "/etc/sudoers.d/lab-clock-skew"  # has sudo read it too
_SETTINGS = "LD_PRELOAD={library}\nFAKETIME={shift:+d}\nFAKETIME_DONT_FAKE_MONOTONIC=1\n"


class ClockSkew(Fault):
    """`date` on the machine is SECONDS ahead, or behind with a minus."""

    name: ClassVar[str] = "clock-skew"
    parameters = (MACHINE, Parameter("SECONDS", a_whole_number(-_DAY_S, _DAY_S)))
    breaks: ClassVar[str] = "Stand-in: programs run over SSH, `date` first, see a clock that is SECONDS off."

    def remember(self, case: Case) -> Mapping[str, str]:
        """The library has to be there."""
        library = _LIBRARY.format(arch=case.on_machine("uname", "-m").strip())
        if case.lab.machine(case.machine).run(["test", "-e", library]).returncode != 0:
            raise FaultError(f"the machines' root file system has no {library} (Debian package libfaketime)")
        return {"library": library, "environment": case.on_machine("sh", "-c", f"cat {_FILE} 2>/dev/null || true")}

    def apply(self, case: Case) -> None:
        """Preload it into every login, and every sudo, from now on."""
        case.write(_SUDOERS, f"Defaults env_file={_FILE}\n")
        case.write(_FILE, _SETTINGS.format(library=case.memory["library"], shift=int(case.words[1])))

    def undo(self, case: Case) -> None:
        """Write the file as it was."""
        case.on_machine("rm", "-f", _SUDOERS)
        case.write(_FILE, case.memory["environment"])
