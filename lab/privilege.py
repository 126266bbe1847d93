"""Root rights: asked for plainly, through sudo, with what they are for."""

import os
import shutil
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path


class NoRoot(PermissionError):
    """This is not root and cannot become it."""


def become_root(arguments: Sequence[str], purpose: str, module: str = "lab") -> None:
    """
    Return if this is root already; otherwise say why it has to be, and start this very command again through sudo.

    Arguments:
        module: what `python -m` runs

    Raises:
        NoRoot: there is no sudo

    """
    if os.geteuid() == 0:
        return
    if shutil.which("sudo") is None:
        raise NoRoot(f"root rights are needed to {purpose}, and there is no sudo here; run this as root")
    print(f"root rights are needed to {purpose}; sudo may ask for your password", file=sys.stderr, flush=True)
    command = sudo_command(arguments, os.environ, Path.home(), module)
    os.execvp(command[0], command)  # noqa: S606 - no shell line


def sudo_command(
    arguments: Sequence[str], environment: Mapping[str, str], home: Path, module: str = "lab"
) -> list[str]:
    """
    The argv that repeats this program as root with the caller's environment.

    sudo replaces PATH and HOME even then, so they are given by name, with the folders that follow from them; everything
    else, secrets above all, travels in the environment alone.
    """
    kept = {
        "HOME": str(home),
        "PATH": environment.get("PATH", os.defpath),
        "XDG_STATE_HOME": environment.get("XDG_STATE_HOME") or str(home / ".local" / "state"),
        "XDG_CACHE_HOME": environment.get("XDG_CACHE_HOME") or str(home / ".cache"),
    }
    assignments = [f"{name}={value}" for name, value in kept.items()]
    return ["sudo", "--preserve-env", "--", "env", *assignments, sys.executable, "-m", module, *arguments]


def caller() -> tuple[int, int] | None:
    """User and group of who called sudo; None where nobody did."""
    if "SUDO_UID" not in os.environ:
        return None
    return int(os.environ["SUDO_UID"]), int(os.environ["SUDO_GID"])
