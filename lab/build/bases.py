"""What images are laid upon, and what is installed into them: packages of the distribution, packages of Python."""

import platform
import sys
from collections.abc import Mapping
from pathlib import Path

from lab.build.cache import Recipe, content_of
from lab.build.debian import host_release, install_tree
from lab.build.workshop import Workshop


def base_recipe(name: str, packages: tuple[str, ...], left_out: tuple[str, ...] = ()) -> Recipe:
    """``base.tar``: the file system beneath an image; see ``lab.build.debian.install_tree``."""

    def install(workshop: Workshop, draft: Path, _needs: Mapping[str, Path]) -> None:
        install_tree(workshop, name, draft / "base.tar", packages, left_out)

    script = content_of(Path(__file__).with_name("debian.py"))
    return Recipe(name=name, build=install, inputs=(*host_release(), platform.machine(), *packages, *left_out, script))


def install_python_packages(workshop: Workshop, title: str, pins: Path, target: Path) -> None:
    """Install what ``pins`` names with its hashes, for this machine's Python and kind of processor."""
    argv = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-compile"]
    argv += ["--require-hashes", "--requirement", str(pins), "--target", str(target)]
    workshop.run(title, argv)
