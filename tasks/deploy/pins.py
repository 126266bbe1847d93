"""``kustomize/charts.lock``: every input that is not in the tree itself, pinned by digest."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any

from tasks.deploy.files import line_of_name, parse_yaml, read_text
from tasks.model.errors import InventoryError, Mistake

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

LOCK = "kustomize/charts.lock"


@dataclass(frozen=True, slots=True, kw_only=True)
class Pin:
    """
    One entry of ``kustomize/charts.lock``: a Helm chart, or a file of plain objects.

    Attributes:
        base: folder below ``kustomize/base`` whose kustomization uses it
        repository: where Helm finds the chart's package; empty for plain objects
        asset: URL of a file of plain objects, which are laid in their normal form; empty for a chart
        package: SHA-256 of what is published (tgz or file), in hex; empty where it is not known
        tree: digest of the unpacked chart, see ``digest_of``; empty where only the package is known
        stand_in: digest of the chart of the same name and version that the lab has in its place; empty: there is none

    """

    name: str
    version: str
    base: str
    repository: str = ""
    asset: str = ""
    package: str = ""
    tree: str = ""
    stand_in: str = ""

    @property
    def label(self) -> str:
        """Name and version, as Kustomize names the folder."""
        return f"{self.name}-{self.version}"

    @property
    def published(self) -> str:
        """Name of the published file on a mirror."""
        return f"{self.label}.yaml" if self.asset else f"{self.label}.tgz"

    def place(self, root: Path) -> Path:
        """Where Kustomize looks for it below the project's folder (or a copy of it)."""
        return root / "kustomize" / "base" / self.base / "charts" / self.label / self.name


def read_lock(root: Path) -> tuple[Pin, ...]:
    """
    Read ``kustomize/charts.lock``.

    Raises:
        InventoryError: an entry lacks what makes it a pin, or has a key that nothing reads

    """
    text = read_text(root / LOCK)
    entries = parse_yaml(text) or []
    if mistakes := [
        Mistake(LOCK, line_of_name(text, entry.get("name")), said) for entry in entries for said in _wrong(entry)
    ]:
        raise InventoryError(tuple(mistakes))
    return tuple(Pin(**{key.replace("-", "_"): str(value) for key, value in entry.items()}) for entry in entries)


def _wrong(entry: Mapping[str, Any]) -> Iterator[str]:
    known = {field.name.replace("_", "-") for field in fields(Pin)}
    label = f"{entry.get('name', '?')} {entry.get('version', '?')}"
    for key in sorted(set(entry) - known):
        yield f"{label}: nothing reads the key {key}; known are {', '.join(sorted(known))}"
    for key in ("name", "version", "base"):
        if not entry.get(key):
            yield f"{label}: wanted: {key}"
    if bool(entry.get("repository")) == bool(entry.get("asset")):
        yield f"{label}: wanted: either repository (of a Helm chart) or asset (URL of a file of objects)"
    if not entry.get("tree") and not entry.get("package"):
        yield f"{label}: wanted: the digest of the unpacked tree, or of the published package; without one it is no pin"


def digest_of(files: Mapping[str, bytes]) -> str:
    """SHA-256 in hex over every file's path and content; times and modes do not count."""
    lines = (f"{hashlib.sha256(files[name]).hexdigest()}  {name}\n" for name in sorted(files))
    return hashlib.sha256("".join(lines).encode()).hexdigest()


def files_below(folder: Path) -> dict[str, bytes]:
    """Every file's content by its path below ``folder``."""
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
