"""The contenders' own Python environment: pinned by hash, kept in the cache, apart from the project's."""

import hashlib
import os
import platform
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from bench.model import BenchError

_LOCK = Path(__file__).with_name("requirements.lock")


@dataclass(frozen=True, slots=True)
class Equipment:
    """A virtual environment that holds Ansible, pyinfra, stock nornir_netmiko and libssh2."""

    root: Path

    def program(self, name: str) -> str:
        """The path of one of its programs."""
        return str(self.root / "bin" / name)

    def version(self, distribution: str) -> str:
        """The installed version, as the distribution itself says."""
        asked = f"from importlib.metadata import version; print(version({distribution!r}))"
        return output_of((self.program("python"), "-c", asked)).strip()


def equip(say: Callable[[str], None]) -> Equipment:
    """
    Install the contenders, or find them installed.

    Raises:
        BenchError: pip refused; nothing half done is left

    """
    identity = _LOCK.read_bytes() + platform.python_version().encode()
    home = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "fleetproof"
    root = home / f"bench-venv-{hashlib.sha256(identity).hexdigest()[:16]}"
    if not (root / "complete").exists():
        say(f"installing the contenders into {root}")
        shutil.rmtree(root, ignore_errors=True)
        output_of((sys.executable, "-m", "venv", str(root)))
        pip = (str(root / "bin" / "pip"), "install", "--quiet", "--disable-pip-version-check")
        output_of((*pip, "--require-hashes", "--requirement", str(_LOCK)))
        (root / "complete").touch()
    return Equipment(root)


def output_of(argv: tuple[str, ...]) -> str:
    """Standard output of a program that has to succeed; ``BenchError`` with its last words otherwise."""
    try:
        done = subprocess.run(argv, capture_output=True, text=True, check=False)
    except OSError as error:
        raise BenchError(f"{argv[0]}: {error.strerror}") from error
    if done.returncode:
        raise BenchError(f"`{' '.join(argv)}` ended with {done.returncode}: {done.stderr.strip()[-800:]}")
    return done.stdout


def openssh_version() -> str:
    """What `ssh -V` says, which it says on standard error."""
    return subprocess.run(("ssh", "-V"), capture_output=True, text=True, check=True).stderr.split(",")[0].strip()
