"""The fixtures' inventories, each a folder of the three files."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

FIXTURES = Path(__file__).resolve().parents[2] / "fixtures" / "inventory"


@pytest.fixture
def inventory(tmp_path: Path) -> Path:
    """A valid inventory that the test may write to."""
    return shutil.copytree(FIXTURES / "valid", tmp_path / "inventory")


@pytest.fixture
def edit(inventory: Path) -> Callable[[str, str, str], None]:
    """Replace a text that occurs in one file of ``inventory``."""

    def replace(name: str, old: str, new: str) -> None:
        path = inventory / f"{name}.yaml"
        text = path.read_text()
        assert old in text, f"{name}.yaml does not hold {old!r}"
        path.write_text(text.replace(old, new))

    return replace
