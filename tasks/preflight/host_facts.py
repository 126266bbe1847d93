"""Everything that one round trip tells of a host."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tasks.preflight.values import Capacity, Cgroups, Clock, Disk, Fact, KernelConfig, Modules, Mounts, Swap, System
    from tasks.preflight.values_services import (
        Admin,
        ContainerdConfig,
        Link,
        Listener,
        NameServer,
        Programs,
        Resolved,
        Route,
        Unit,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class HostFacts:
    """
    One field per section of the script, each a value or Unknown with the reason.

    Attributes:
        clock: against the operator's
        disks: by path
        sysctls: by key; None for a key that the kernel does not have
        units: by every name that a unit goes by
        tools: program to its path; empty where it is not on the PATH
        kubelet: what already sets the kubelet's cgroup driver, as ``{"cgroup-driver": ...}``
        admin: the cluster of admin.conf; None on a bare host
        leftovers: paths and devices that a bare host would not have
        multipath: devnode patterns that multipathd leaves alone
        security: files of SELinux and AppArmor to their content
        ufw: switched on
        nameservers: of /etc/resolv.conf
        names: host name and DNS records through the host's own resolver
        dns: address of each of the site's name servers to its answer
        proxies: lower-case variable to value, user and password masked

    """

    clock: Fact[Clock]
    system: Fact[System]
    capacity: Fact[Capacity]
    swaps: Fact[tuple[Swap, ...]]
    disks: Fact[dict[str, Disk]]
    kernel_config: Fact[KernelConfig]
    modules: Fact[Modules]
    sysctls: Fact[dict[str, int | None]]
    mounts: Fact[Mounts]
    cgroups: Fact[Cgroups]
    units: Fact[dict[str, Unit]]
    listeners: Fact[tuple[Listener, ...]]
    links: Fact[tuple[Link, ...]]
    routes: Fact[tuple[Route, ...]]
    tools: Fact[dict[str, str]]
    programs: Fact[Programs]
    containerd: Fact[ContainerdConfig]
    kubelet: Fact[dict[str, str]]
    admin: Fact[Admin | None]
    leftovers: Fact[tuple[str, ...]]
    multipath: Fact[tuple[str, ...]]
    security: Fact[dict[str, tuple[str, ...] | None]]
    ufw: Fact[bool]
    nameservers: Fact[tuple[str, ...]]
    names: Fact[dict[str, Resolved]]
    dns: Fact[dict[str, NameServer]]
    proxies: Fact[dict[str, str]]
