"""Which distributions are known, and how their releases compare."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tasks.preflight.judge import CouldNotJudge

if TYPE_CHECKING:
    from tasks.preflight.values import System

OLDEST = {
    "ubuntu": (22, 4),
    "debian": (12, 0),
    "rhel": (8, 6),
    "rocky": (8, 6),
    "almalinux": (8, 6),
    "ol": (8, 6),
    "centos": (9, 0),
}
"""Distribution to its oldest good release: the specification's two, RHEL's rebuilds, and Debian, which the lab runs."""


def release(system: System) -> tuple[int, int]:
    """``VERSION_ID`` as (major, minor); raises ``CouldNotJudge`` where it is none."""
    major, _, minor = system.os_version.partition(".")
    if not (major.isdecimal() and (minor.isdecimal() or not minor)):
        raise CouldNotJudge(f"VERSION_ID={system.os_version!r} is no release")
    return int(major), int(minor or 0)
