"""
Each folder of ``fixtures/inventory/invalid`` breaks one rule, and yields exactly the mistakes of its ``mistakes.txt``.

A folder holds the files that differ from ``fixtures/inventory/valid``. A new case is a new folder.
"""

from __future__ import annotations

import re
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tasks.fleet.elements import DraftReader
from tasks.fleet.load import FILES, load_fleet
from tasks.fleet.rules import RULES
from tasks.fleet.source import Reader
from tasks.model.errors import InventoryError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tasks.fleet.draft import Draft
    from tasks.model.errors import Mistake

FIXTURES = Path(__file__).resolve().parents[2] / "fixtures" / "inventory"
INVALID = sorted(path.name for path in (FIXTURES / "invalid").iterdir())


@pytest.mark.parametrize("case", INVALID)
def test_a_wrong_inventory_yields_exactly_its_mistakes(case: str, inventory: Path) -> None:
    """File, line and text of every mistake, and none besides."""
    folder = FIXTURES / "invalid" / case
    for path in folder.glob("*.yaml"):
        shutil.copy(path, inventory)
    with pytest.raises(InventoryError) as raised:
        load_fleet(inventory)
    assert str(raised.value) == (folder / "mistakes.txt").read_text().rstrip("\n")


def test_no_mistake_repeats_a_credential() -> None:
    """What may be a password is named by its key alone, also where it stands in another value."""
    told = "".join((FIXTURES / "invalid" / case / "mistakes.txt").read_text() for case in INVALID)
    written = [path for case in INVALID for path in (FIXTURES / "invalid" / case).glob("*.yaml")]
    assert sum("hunter2" in path.read_text() for path in written) >= 5
    assert "hunter2" not in told


@pytest.fixture(scope="module")
def drafts() -> list[Draft]:
    """Every invalid inventory that can be read, before any rule has judged it."""
    found = []
    for case in INVALID:
        source = Reader()
        paths = [FIXTURES / "invalid" / case / f"{name}.yaml" for name in FILES]
        trees = [source.read(path if path.exists() else FIXTURES / "valid" / path.name, path.name) for path in paths]
        if all(trees):
            found.append(DraftReader().read(*filter(None, trees)))
    return found


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_every_rule_objects_to_a_fixture(rule: Callable[[Draft], Iterator[Mistake]], drafts: list[Draft]) -> None:
    """No rule is idle: at least one invalid inventory breaks it."""
    assert any(list(rule(draft)) for draft in drafts)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (None, "inventory/groups.yaml:1: cannot be read: No such file or directory; the inventory needs this file"),
        (b"edge:\n  data: {region: \xff}\n", "inventory/groups.yaml:2: is not UTF-8 text; save the file as UTF-8"),
        (b"edge: {}\ncentral: \x07\n", "inventory/groups.yaml:2: holds control character 0x07; delete it"),
        (b"? [edge]\n: {}\n", "inventory/groups.yaml:1: a key must be plain text"),
        (b"---\nedge: {}\n---\n", "expected a single document in the stream that began in line 2"),
    ],
)
def test_an_unreadable_file_is_named(content: bytes | None, said: str, inventory: Path) -> None:
    """A file that is missing, no text or no single YAML document is a mistake like any other."""
    path = inventory / "groups.yaml"
    path.write_bytes(content) if content else path.unlink()
    with pytest.raises(InventoryError, match=re.escape(said)):
        load_fleet(inventory)
