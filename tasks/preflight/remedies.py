"""What mends a finding: a command to paste, and the chapter of ``docs/hosts.md`` that explains it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from tasks.preflight.values import Unknown

if TYPE_CHECKING:
    from tasks.preflight.values import Fact, System

Chapter = Literal[
    "machine",
    "access",
    "identity",
    "kernel",
    "sysctls",
    "swap",
    "disks",
    "time",
    "network",
    "dns",
    "firewall",
    "proxy",
    "selinux",
    "containerd",
    "kubernetes",
    "iscsi",
    "nfs",
    "multipath",
    "tools",
    "leftovers",
    "object-storage",
    "vips",
    "offline",
]
"""The chapters of ``docs/hosts.md``, by their anchors."""


def mend(command: str, chapter: Chapter) -> str:
    """The command, and where it is explained, in a comment that a shell leaves alone."""
    return f"{command}  # docs/hosts.md#{chapter}"


def at_the_seat(command: str) -> str:
    """The same for the operator's own machine, which ``docs/operate.md`` speaks of."""
    return f"{command}  # docs/operate.md#operators-machine"


def install(system: Fact[System], *, debian: str, rhel: str, chapter: Chapter) -> str:
    """Install packages with the host's own package manager; both ways where it is not known which one it has."""
    apt, dnf = f"sudo apt-get install -y {debian}", f"sudo dnf install -y {rhel}"
    if isinstance(system, Unknown):
        return mend(f"{apt} || {dnf}", chapter)
    families = {system.os_id, *system.os_like}
    if families & {"debian", "ubuntu"}:
        return mend(apt, chapter)
    return mend(dnf if families & {"rhel", "fedora", "centos"} else f"{apt} || {dnf}", chapter)
