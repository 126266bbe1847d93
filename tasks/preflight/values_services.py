"""What is known about one host's services, network and cluster."""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Interface, IPv4Network  # noqa: TC003  part of the values' shapes
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tasks.preflight.values import Fact, Version


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
    """
    One probe's end.

    Attributes:
        reason: in a few words why it is not ``ok``
        asked: False where the program that asks is not on the host

    """

    ok: bool
    output: str
    reason: str = ""
    asked: bool = True
