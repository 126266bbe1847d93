"""The folder that is built: a private copy of the Kustomize tree with its charts in place, addressed by its content."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from tasks.deploy.files import make_folder
from tasks.deploy.pins import digest_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from tasks.deploy.charts import Chart

KEEP_S = 7 * 86400.0
"""So long is a copy kept that nobody builds from."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tree:
    """
    A copy that nobody changes any more.

    Attributes:
        root: holds ``kustomize/``, as the project's folder does
        digest: of all files in it

    """

    root: Path
    digest: str


def files_of(root: Path) -> dict[str, bytes]:
    """The Kustomize tree's own files by their path below the project's folder; charts are inputs, and left out."""
    return {path.relative_to(root).as_posix(): path.read_bytes() for path in walk(root / "kustomize")}


def walk(folder: Path) -> Iterator[Path]:
    """Every file below a folder of the tree; charts are left out."""
    for path in folder.iterdir():
        if path.is_dir():
            if path.name != "charts":
                yield from walk(path)
        else:
            yield path


def private_tree(root: Path, charts: Sequence[Chart], folder: Path) -> Tree:
    """
    Copy the tree as it is now, with these charts in place, unless there is such a copy.

    A copy appears whole, by renaming; runs side by side make the same one, or find it.

    Arguments:
        folder: where copies are kept: ``<state>/build/trees``

    """
    files = files_of(root)
    for chart in charts:
        within = chart.pin.place(Path()).as_posix()
        files |= {f"{within}/{name}": content for name, content in chart.files.items()}
    digest = digest_of(files)
    place = folder / digest[:32]
    if not place.is_dir():
        make_folder(place, files)
        prune(folder, time.time() - KEEP_S)
    with suppress(FileNotFoundError):
        os.utime(place)
    return Tree(root=place, digest=digest)


def prune(folder: Path, before: float) -> None:
    """Remove what nobody has used since ``before`` (seconds since the epoch), what a crash has left included."""
    for path in folder.iterdir() if folder.is_dir() else ():
        with suppress(FileNotFoundError):
            if path.stat().st_mtime < before:
                shutil.rmtree(path, ignore_errors=True) if path.is_dir() else path.unlink()


def key_of(*parts: object) -> str:
    """A short name for whatever the parts say together."""
    return hashlib.sha256(json.dumps(parts, default=str).encode()).hexdigest()[:32]
