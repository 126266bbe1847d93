"""Two machines were cloned from one image, and nobody renewed the machine-id."""

from collections.abc import Mapping
from typing import ClassVar

from lab.faults.fault import Case, Fault, FaultError, Parameter, a_machine

_FILE = "/etc/machine-id"


class DuplicateMachineId(Fault):
    """The first machine gets the second one's id."""

    name: ClassVar[str] = "duplicate-machine-id"
    parameters = (Parameter("MACHINE", a_machine), Parameter("OTHER", a_machine))
    breaks: ClassVar[str] = "MACHINE has the machine-id of OTHER in /etc/machine-id."

    def remember(self, case: Case) -> Mapping[str, str]:
        """The id that it has, and the one that it gets."""
        if case.words[0] == case.words[1]:
            raise FaultError("wanted two different machines")
        other = Case(lab=case.lab, words=case.words[1:])
        return {"own": case.read(_FILE), "other": other.read(_FILE)}

    def apply(self, case: Case) -> None:
        """Write the other's."""
        _write(case, case.memory["other"])

    def undo(self, case: Case) -> None:
        """Write its own."""
        _write(case, case.memory["own"])


def _write(case: Case, machine_id: str) -> None:
    case.write(_FILE, machine_id)
