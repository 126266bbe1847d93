"""Processes by id and start time: an id alone may be somebody else's by now."""

from dataclasses import dataclass
from pathlib import Path

_START_TIME_FIELD = 19  # of those after the command's name in /proc/<pid>/stat (proc(5): field 22)
_STATE_FIELD = 0


@dataclass(frozen=True, slots=True)
class ProcessId:
    """One process, once and for all."""

    pid: int
    started: int

    @property
    def alive(self) -> bool:
        """Whether this very process still runs; a zombie does not."""
        return find(self.pid) == self

    def save(self, file: Path) -> None:
        """Remember it, whole or not at all."""
        draft = file.with_suffix(".draft")
        draft.write_text(f"{self.pid} {self.started}\n")
        draft.replace(file)


def find(pid: int) -> ProcessId | None:
    """The process that has this id now; None where there is none."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return None
    return None if fields[_STATE_FIELD] in "ZX" else ProcessId(pid, int(fields[_START_TIME_FIELD]))


def remembered(file: Path) -> ProcessId | None:
    """The process that `save` wrote into the file, if it still runs."""
    try:
        pid, started = file.read_text().split()
    except FileNotFoundError:
        return None
    process = ProcessId(int(pid), int(started))
    return process if process.alive else None
