"""What is known about one host. Unknown is a value of its own, with a reason; nothing here is ever a guess."""

from __future__ import annotations

import re
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Interface, IPv4Network  # noqa: TC003  part of the values' shapes
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Unit:
    """One systemd unit: is it there, does it run, does it start at boot, and what is in its environment."""

    loaded: bool
    active: bool
    enabled: bool
    state: str
    environment: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Listener:
    """One listening socket; ``holders`` are (process name, pid)."""

    protocol: str
    address: str
    port: int
    holders: tuple[tuple[str, int], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """One network interface; ``kind`` is empty for hardware, else ``veth``, ``bridge``, ``vxlan`` ..."""

    name: str
    mac: str
    mtu: int
    kind: str
    up: bool
    addresses: tuple[IPv4Interface, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """One IPv4 route of the main table; ``gateway`` is None on a directly attached network."""

    to: IPv4Network
    device: str
    gateway: IPv4Address | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Programs:
    """
    What programs say of themselves.

    Attributes:
        versions: of ``kubelet``, ``kubeadm``, ``kubectl`` and the containerd that runs; Unknown where one cannot say
        cri: the plugin that answers the kubelet: ``ok``, ``error``, ``skip``; ``missing`` where containerd has none,
            ``silent: ...`` where its socket does not answer

    """

    versions: dict[str, Fact[Version]]
    cri: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ContainerdConfig:
    """What containerd's files add up to; None where the file is silent and the version's default holds."""

    cri_disabled: bool
    systemd_cgroup: bool | None
    sandbox_image: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Admin:
    """The cluster that /etc/kubernetes/admin.conf speaks of; never a credential."""

    name: str
    server: str
    ca: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Resolved:
    """What the host's own resolver made of one name; no addresses and a reason where it made nothing."""

    addresses: frozenset[IPv4Address]
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class NameServer:
    """
    What one DNS server answered when it was asked directly.

    Attributes:
        rcode: 0 NOERROR, 2 SERVFAIL, 3 NXDOMAIN, 5 REFUSED; None where no answer came
        addresses: of the name that was asked for
        reason: why no answer came

    """

    rcode: int | None
    addresses: frozenset[IPv4Address] = frozenset()
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Probe:
    """One probe's end; ``reason`` says in a few words why it is not ``ok``."""

    ok: bool
    output: str
    reason: str = ""
