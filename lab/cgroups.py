"""
Control groups: where the lab's processes are counted, kept apart, found again and ended.

A lab owns one group, `fleetproof-<instance>`, in every hierarchy of the host, and within it one group per machine and
per service. A process cannot leave it by forking or by losing its parent, so whatever a crashed `up` left behind is
found here. Hosts with one unified hierarchy (v2) and those with one per controller (v1, "hybrid") differ here
and in `controllers` alone.
"""

import errno
import os
import signal
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from lab import controllers

_MOUNT_POINT = Path("/sys/fs/cgroup")
_INHERITED_BY_HAND = ("cpuset.cpus", "cpuset.mems")
_END_DEADLINE_S = 20.0


@dataclass(frozen=True, slots=True)
class Hierarchy:
    """
    One mounted hierarchy.

    Attributes:
        path: where the host has it
        kind: `cgroup2`, or `cgroup` for v1
        options: what `mount -o` needs to show the same hierarchy elsewhere; empty for v2

    """

    path: Path
    kind: str
    options: str

    @property
    def unified(self) -> bool:
        """Whether this is the v2 hierarchy."""
        return self.kind == "cgroup2"


def parse_hierarchies(mountinfo: str, controllers: frozenset[str]) -> tuple[Hierarchy, ...]:
    """
    The hierarchies under /sys/fs/cgroup, from the text of /proc/self/mountinfo (proc(5)).

    `controllers` are the names of /proc/cgroups: they tell a v1 hierarchy's options from its superblock's other ones.
    """
    found: dict[Path, Hierarchy] = {}
    for line in mountinfo.splitlines():
        before, _, after = line.partition(" - ")
        path = Path(before.split()[4])
        kind, _, options = after.split()[:3]
        if kind not in {"cgroup", "cgroup2"} or not path.is_relative_to(_MOUNT_POINT):
            continue
        named = [option for option in options.split(",") if option in controllers or option.startswith("name=")]
        own = (
            "" if kind == "cgroup2" else ",".join(named if len(named) != 1 or "=" not in named[0] else ["none", *named])
        )
        found[path] = Hierarchy(path, kind, own)
    return tuple(found[path] for path in sorted(found))


def host_hierarchies() -> tuple[Hierarchy, ...]:
    """The hierarchies of this host."""
    names = frozenset(line.split()[0] for line in Path("/proc/cgroups").read_text().splitlines() if line[0] != "#")
    return parse_hierarchies(Path("/proc/self/mountinfo").read_text(), names)


def missing_controllers(hierarchies: tuple[Hierarchy, ...]) -> tuple[str, ...]:
    """Controllers that a kubelet needs and that a new group on this host could not have, sorted."""
    offered: set[str] = set()
    for hierarchy in hierarchies:
        if hierarchy.unified:
            # a group that has processes of its own hands nothing more down, unless it is the very root (no cgroup.type)
            open_handed = not (hierarchy.path / "cgroup.type").exists() or not _members(hierarchy.path)
            file = "cgroup.controllers" if open_handed else "cgroup.subtree_control"
            offered |= set((hierarchy.path / file).read_text().split())
        else:
            offered |= set(hierarchy.options.split(","))
    return tuple(sorted(controllers.NEEDED - offered))


@dataclass(frozen=True, slots=True)
class Group:
    """One group, by the same relative name in every hierarchy."""

    name: str
    hierarchies: tuple[Hierarchy, ...]

    @property
    def folders(self) -> tuple[Path, ...]:
        """Its folder in each hierarchy, there or not."""
        return tuple(hierarchy.path / self.name for hierarchy in self.hierarchies)

    def child(self, name: str) -> "Group":
        """A group within this one."""
        return Group(f"{self.name}/{name}", self.hierarchies)

    def create(self) -> None:
        """Make the group, and its parents, ready to take processes; nothing happens to one that exists."""
        for hierarchy in self.hierarchies:
            folder = hierarchy.path
            for part in Path(self.name).parts:
                if hierarchy.unified and folder == hierarchy.path:
                    controllers.borrow(folder)
                elif hierarchy.unified:
                    controllers.hand_down(folder)
                folder /= part
                folder.mkdir(exist_ok=True)
                _inherit(folder)

    def adopt(self, pid: int) -> None:
        """Move a process, with all its threads, into the group."""
        for folder in self.folders:
            (folder / "cgroup.procs").write_text(str(pid))

    def processes(self) -> frozenset[int]:
        """Every process in the group and below it, in any hierarchy."""
        return frozenset(pid for folder in self._all_folders() for pid in _members(folder))

    def remove(self) -> None:
        """
        End every process in the group and take the group away.

        Raises:
            TimeoutError: processes survived SIGKILL for 20 s; their ids are named

        """
        deadline = time.monotonic() + _END_DEADLINE_S
        while alive := self.processes():
            for pid in alive:
                _end(pid)
            if time.monotonic() > deadline:
                raise TimeoutError(
                    f"processes {sorted(alive)} of {self.name} do not end, {_END_DEADLINE_S:.0f} s after SIGKILL"
                )
            time.sleep(0.02)
        for folder in self._all_folders():
            _remove_folder(folder, deadline)
        for hierarchy in self.hierarchies:
            if hierarchy.unified and "/" not in self.name:
                controllers.give_back(hierarchy.path)

    def _all_folders(self) -> Iterator[Path]:
        """Deepest first."""
        for folder in self.folders:
            for path, _, _ in os.walk(folder, topdown=False):
                yield Path(path)


def _members(folder: Path) -> list[int]:
    try:
        return [int(line) for line in (folder / "cgroup.procs").read_text().split()]
    except FileNotFoundError:
        return []


def _remove_folder(folder: Path, deadline: float) -> None:
    """The kernel lets a group go a moment after its last process."""
    while True:
        try:
            folder.rmdir()
        except OSError as error:
            if error.errno != errno.EBUSY or time.monotonic() > deadline:
                raise
            time.sleep(0.02)
        else:
            return


def _end(pid: int) -> None:
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        return


def _inherit(folder: Path) -> None:
    """v1's cpuset groups start with no CPU and no memory node, and take no process until they have both."""
    for name in _INHERITED_BY_HAND:
        setting = folder / name
        if setting.exists() and not (folder / "cgroup.controllers").exists() and not setting.read_text().strip():
            setting.write_text((folder.parent / name).read_text())
