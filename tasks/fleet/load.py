"""From the inventory's folder to a typed ``Fleet`` that no rule objects to."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tasks.fleet.elements import DraftReader
from tasks.fleet.rules import RULES
from tasks.fleet.source import Reader
from tasks.fleet.typed import fleet_of
from tasks.model.errors import InventoryError

if TYPE_CHECKING:
    from pathlib import Path

    from tasks.fleet.draft import Draft
    from tasks.fleet.model import Fleet
    from tasks.model.errors import Mistake

FILES = ("hosts", "groups", "defaults")


def load_fleet(folder: Path) -> Fleet:
    """
    Read and judge ``hosts.yaml``, ``groups.yaml`` and ``defaults.yaml``.

    Raises:
        InventoryError: the files are wrong; one line per mistake, all of them

    """
    return fleet_of(load_draft(folder).plain)


def load_draft(folder: Path) -> Draft:
    """
    The same, with each value's owner and place.

    Raises:
        InventoryError: as above

    """
    source = Reader()
    trees = [source.read(folder / f"{name}.yaml", f"{folder.name}/{name}.yaml") for name in FILES]
    hosts, groups, defaults = trees
    if hosts is None or groups is None or defaults is None:
        raise _error(source.mistakes)
    elements = DraftReader()
    draft = elements.read(hosts, groups, defaults)
    judged = [mistake for rule in RULES for mistake in rule(draft)]
    mistakes = [*source.mistakes, *elements.mistakes, *judged]
    if mistakes:
        raise _error(mistakes)
    return draft


def _error(mistakes: list[Mistake]) -> InventoryError:
    """Each mistake once, in the order in which an editor walks through the files."""
    return InventoryError(tuple(sorted(set(mistakes), key=lambda mistake: (mistake.file, mistake.line, mistake.said))))
