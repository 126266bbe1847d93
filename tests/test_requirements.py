"""Every functional requirement names the file that implements it and the test that proves it; both are there."""

from __future__ import annotations

import ast
from functools import cache

import pytest

from tests.docs.requirements import ROOT, entries, render, target

WANTED = [f"FR-{number:03}" for number in range(21)]
WANTED += ["FR-003a", "FR-003b", "FR-003c", "FR-007a", "FR-007b", "FR-007c", "FR-009a", "FR-009b", "FR-011a"]
WANTED += ["FR-012a", "FR-012b"]


@cache
def functions(file: str) -> frozenset[str]:
    """Names of the functions that a file of tests defines."""
    return frozenset(
        node.name for node in ast.parse((ROOT / file).read_text()).body if isinstance(node, ast.FunctionDef)
    )


def test_every_requirement_has_its_line() -> None:
    """Each once, in order."""
    assert [entry["id"] for entry in entries()] == sorted(WANTED)


@pytest.mark.parametrize("entry", entries(), ids=lambda it: it["id"])
def test_what_implements_and_what_proves_it_exist(entry: dict[str, list[str]]) -> None:
    """A file that was renamed, or a test that was dropped, is found out."""
    assert entry["by"]
    assert entry["proof"]
    for path in entry["by"]:
        assert (ROOT / path).is_file(), path
    for proof in entry["proof"]:
        file, _, name = proof.partition("::")
        assert name in functions(file), proof


@pytest.mark.parametrize("language", ["en", "ko"])
def test_the_documents_are_made_of_it(language: str) -> None:
    """Run ``python -m tests.docs.requirements`` after a change."""
    assert target(language).read_text() == render(language)
