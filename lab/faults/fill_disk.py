"""A file system of one machine is full to the last byte."""

from collections.abc import Mapping
from typing import ClassVar

from lab.faults.fault import MACHINE, Case, Fault, FaultError, Parameter
from lab.plan import LabPlan, PlanError

_SIZE = "64m"
_SOURCE = "lab-fill-disk"


def _a_path(_plan: LabPlan, word: str) -> None:
    if not word.startswith("/") or word == "/":
        raise PlanError(f"{word!r}: wanted an absolute path other than /")


class FillDisk(Fault):
    """A small file system is mounted over the folder and filled: the host's own disk is not touched."""

    name: ClassVar[str] = "fill-disk"
    parameters = (MACHINE, Parameter("PATH", _a_path, default="/var/lib/longhorn"))
    breaks: ClassVar[str] = (
        "The folder's file system is 64 MiB and full; what was in the folder is hidden until healed."
    )

    def remember(self, case: Case) -> Mapping[str, str]:
        """It has to be a folder, and not one that runs programs from."""
        if case.lab.machine(case.machine).run(["test", "-d", case.words[1]]).returncode != 0:
            raise FaultError(f"{case.machine} has no folder {case.words[1]}")
        return {}

    def apply(self, case: Case) -> None:
        """Mount and fill; that `dd` meets the end of the disk is what it is for."""
        path = case.words[1]
        case.on_machine("mount", "-t", "tmpfs", "-o", f"size={_SIZE}", _SOURCE, path)
        case.lab.machine(case.machine).run(["dd", "if=/dev/zero", f"of={path}/full", "bs=1M", "status=none"])

    def undo(self, case: Case) -> None:
        """Take the small file system away, as often as it was mounted."""
        question = ["findmnt", "--noheadings", "--output=SOURCE", "--mountpoint", case.words[1]]
        while _SOURCE in case.lab.machine(case.machine).run(question).stdout:
            case.on_machine("umount", case.words[1])
