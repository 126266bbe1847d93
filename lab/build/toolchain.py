"""The Go toolchain: the machine's own where it is new enough, else a pinned wheel."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from lab.build.cache import Recipe, content_of
from lab.build.workshop import Workshop

TOOLS = Path(__file__).resolve().parents[1] / "tools"

_WHEEL = TOOLS / "go-toolchain.txt"
_GO_LINE = re.compile(r"^go (\d+)\.(\d+)", re.MULTILINE)
_TOLD_VERSION = re.compile(r"go version go(\d+)\.(\d+)")

#: each compiler run is short and its memory is there: a fifth of a cold build is collecting what its end would free
_LAZY_COLLECTOR = {"GOGC": "off", "GOMEMLIMIT": "2GiB"}


def machine_go() -> Path | None:
    """The machine's own Go command; None where there is none, or one too old for some tool set."""
    found = shutil.which("go")
    if found is None:
        return None
    told = subprocess.run([found, "version"], env=go_environment(), text=True, capture_output=True, check=False)
    match = _TOLD_VERSION.match(told.stdout)
    return Path(found) if match and (int(match[1]), int(match[2])) >= wanted_version() else None


def wanted_version() -> tuple[int, int]:
    """The newest Go release that any tool set asks for."""
    lines = [line for module in TOOLS.glob("*/go.mod") for line in _GO_LINE.findall(module.read_text())]
    return max((int(major), int(minor)) for major, minor in lines)


def go_environment(environment: Mapping[str, str] = os.environ, *, flags: str = "-mod=readonly") -> dict[str, str]:
    """
    The caller's environment, less what would make a build differ from one machine to the next.

    `flags` is never empty: an empty GOFLAGS falls back on what ``go env -w`` has stored.
    """
    fixed = {"GOFLAGS": flags, "GOTOOLCHAIN": "local", "GOWORK": "off", "CGO_ENABLED": "0"}
    return {**_LAZY_COLLECTOR, **environment, **fixed}


def _install_wheel(workshop: Workshop, draft: Path, _needs: Mapping[str, Path]) -> None:
    argv = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps"]
    argv += ["--require-hashes", "--requirement", str(_WHEEL), "--target", str(draft)]
    workshop.say("Go toolchain: installing")
    workshop.run("Go toolchain", argv)


WHEEL = Recipe(name="go", build=_install_wheel, inputs=(content_of(_WHEEL),))


def wheel_go(folder: Path) -> Path:
    """The Go command in the finished artefact of `WHEEL`."""
    return folder / "go" / "bin" / "go"
