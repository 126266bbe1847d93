"""What a document claims, held against the project: each judge takes a document and answers with its wrong lines."""

from __future__ import annotations

import ast
import re
from importlib import import_module
from importlib.util import find_spec
from typing import TYPE_CHECKING

import yaml

from tests.docs.foreign import DOTTED, OPTIONS, WORDS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.docs.project import Project
    from tests.docs.reading import Block, Document

_ROOTS = ("tasks/", "runbooks/", "inventory/", "kustomize/", "lab/", "tests/", "docs/", "bench/", ".ci/")
_MADE_AT_RUN_TIME = (".state", ".env", ".venv")


def wrong_spans(document: Document, project: Project) -> Iterator[str]:
    """Inline code that looks like a name of this project's and is none."""
    for span in document.spans:
        if said := _wrong_span(span.text, project):
            yield f"{document.name}:{span.line}: `{span.text}`: {said}"


def _wrong_span(text: str, project: Project) -> str:
    for pattern, exists, said in _KINDS:
        if pattern.fullmatch(text):
            return "" if exists(text, project) else said
    return ""


def _file_exists(text: str, project: Project) -> bool:
    return text.startswith(_MADE_AT_RUN_TIME) or text in project.literals or project.exists(text)


def _option_exists(text: str, project: Project) -> bool:
    return re.split(r"[ =]", text)[0] in project.known_options | OPTIONS


def _row_exists(text: str, project: Project) -> bool:
    foreign = text.startswith(("net.", "fs.", "vm.")) or text.endswith((".lab", ".service", ".socket"))
    return foreign or text in DOTTED | project.literals or text.partition("@")[0] in project.checks


_KINDS: tuple[tuple[re.Pattern[str], Callable[[str, Project], bool], str], ...] = (
    (
        re.compile(r"(NODE|S3|FLEETPROOF)_[A-Z_]+"),
        lambda text, project: text in project.variables,
        "no code reads this variable",
    ),
    (
        re.compile(r"\S+\.py: \w+"),
        lambda text, project: project.exists(text.split(":")[0]) and text.split(": ")[1] in project.names,
        "there is no such name",
    ),
    (
        re.compile(
            r"(?!/)[\w.<>/*-]+\.(py|ya?ml|md|toml|json|lock|html|xml)|(" + "|".join(_ROOTS) + r")\S+|\.state\S*"
        ),
        _file_exists,
        "there is no such file",
    ),
    (re.compile(r"--[a-z][a-z-]*([ =].*)?"), _option_exists, "nothing has this option"),
    (
        re.compile(r"[a-z]+(_[a-z0-9]+)+"),
        lambda text, project: text in project.inventory_keys | project.names | WORDS,
        "no inventory and no code has this name",
    ),
    (
        re.compile(r"[a-z][a-z0-9-]*(\.[a-z][a-z0-9_-]*)+(@[\w>-]+)?"),
        _row_exists,
        "no runbook declares this row",
    ),
)
"""What inline code can look like when it names something of this project's: does it exist, and the complaint."""


def wrong_rows(document: Document, project: Project) -> Iterator[str]:
    """Waived rows, in YAML and on command lines, that no runbook declares."""
    for block in document.blocks:
        found = re.findall(r"check: ([\w.-]+)|--waive '?([\w.-]+)", block.text)
        for check in filter(None, (name for pair in found for name in pair)):
            if check not in project.checks:
                yield f"{document.name}:{block.line}: no runbook declares the row {check}"


def wrong_python(document: Document) -> Iterator[str]:
    """Python blocks that do not compile, or import what is not there."""
    for block in document.blocks:
        if block.language == "python":
            yield from (f"{document.name}:{block.line}: {said}" for said in _wrong_imports(block))


def _wrong_imports(block: Block) -> Iterator[str]:
    try:
        tree = ast.parse(block.text)
    except SyntaxError as error:
        yield f"line {error.lineno} of the block does not compile: {error.msg}"
        return
    for node in ast.walk(tree):
        match node:
            case ast.Import(names=names):
                yield from (f"there is no module {it.name}" for it in names if find_spec(it.name) is None)
            case ast.ImportFrom(module=str(module), names=names):
                yield from _missing_from(module, [it.name for it in names])


def _missing_from(module: str, names: list[str]) -> Iterator[str]:
    try:
        loaded = import_module(module)
    except ModuleNotFoundError:
        yield f"there is no module {module}"
        return
    for name in names:
        if not hasattr(loaded, name) and find_spec(f"{module}.{name}") is None:
            yield f"{module} has no {name}"


def wrong_yaml(document: Document, project: Project) -> Iterator[str]:
    """Keys in YAML blocks of the inventory's shape that the inventory does not have."""
    for block in document.blocks:
        tree = yaml.safe_load(block.text) if block.language == "yaml" else None
        for name, entry in tree.items() if isinstance(tree, dict) else ():
            keys = {*entry, *entry.get("data", {})} if isinstance(entry, dict) else {name}
            for key in sorted(keys - project.inventory_keys):
                yield f"{document.name}:{block.line}: the inventory has no key {key}"


def wrong_links(document: Document, library: dict[str, Document]) -> Iterator[str]:
    """Links to files or anchors that are not there; ``library`` has every document by its path from the root."""
    folder = document.name.rpartition("/")[0]
    for link in document.links:
        if re.match(r"[a-z]+:", link.text):
            continue
        path, _, anchor = link.text.partition("#")
        target = library.get(_normal(f"{folder}/{path}")) if path else document
        if target is None:
            yield f"{document.name}:{link.line}: {link.text}: there is no such document"
        elif anchor and anchor not in target.anchors:
            yield f"{document.name}:{link.line}: {link.text}: {target.name} has no such heading"


def _normal(path: str) -> str:
    parts: list[str] = []
    for part in path.split("/"):
        if part == "..":
            parts.pop()
        elif part not in {"", "."}:
            parts.append(part)
    return "/".join(parts)


def differences(one: Document, other: Document) -> Iterator[str]:
    """Where a translation does not say the same: sections, code blocks, inline code."""
    ours, theirs = ([(part.level, part.anchor) for part in document.sections] for document in (one, other))
    if ours != theirs:
        yield f"{other.name}: sections {theirs} where {one.name} has {ours}"
        return
    for left, right in zip(one.sections, other.sections, strict=True):
        pairs = (
            (
                "code block",
                [(it.language, it.bare) for it in left.blocks],
                [(it.language, it.bare) for it in right.blocks],
            ),
            ("inline code", sorted(it.text for it in left.spans), sorted(it.text for it in right.spans)),
        )
        for what, here, there in pairs:
            if here != there:
                only = "; ".join(str(it) for it in (*here, *there) if it not in here or it not in there)
                yield f"{other.name}#{right.anchor}: {what} differs from {one.name}: {only or 'in number or order'}"
