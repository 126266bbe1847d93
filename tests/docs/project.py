"""What really exists: asked of the project itself, so that the documents cannot drift from it."""

from __future__ import annotations

import ast
import re
import runpy
import subprocess
import sys
from dataclasses import dataclass
from functools import cached_property
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).resolve().parents[2]
_TARGET = re.compile(r"^([a-z][\w-]*):", re.MULTILINE)
_OPTION = re.compile(r"(?<![\w-])--?[a-z][a-z-]*")
_ENGINE_ROWS = ("INTERRUPTED", "DEADLINE", "FAILED", "NOTHING")


@dataclass(frozen=True)
class Project:
    """One checkout; every fact is asked at most once."""

    root: Path

    @cached_property
    def make_targets(self) -> frozenset[str]:
        """Targets of the Makefile."""
        return frozenset(_TARGET.findall((self.root / "Makefile").read_text()))

    @cached_property
    def literals(self) -> frozenset[str]:
        """Every whole string that the code spells out: variables it reads, files it makes, reasons it gives."""
        return frozenset(
            node.value for node in self._nodes if isinstance(node, ast.Constant) and isinstance(node.value, str)
        )

    @cached_property
    def names(self) -> frozenset[str]:
        """Functions, classes, fields and parameters of the code."""
        return frozenset(name for node in self._nodes for name in _defined(node))

    @cached_property
    def variables(self) -> frozenset[str]:
        """Environment variables that the code reads."""
        return frozenset(text for text in self.literals if re.fullmatch(r"[A-Z][A-Z0-9]*(_[A-Z0-9]+)+", text))

    @cached_property
    def offered(self) -> frozenset[str]:
        """Environment variables that `.env.example` offers."""
        return frozenset(re.findall(r"^([A-Z0-9_]+)=", (self.root / ".env.example").read_text(), re.MULTILINE))

    @cached_property
    def _nodes(self) -> tuple[ast.AST, ...]:
        files = (file for room in ("tasks", "lab", "runbooks") for file in sorted((self.root / room).rglob("*.py")))
        return tuple(node for file in files for node in ast.walk(ast.parse(file.read_text())))

    @cached_property
    def inventory_keys(self) -> frozenset[str]:
        """Keys that the inventory's files may hold."""
        from tasks.fleet.elements import DEFAULTS, GROUP, HOST  # noqa: PLC0415  only where it is asked

        loaded = [yaml.safe_load(file.read_text()) for file in sorted((self.root / "inventory").glob("*.yaml"))]
        layouts = {key for layout in (HOST, GROUP, DEFAULTS) for key in (*layout.beside, *layout.data)}
        return frozenset(layouts | {key for tree in loaded for key in _keys(tree)})

    @cached_property
    def checks(self) -> frozenset[str]:
        """Ids of every row that any runbook declares for this inventory, and the engine's own."""
        from tasks.fleet.load import load_fleet  # noqa: PLC0415
        from tasks.run import close  # noqa: PLC0415

        fleet = load_fleet(self.root / "inventory")
        rows = [row for book in self.runbooks.values() for stage in book.stages for row in stage.declares(fleet)]
        return frozenset({row.check for row in rows} | {getattr(close, name).check for name in _ENGINE_ROWS})

    @cached_property
    def runbooks(self) -> dict[str, Any]:
        """Script name to its `Runbook`, where the script is one."""
        folder = self.root / "runbooks"
        with pytest.MonkeyPatch.context() as patch:
            patch.syspath_prepend(folder)  # a script finds its neighbours
            loaded = {file.name: runpy.run_path(str(file)) for file in sorted(folder.glob("*.py"))}
        return {name: found["RUNBOOK"] for name, found in loaded.items() if "RUNBOOK" in found}

    @cached_property
    def stages(self) -> frozenset[str]:
        """Slugs of every runbook's stages."""
        return frozenset(stage.slug for book in self.runbooks.values() for stage in book.stages)

    @cached_property
    def faults(self) -> frozenset[str]:
        """Names of the lab's faults."""
        return frozenset(import_module("lab.faults").CATALOGUE)

    @cached_property
    def known_options(self) -> frozenset[str]:
        """Every option of any runbook or lab command."""
        scripts = ((f"runbooks/{file.name}",) for file in (self.root / "runbooks").glob("*.py"))
        programs = (*scripts, *(("-m", "lab", command) for command in self.lab_commands))
        return frozenset(option for program in programs for option in self.options(program))

    @cached_property
    def lab_commands(self) -> frozenset[str]:
        """What `python -m lab` understands."""
        return frozenset(re.findall(r"^    ([\w-]+)(?: |$)", self.help_of(("-m", "lab")), re.MULTILINE))

    def options(self, program: tuple[str, ...]) -> frozenset[str]:
        """The options that a program's `--help` explains."""
        return frozenset(_OPTION.findall(self.help_of(program)))

    def help_of(self, program: tuple[str, ...]) -> str:
        """What `python PROGRAM --help` prints; asked once per program."""
        if program not in self._helps:
            done = subprocess.run(
                (sys.executable, *program, "--help"),
                cwd=self.root,
                capture_output=True,
                text=True,
                timeout=60,
                check=False,
            )
            self._helps[program] = done.stdout if done.returncode == 0 else ""
        return self._helps[program]

    @cached_property
    def _helps(self) -> dict[tuple[str, ...], str]:
        return {}

    def exists(self, path: str) -> bool:
        """Whether a path that a document names is there; `<any>` stands for every name, a bare name for any folder."""
        pattern = re.sub(r"<[^>]+>", "*", path.rstrip("/"))
        places = (pattern, f"tasks/{pattern}", f"**/{pattern}") if "/" not in pattern else (pattern, f"tasks/{pattern}")
        return any(not _is_cache(found) for place in places for found in self.root.glob(place))


def _defined(node: ast.AST) -> Iterator[str]:
    match node:
        case ast.FunctionDef(name=name) | ast.ClassDef(name=name) | ast.AnnAssign(target=ast.Name(id=name)):
            yield name
        case ast.arg(arg=name):
            yield name


def _is_cache(path: Path) -> bool:
    return ".venv" in path.parts or "__pycache__" in path.parts


def _keys(tree: object) -> Iterator[str]:
    match tree:
        case dict():
            for key, value in tree.items():
                yield str(key)
                yield from _keys(value)
        case list():
            for value in tree:
                yield from _keys(value)
