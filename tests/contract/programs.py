"""The programs that contract tests run: those on the PATH, and what the lab has built."""

from __future__ import annotations

import os
import shutil

import pytest

from lab.build.cache import default_cache
from lab.build.recipes import BIN


def search_path() -> str:
    """A PATH on which the lab's programs, where they are built, come first."""
    return os.pathsep.join((str(default_cache().path(BIN)), os.environ["PATH"]))


def find(program: str) -> str | None:
    """Where a program is; None where it is not at hand."""
    return shutil.which(program, path=search_path())


def want(*programs: str) -> None:
    """Skip the test where one is not at hand."""
    if missing := [program for program in programs if find(program) is None]:
        pytest.skip(f"{' and '.join(missing)} not found; `python -m lab build` makes what is missing")
