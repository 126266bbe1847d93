"""What nobody is to be told of for a while: a file beside the waivers, every entry with a reason and a last day."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

from tasks.fleet.source import Node, Reader
from tasks.model.errors import InventoryError
from tasks.run.waiver import Waiver

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tasks.model.errors import Mistake

_KEYS = ("check", "target", "reason", "until")
_HOW = "wanted `- {check: host.swap, target: cluster-02, reason: test box, until: 2027-01-31}`; target may be left out"


@dataclass(frozen=True, slots=True)
class Silences:
    """Those in force, and those whose last day is over; a ``Waiver`` is what a silence looks like, too."""

    given: tuple[Waiver, ...] = ()
    expired: tuple[Waiver, ...] = ()

    def cover(self, name: str) -> bool:
        """Whether one in force was given for a row of this name: ``check@target`` or ``check@target->peer``."""
        check, _, whole = name.partition("@")
        wanted = {"", whole, whole.partition("->")[0]}
        return any(one.check == check and one.target in wanted for one in self.given)


def read_silences(path: Path | None, today: date) -> Silences:
    """
    Read the file; no path, no silences.

    Raises:
        InventoryError: one mistake per line that is wrong

    """
    if path is None:
        return Silences()
    reader = Reader()
    root = reader.read(path, path.name)
    mistakes = list(reader.mistakes)
    entries = _entries(root) if root is not None else ()
    if entries is None and root is not None:
        mistakes.append(root.place.mistake(f"holds no list; {_HOW}"))
    for entry in entries or ():
        mistakes += _mistakes(entry)
    if mistakes:
        raise InventoryError(tuple(mistakes))
    silences = [_silence(entry, path) for entry in entries or ()]
    over = tuple(one for one in silences if one.until is not None and one.until < today)
    return Silences(given=tuple(one for one in silences if one not in over), expired=over)


def _entries(root: Node) -> tuple[Node, ...] | None:
    """The file's list; an empty file has none, and anything else is no list."""
    return root.value if isinstance(root.value, tuple) else None if root.value else ()


def _mistakes(entry: Node) -> Iterator[Mistake]:
    if not isinstance(entry.value, dict):
        yield entry.place.mistake(f"is no mapping; {_HOW}")
        return
    for key, node in entry.value.items():
        if key not in _KEYS:
            yield node.place.mistake(f"unknown key {key!r}; known: {', '.join(_KEYS)}")
        elif not isinstance(node.value, str) or not node.value.strip():
            yield node.place.mistake(f"{key} is no text; {_HOW}")
    for key in ("check", "reason", "until"):
        if key not in entry.value:
            yield entry.place.mistake(f"{key} is missing; {_HOW}")
    until = entry.value.get("until")
    if until is not None and isinstance(until.value, str) and not _is_date(until.value):
        yield until.place.mistake(f"until is {until.value!r}, which is no date; write it as 2027-01-31")


def _is_date(text: str) -> bool:
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True


def _silence(entry: Node, path: Path) -> Waiver:
    text = {key: node.value.strip() for key, node in entry.value.items() if isinstance(node.value, str)}  # type: ignore[union-attr]
    return Waiver(
        check=text["check"],
        target=text.get("target", ""),
        reason=text["reason"],
        until=date.fromisoformat(text["until"]),
        origin=str(path),
    )
