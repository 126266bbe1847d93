"""
Where artefacts live: one folder each, under the hash of what it is made from, there whole or not at all.

A recipe works in a draft folder beside the finished ones; publishing is one rename. A build that is killed leaves a
draft, which the next build sweeps away.
"""

import fcntl
import hashlib
import json
import os
import re
import shutil
import tempfile
import time
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from lab.build.workshop import Say, Workshop

_DRAFT = ".draft-"
_KEY_LENGTH = 16
_ENTRY = re.compile(rf"(?P<name>[a-z-]+)-[0-9a-f]{{{_KEY_LENGTH}}}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """
    How one artefact is made.

    Attributes:
        name: of the artefact; unique
        build: fills the (existing, empty) draft folder, given the finished folders of `needs` by name
        inputs: texts that decide what comes out; for files, their `content_of`
        needs: artefacts that it is made from

    """

    name: str
    build: Callable[[Workshop, Path, Mapping[str, Path]], None] = field(compare=False)
    inputs: tuple[str, ...]
    needs: tuple["Recipe", ...] = ()

    @property
    def key(self) -> str:
        """Hash of everything that decides what comes out, by way of the needed artefacts too."""
        parts = [self.name, self.inputs, [need.key for need in self.needs]]
        return hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:_KEY_LENGTH]


def content_of(file: Path) -> str:
    """What an artefact depends on when it depends on a file: the name and a hash of what the file holds now."""
    return f"{file.name} {hashlib.sha256(file.read_bytes()).hexdigest()}"


@dataclass(frozen=True, slots=True)
class Cache:
    """The folder of all finished artefacts."""

    root: Path

    def path(self, recipe: Recipe) -> Path:
        """Where the artefact is once it is finished."""
        return self.root / f"{recipe.name}-{recipe.key}"

    def has(self, recipe: Recipe) -> bool:
        """Whether it is finished."""
        return self.path(recipe).is_dir()

    def make(self, recipe: Recipe, workshop: Workshop) -> Path:
        """Build the artefact and publish it. The caller holds the lock."""
        draft = Path(tempfile.mkdtemp(prefix=_DRAFT, dir=self.root))
        try:
            recipe.build(workshop, draft, {need.name: self.path(need) for need in recipe.needs})
            draft.chmod(0o755)
            draft.rename(self.path(recipe))
        except BaseException:
            shutil.rmtree(draft, ignore_errors=True)
            raise
        return self.path(recipe)

    @contextmanager
    def locked(self, say: Say) -> Iterator[None]:
        """Let one process build at a time; the lock ends with its owner, however that ends. Debris is swept first."""
        self.root.mkdir(parents=True, exist_ok=True)
        with (self.root / "lock").open("w") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                say("another build is under way; waiting for it")
                fcntl.flock(lock, fcntl.LOCK_EX)
            for draft in self.root.glob(f"{_DRAFT}*"):
                shutil.rmtree(draft)
            yield

    def touch(self, recipes: Collection[Recipe]) -> None:
        """Note that these artefacts are in use today."""
        for recipe in recipes:
            os.utime(self.path(recipe))

    def prune(
        self, current: Collection[Recipe], unused_for_s: float, in_use: Callable[[Path], bool]
    ) -> tuple[Path, ...]:
        """Remove other versions that have not been touched for so long and are not `in_use`; returns what went."""
        kept, names = {self.path(recipe) for recipe in current}, {recipe.name for recipe in current}
        old = time.time() - unused_for_s
        found = [(entry, _ENTRY.fullmatch(entry.name)) for entry in self.root.iterdir()]
        others = [entry for entry, match in found if match and match["name"] in names and entry not in kept]
        gone = tuple(entry for entry in others if entry.stat().st_mtime < old and not in_use(entry))
        for entry in gone:
            # a removal that is cut short must not leave half an artefact under its name
            debris = entry.rename(entry.with_name(f"{_DRAFT}{entry.name}"))
            shutil.rmtree(debris)
        return gone


def default_cache() -> Cache:
    """The cache of whoever runs this, under `XDG_CACHE_HOME`."""
    home = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return Cache(home / "fleetproof")


def mounted_somewhere(entry: Path) -> bool:
    """Whether any process, in whatever mount namespace, has a file system that is made of this entry."""
    for table in Path("/proc").glob("[0-9]*/mountinfo"):
        try:
            if str(entry) in table.read_text(errors="replace"):
                return True
        except (FileNotFoundError, ProcessLookupError, PermissionError, OSError):
            continue  # it ended meanwhile
    return False
