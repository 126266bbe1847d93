"""A service of one machine is down."""

from collections.abc import Mapping
from typing import ClassVar

from lab.faults.fault import MACHINE, Case, Fault, FaultError, Parameter
from lab.plan import LabPlan, PlanError


def _a_unit(_plan: LabPlan, word: str) -> None:
    if word in {"ssh", "ssh.service"}:
        raise PlanError("without ssh the machine is out of reach; `blackhole-ssh` and `mute-ssh` are for that")


class StopService(Fault):
    """`systemctl stop`."""

    name: ClassVar[str] = "stop-service"
    parameters = (MACHINE, Parameter("UNIT", _a_unit))
    breaks: ClassVar[str] = "The unit is stopped, and stays so until healed or the next boot."

    def remember(self, case: Case) -> Mapping[str, str]:
        """It has to be running."""
        state = case.lab.machine(case.machine).run(["systemctl", "is-active", case.words[1]]).stdout.strip()
        if state != "active":
            raise FaultError(f"{case.words[1]} on {case.machine} is {state or 'unknown'}: there is nothing to stop")
        return {}

    def apply(self, case: Case) -> None:
        """Stop it."""
        case.on_machine("systemctl", "stop", case.words[1])

    def undo(self, case: Case) -> None:
        """Start it."""
        case.on_machine("systemctl", "start", case.words[1])
