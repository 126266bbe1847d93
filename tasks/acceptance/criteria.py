"""``criteria.yaml``: every sentence of the specification that can be tested, and what proves it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from tasks.model.errors import InventoryError, Mistake

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

FILE = Path(__file__).parent / "criteria.yaml"
PROOFS = ("live", "render", "document", "lab")
WORDS = ("id", "en", "ko")
_WISH = {"component": True, "kind": True, "at": True, "name": False, "equals": False, "includes": False}
"""Keys of a wish, and whether each has to be there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """
    What the renderings of a component have to say, on every cluster that has the component.

    Attributes:
        kind: of the object
        name: of the object, as a shell pattern
        at: path in the object: ``spec.rules[].host``; see ``values_at``
        equals: what every value there is, and there is one; facts of the cluster in braces: ``{name}``
        includes: a text that is part of one of the values; with neither, there just has to be a value

    """

    component: str
    kind: str
    at: str
    name: str = "*"
    equals: str = ""
    includes: str = ""

    def __str__(self) -> str:
        what = f" is {self.equals}" if self.equals else f" has {self.includes}" if self.includes else " is there"
        return f"{self.component}: {self.kind}{'' if self.name == '*' else f' {self.name}'}: {self.at}{what}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Criterion:
    """
    One sentence of the specification.

    Attributes:
        id: ``US2-1``, ``EC-03``, ``FR-012a``, ``SC-007``
        en: the sentence, shortened
        ko: the same in Korean
        live: rows of the run: a check's id, or a dotted beginning of one, with ``@target`` where only one counts
        render: what the tree says
        document: files, with ``#heading`` where a part is meant
        lab: tests that play it on real machines, because a site is not broken in order to prove it

    """

    id: str
    en: str
    ko: str
    live: tuple[str, ...] = ()
    render: tuple[Wish, ...] = ()
    document: tuple[str, ...] = ()
    lab: tuple[str, ...] = ()

    @property
    def check(self) -> str:
        """Its row's check: ``acceptance.us2-1``."""
        return f"acceptance.{self.id.lower()}"


def load_criteria(file: Path = FILE) -> tuple[Criterion, ...]:
    """
    Read the criteria.

    Raises:
        InventoryError: one mistake for each entry that names no proof, or has a key that nothing reads

    """
    text = file.read_text(encoding="utf-8")
    entries: list[dict[str, Any]] = yaml.safe_load(text)
    lines = {line.removeprefix("- id: "): n for n, line in enumerate(text.splitlines(), 1) if line.startswith("- id: ")}
    mistakes = [Mistake(str(file), lines.get(str(it.get("id")), 1), said) for it in entries for said in _wrong(it)]
    ids = [str(it.get("id")) for it in entries]
    mistakes += [Mistake(str(file), lines.get(it, 1), f"{it} is there twice") for it in {*ids} if ids.count(it) > 1]
    if mistakes:
        raise InventoryError(tuple(mistakes))
    return tuple(_criterion(entry) for entry in entries)


def _wrong(entry: Mapping[str, Any]) -> Iterator[str]:
    whose = entry.get("id", "an entry without id")
    for key in WORDS:
        if not isinstance(entry.get(key), str):
            yield f"{whose}: wanted: {key}, a text"
    for key in sorted(entry.keys() - {*WORDS, *PROOFS}):
        yield f"{whose}: nothing reads the key {key}; proofs are {', '.join(PROOFS)}"
    if not any(entry.get(key) for key in PROOFS):
        yield f"{whose}: nothing proves it; wanted: one of {', '.join(PROOFS)}"
    for wish in entry.get("render") or ():
        for key in [key for key, needed in _WISH.items() if needed and not wish.get(key)]:
            yield f"{whose}: render: wanted: {key}"
        for key in sorted(wish.keys() - _WISH.keys()):
            yield f"{whose}: render: nothing reads the key {key}; known are {', '.join(_WISH)}"


def _criterion(entry: Mapping[str, Any]) -> Criterion:
    return Criterion(
        id=entry["id"],
        en=entry["en"],
        ko=entry["ko"],
        live=tuple(entry.get("live") or ()),
        render=tuple(Wish(**{key: str(value) for key, value in it.items()}) for it in entry.get("render") or ()),
        document=tuple(entry.get("document") or ()),
        lab=tuple(entry.get("lab") or ()),
    )
