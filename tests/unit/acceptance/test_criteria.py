"""The criteria cover the specification, and a file that does not say what proves a sentence is refused."""

from __future__ import annotations

import sys
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tasks.acceptance.conclude import missing
from tasks.acceptance.criteria import load_criteria
from tasks.acceptance.judge import matching
from tasks.deploy.overlay import components_of_cluster
from tasks.fleet.load import load_fleet
from tasks.model.errors import InventoryError
from tasks.model.finding import Finding, Verdict

if TYPE_CHECKING:
    from tasks.run.stage import Stage

ROOT = Path(__file__).resolve().parents[3]
FLEET = load_fleet(ROOT / "inventory")
STORIES = [f"US{story}-{number}" for story in range(6) for number in range(1, 5)]
EDGES = [f"EC-{number:02}" for number in range(1, 16)]
FUNCTIONAL = sorted(
    [f"FR-{number:03}" for number in range(21)]
    + ["FR-003a", "FR-003b", "FR-003c", "FR-007a", "FR-007b", "FR-007c", "FR-009a", "FR-009b", "FR-011a"]
    + ["FR-012a", "FR-012b"]
)
SUCCESS = [f"SC-{number:03}" for number in range(17)]


def stages() -> tuple[Stage, ...]:
    """Those of ``runbooks/verify.py``."""
    sys.path.insert(0, str(ROOT / "runbooks"))
    try:
        found: tuple[Stage, ...] = import_module("verify").STAGES
    finally:
        sys.path.remove(str(ROOT / "runbooks"))
    return found


def test_every_sentence_of_the_specification_has_its_entry() -> None:
    """Each once: six stories of four scenarios, 15 edge cases, 32 requirements, 17 success criteria."""
    assert [it.id for it in load_criteria()] == [*STORIES, *EDGES, *FUNCTIONAL, *SUCCESS]


def test_every_row_that_proves_something_is_declared_by_verify() -> None:
    """A row that was renamed, or that the runbook has lost, is found out here and not by a red acceptance."""
    declared = [
        Finding(row=row, verdict=Verdict.PASS, observed="") for stage in stages() for row in stage.declares(FLEET)
    ]
    proofs = {pattern for it in load_criteria() for pattern in it.live}
    assert {pattern for pattern in proofs if not matching(pattern, declared)} == set()
    assert len(proofs) > 20


def test_every_document_and_test_is_there() -> None:
    """With its heading, or its function."""
    assert missing(ROOT, load_criteria()) == set()


def test_every_rendering_is_of_a_component_that_some_cluster_has() -> None:
    """Or nothing would be looked at."""
    there = {it.component for cluster in FLEET.clusters for it in components_of_cluster(ROOT, cluster, ())}
    assert {wish.component for it in load_criteria() for wish in it.render} <= there


GOOD = "- id: SC-000\n  en: a\n  ko: b\n"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (GOOD, "c.yaml:1: SC-000: nothing proves it; wanted: one of live, render, document, lab"),
        (GOOD + "  live: []\n", "SC-000: nothing proves it"),
        (GOOD + "  seen: [a]\n", "SC-000: nothing reads the key seen"),
        ("- id: SC-000\n  en: a\n  live: [a]\n", "SC-000: wanted: ko, a text"),
        ("- en: a\n  ko: b\n  live: [a]\n", "an entry without id: wanted: id, a text"),
        (GOOD + "  live: [a]\n" + GOOD + "  live: [a]\n", "c.yaml:5: SC-000 is there twice"),
        (GOOD + "  render: [{component: thanos, kind: Service}]\n", "SC-000: render: wanted: at"),
        (
            GOOD + "  render: [{component: thanos, kind: Service, at: spec, has: x}]\n",
            "SC-000: render: nothing reads the key has",
        ),
    ],
)
def test_an_entry_that_could_prove_nothing_is_refused(text: str, said: str, tmp_path: Path) -> None:
    """With file, line and what was wanted."""
    file = tmp_path / "c.yaml"
    file.write_text(text)
    with pytest.raises(InventoryError) as error:
        load_criteria(file)
    assert said in str(error.value)


@pytest.mark.parametrize(
    "name",
    [
        "docs/nothing.md",
        "docs/alerts.md#nothing",
        "tests/lab/clusters/test_reset.py::test_nothing",
        "tests/nothing.py::test_a",
    ],
)
def test_what_is_not_there_is_missing(name: str, tmp_path: Path) -> None:
    """File, heading and function alike."""
    file = tmp_path / "c.yaml"
    file.write_text(f'{GOOD}  document: ["{name}"]\n')
    assert missing(ROOT, load_criteria(file)) == {name}
