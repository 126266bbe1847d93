"""What is known about one machine. Unknown is a value of its own, with a reason; nothing here is ever a guess."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TypeAlias, TypeVar

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Unknown:
    """A fact that could not be had, and why."""

    reason: str


Fact: TypeAlias = T | Unknown


@dataclass(frozen=True, slots=True, order=True)
class Version:
    """Major, minor and patch number; whatever a vendor hangs behind them is left out."""

    major: int
    minor: int
    patch: int = 0

    @classmethod
    def find(cls, text: str) -> Version:
        """The first thing in ``text`` that looks like a version; ValueError where nothing does."""
        match = re.search(r"(\d+)\.(\d+)(?:\.(\d+))?", text)
        if match is None:
            raise ValueError(f"no version in {text.strip()[:80]!r}")
        return cls(int(match[1]), int(match[2]), int(match[3] or 0))

    def __str__(self) -> str:
        return f"{self.major}.{self.minor}.{self.patch}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Clock:
    """Seconds by which a clock is ahead of the operator's, and how many seconds that may be wrong either way."""

    ahead_s: float
    error_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class System:
    """
    What the host is.

    Attributes:
        hostname, kernel: as the kernel says them
        arch: as ``uname -m`` says it
        os_id, os_like, os_version, os_name: ``ID``, ``ID_LIKE``, ``VERSION_ID``, ``PRETTY_NAME`` of /etc/os-release
        machine_id: /etc/machine-id; empty where the file is missing or empty
        product_uuid: of the firmware; empty where the machine has no DMI

    """

    hostname: str
    kernel: str
    arch: str
    os_id: str
    os_like: tuple[str, ...]
    os_version: str
    os_name: str
    machine_id: str
    product_uuid: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Capacity:
    """Memory in MiB, CPUs that the script was allowed to run on, and the user id it ran as."""

    memory_mib: int
    cpus: int
    uid: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Swap:
    """One line of /proc/swaps; sizes in KiB."""

    device: str
    kind: str
    size_kib: int
    used_kib: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Disk:
    """
    The file system below one path.

    Attributes:
        at: the nearest folder that exists
        filesystem: ``ext2/ext3``, ``xfs``, ``overlayfs`` ..., as ``stat -f`` names it
        identity: equal for two paths on one file system
        total, available: bytes; available to everyone but root
        inodes, inodes_free: both 0 where the file system counts none (btrfs)

    """

    path: str
    at: str
    filesystem: str
    identity: str
    total: int
    available: int
    inodes: int
    inodes_free: int


@dataclass(frozen=True, slots=True, kw_only=True)
class KernelConfig:
    """The file it was read from, empty where there is none, and options to ``y`` or ``m``."""

    source: str
    options: dict[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Modules:
    """
    What the kernel can do by modules.

    Attributes:
        present: loaded, or built in and visible below /sys/module
        shipped: found in the indices of /lib/modules: built in or loadable
        indices: the index files that could be read; without any, absence proves nothing

    """

    present: frozenset[str]
    shipped: frozenset[str]
    indices: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Mounts:
    """Whether ``/`` propagates mounts, and the file system type at each mount point of interest."""

    root_shared: bool
    types: dict[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Cgroups:
    """Version 1 or 2 as the kubelet sees it, and the controllers that it will find."""

    version: int
    controllers: frozenset[str]
