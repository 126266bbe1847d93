"""ARCHITECTURE.md's table of rooms, held to be true; and the budgets of CONTRIBUTING.md."""

from __future__ import annotations

import ast
import re
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).resolve().parents[1]
MODULE_LINES = 220
FUNCTION_LINES = 30
# path, or path::function, to the reason why it is longer; empty is best
LONGER: dict[str, str] = {}


@dataclass(frozen=True, slots=True)
class Rule:
    """One room of the table: which rooms of ``tasks`` it may import, and whether anything from outside."""

    rooms: frozenset[str]
    standard_library_only: bool


def rules(table: str) -> dict[str, Rule]:
    """Read the table: room, or module beside the rooms, to its rule."""
    found: dict[str, Rule] = {}
    for line in re.findall(r"^\| `.*\|$", table, flags=re.MULTILINE):
        first, _, last = (cell.strip() for cell in line.strip("|").split(" | "))
        # rooms of one row may import those to their left
        for room in re.findall(r"`(\w+)[/.]", first):
            named = set(re.findall(r"`(\w+)`", last))
            above = set(found) if "all above" in last or "everything" in last else set()
            found[room] = Rule(frozenset(named | above), standard_library_only="standard library" in last)
    return found


RULES = rules((ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8"))
MODULES = sorted(path for path in (ROOT / "tasks").rglob("*.py") if path.parent != ROOT / "tasks")
SOURCES = sorted(path for folder in ("tasks", "runbooks", "lab") for path in (ROOT / folder).rglob("*.py"))


def imports(path: Path) -> Iterator[tuple[int, str]]:
    """Every imported module's dotted name with its line, also below ``TYPE_CHECKING`` and inside functions."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        match node:
            case ast.Import():
                yield from ((node.lineno, alias.name) for alias in node.names)
            case ast.ImportFrom(module=str(module), level=0):
                yield from ((node.lineno, f"{module}.{alias.name}") for alias in node.names)
            case ast.ImportFrom():
                yield node.lineno, "relative"


def trespasses(path: Path, room: str) -> Iterator[str]:
    """Imports of a module that its room's rule does not allow."""
    rule = RULES[room]
    for line, name in imports(path):
        top, _, rest = name.partition(".")
        other = rest.partition(".")[0]
        if top == "tasks" and other in RULES and other != room and other not in rule.rooms:
            yield f"{path.relative_to(ROOT)}:{line} imports {name}"
        if top in {"lab", "runbooks", "tests", "bench", "relative"}:
            yield f"{path.relative_to(ROOT)}:{line} imports {name}"
        if rule.standard_library_only and top not in {"tasks", *sys.stdlib_module_names}:
            yield f"{path.relative_to(ROOT)}:{line} imports {name}"


def test_the_table_names_every_room() -> None:
    """A folder of tasks/ that the table does not know would escape the walk."""
    rooms = {path.name for path in (ROOT / "tasks").iterdir() if path.is_dir() and any(path.glob("*.py"))}
    assert rooms <= set(RULES)
    assert len(RULES) > 9


def test_the_table_is_read_as_it_is_meant() -> None:
    """`model` stands alone, `reports` sees nothing but `model`, and the domain rooms see the engine."""
    assert RULES["model"] == Rule(frozenset(), standard_library_only=True)
    assert RULES["reports"].rooms == {"model"}
    assert {"model", "fleet", "settings", "transport", "run"} <= RULES["probes"].rooms
    assert "run" not in RULES["transport"].rooms


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(ROOT / "tasks")))
def test_a_room_imports_what_the_table_allows(path: Path) -> None:
    """Every import of a module is one that its room's row allows."""
    room = path.relative_to(ROOT / "tasks").parts[0]
    assert list(trespasses(path, room)) == []


@pytest.mark.parametrize(
    ("source", "room"),
    [
        ("import yaml", "model"),
        ("from tasks.run.engine import Engine", "transport"),
        ("def f():\n    from tasks.fleet.model import Fleet", "reports"),
        ("from lab import plan", "run"),
        ("from . import x", "run"),
    ],
)
def test_a_trespass_is_seen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, source: str, room: str) -> None:
    """Each kind of forbidden import is found, wherever in the module it stands."""
    monkeypatch.setattr(sys.modules[__name__], "ROOT", tmp_path)
    module = tmp_path / "module.py"
    module.write_text(source, encoding="utf-8")
    assert len(list(trespasses(module, room))) == 1


def body_lines(node: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Lines of a function from its first statement to its last, the docstring left out."""
    body = node.body[1:] if ast.get_docstring(node) is not None else node.body
    return (body[-1].end_lineno or 0) - body[0].lineno + 1 if body else 0


def too_long(path: Path) -> Iterator[str]:
    """The module, where it is over its budget, and each of its functions that is."""
    text = path.read_text(encoding="utf-8")
    name = str(path.relative_to(ROOT))
    if (lines := text.count("\n")) > MODULE_LINES:
        yield f"{name} ({lines} lines)"
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and body_lines(node) > FUNCTION_LINES:
            yield f"{name}::{node.name} ({body_lines(node)} lines)"


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_nothing_is_longer_than_its_budget(path: Path) -> None:
    """Modules and functions keep to CONTRIBUTING.md's sizes; an exception stands in ``LONGER`` with its reason."""
    assert [one for one in too_long(path) if one.partition(" ")[0] not in LONGER] == []


def test_an_overlong_function_is_seen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One statement over the budget is enough, and a docstring costs nothing."""
    monkeypatch.setattr(sys.modules[__name__], "ROOT", tmp_path)
    module = tmp_path / "module.py"
    docstring = '    """\n' + "    word\n" * 50 + '    """\n'
    for extra, expected in ((0, []), (1, [f"module.py::f ({FUNCTION_LINES + 1} lines)"])):
        module.write_text("def f():\n" + docstring + "    g()\n" * (FUNCTION_LINES + extra), encoding="utf-8")
        assert list(too_long(module)) == expected


def test_exceptions_are_still_needed() -> None:
    """An exception whose code has become short again is taken off the list."""
    long = {one.partition(" ")[0] for path in SOURCES for one in too_long(path)}
    assert set(LONGER) <= long
