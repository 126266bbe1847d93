"""What the building machine itself needs: packages, installed where they are missing, and what no package can mend."""

import os
import shutil
import subprocess
from pathlib import Path

from lab.build.debian import host_release
from lab.build.workshop import BuildError, Say

PACKAGES = ("mmdebstrap", "gcc", "libc6-dev", "ca-certificates", "maven")
"""
mmdebstrap makes file systems; gcc and its library make the pause program, which is C; Maven fetches OpenSearch.
"""

_GIB = 1 << 30
_SUPPORTED = ("debian", "ubuntu")


def missing_requirements() -> tuple[str, ...]:
    """The Debian packages that this machine lacks to build; `lab.build.ensure` installs them."""
    try:
        argv = ["dpkg-query", "--show", "--showformat", "${Package} ${db:Status-Status}\n", *PACKAGES]
        known = subprocess.run(argv, text=True, capture_output=True, check=False).stdout
    except FileNotFoundError:
        return PACKAGES
    return tuple(package for package in PACKAGES if f"{package} installed" not in known.splitlines())


def install_requirements(say: Say) -> None:
    """Bring apt's indexes up to date and install what is missing."""
    _apt_get("update")
    if missing := missing_requirements():
        say(f"this machine: installing {', '.join(missing)}")
        _apt_get("install", "--yes", "--no-install-recommends", *missing)


def refuse_unfit_host(cache: Path, wanted_gib: int) -> None:
    """
    Say at once what no package can mend.

    Raises:
        BuildError: not root, no apt, another distribution, or too little disk

    """
    if os.geteuid() != 0:
        raise BuildError("building the lab's file systems needs root: run it through sudo")
    if host_release()[0] not in _SUPPORTED or shutil.which("apt-get") is None:
        raise BuildError(f"the lab is built on Debian or Ubuntu; this is {host_release()[0]}")
    free_gib = shutil.disk_usage(next(folder for folder in (cache, *cache.parents) if folder.is_dir())).free / _GIB
    if free_gib < wanted_gib:
        raise BuildError(
            f"a build needs {wanted_gib} GiB of free disk, {cache} has {free_gib:.1f}: "
            "make room, or set XDG_CACHE_HOME to a larger disk"
        )


def _apt_get(*argv: str) -> None:
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    done = subprocess.run(["apt-get", "--quiet", *argv], env=environment, text=True, capture_output=True, check=False)
    if done.returncode != 0:
        raise BuildError(f"apt-get {argv[0]} failed: {done.stderr.strip()}")
