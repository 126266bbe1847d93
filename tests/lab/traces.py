"""Everything that a lab could leave on its host, as sets that can be compared before and after."""

import subprocess
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from lab.state import State

_CGROUPS = Path("/sys/fs/cgroup")
_SETTINGS = Path("/proc/sys")
_LAB_PREFIX = "fleetproof"
_VOLATILE = (  # counters and draws, which change by being looked at
    *("fs/dentry-state", "fs/file-nr", "fs/inode-nr", "fs/inode-state", "fs/aio-nr", "fs/quota"),
    *("kernel/ns_last_pid", "kernel/pty/nr", "kernel/random", "net/netfilter/nf_conntrack_count"),
)


@dataclass(frozen=True, slots=True)
class Traces:
    """
    What this host has; labs of other names, which may come and go meanwhile, are left out.

    Attributes:
        settings: every global kernel setting that can be read
        clock_offset_s: the time of day, less the time since boot

    """

    mounts: frozenset[str]
    links: frozenset[str]
    named_namespaces: frozenset[str]
    control_groups: frozenset[str]
    files: frozenset[str]
    settings: frozenset[tuple[str, str]]
    clock_offset_s: float


def look(state: State) -> Traces:
    """Take stock for one instance."""
    mounts = (line.split()[1] for line in Path("/proc/self/mounts").read_text().splitlines())
    links = subprocess.run(["ip", "-oneline", "link"], capture_output=True, text=True, check=True).stdout.splitlines()
    names = Path("/run/netns")
    folder = state.root.parent
    return Traces(
        mounts=_own(mounts, state),
        links=frozenset(link.split(": ")[1] for link in links),
        named_namespaces=frozenset(path.name for path in names.iterdir()) if names.is_dir() else frozenset(),
        control_groups=_own(_control_groups(), state),
        files=_own(map(str, folder.iterdir()) if folder.is_dir() else (), state),
        settings=frozenset(_settings()),
        clock_offset_s=time.time() - time.clock_gettime(time.CLOCK_BOOTTIME),
    )


def inhabitants(namespaces: Iterable[int]) -> frozenset[int]:
    """Processes that live in one of these network namespaces (inode numbers)."""
    wanted = frozenset(namespaces)
    found = set()
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if (process / "ns" / "net").stat().st_ino in wanted:
                found.add(int(process.name))
        except OSError:
            continue  # it has ended, or is one that even root may not look into; no process of a lab is
    return frozenset(found)


def _own(paths: Iterable[str], state: State) -> frozenset[str]:
    """Those of this instance, and those of no lab at all."""
    marks = (state.title, str(state.root))
    return frozenset(path for path in paths if _LAB_PREFIX not in path or any(mark in path for mark in marks))


def _control_groups() -> Iterable[str]:
    """Top-level groups of every hierarchy, and everything below a lab's."""
    for path in (*_CGROUPS.glob("*"), *_CGROUPS.glob("*/*"), *_CGROUPS.glob(f"**/{_LAB_PREFIX}-*")):
        if path.is_dir():
            yield str(path)


def _settings() -> Iterable[tuple[str, str]]:
    for path in _SETTINGS.rglob("*"):
        name = str(path.relative_to(_SETTINGS))
        if path.is_file() and not name.startswith(_VOLATILE):
            try:
                yield name, path.read_text()
            except OSError:
                continue  # some can only be written
