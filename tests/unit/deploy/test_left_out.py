"""What a trait's site goes without is a row that says why; nothing of it is rendered or applied."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
import yaml

from tasks.deploy.left_out import as_left_out, left_out
from tasks.deploy.step import deploy
from tasks.fleet.load import load_fleet
from tasks.model.errors import InventoryError
from tasks.model.finding import Row, Verdict
from tasks.panels import ask
from tasks.probes import ingress
from tasks.probes.flow import FLOWS
from tasks.probes.web import WEBS
from tests.unit.onsite import ROOT, OnSite

if TYPE_CHECKING:
    from pathlib import Path


def test_a_component_that_is_left_out_is_skipped_with_its_reason(tmp_path: Path) -> None:
    """No cluster is opened for it."""
    onsite = OnSite(tmp_path, traits=("lab",))
    folder = tmp_path / "kustomize" / "components" / "lab"
    folder.mkdir(parents=True)
    (folder / "left-out.yaml").write_text("fluent-bit: nobody has it\n")
    outcome = deploy(replace(onsite.ctx, root=tmp_path), onsite.cluster, "fluent-bit")
    (finding,) = outcome.findings
    assert finding.verdict is Verdict.SKIP
    assert finding.observed.startswith("left out by trait lab: ")
    assert outcome.changes == ()


def test_a_site_without_the_trait_leaves_nothing_out() -> None:
    """Nor does the trait leave out what it does not name."""
    assert left_out(ROOT, (), "opensearch-index-management") == ""
    assert left_out(ROOT, ("lab",), "opensearch-index-management").startswith("left out by trait lab: ")
    assert left_out(ROOT, ("lab",), "monitoring") == ""


def test_a_component_for_a_trait_is_left_out_elsewhere(tmp_path: Path) -> None:
    """With the trait's name, so that who misses it knows how to have it."""
    row = Row("deploy.audit", "cluster-01")
    finding = as_left_out(OnSite(tmp_path).ctx, row, "audit")
    assert finding is not None
    assert (finding.verdict, finding.observed) == (Verdict.SKIP, "for sites with the trait audit alone")
    assert as_left_out(OnSite(tmp_path, traits=("audit",)).ctx, row, "audit") is None
    assert as_left_out(OnSite(tmp_path).ctx, row, "no-such") is None


@pytest.mark.parametrize("text", ["[a]", "opensearch:", "opensearch: ''"])
def test_no_reason_is_no_leave(tmp_path: Path, text: str) -> None:
    """A component that is passed over without a word would look deployed."""
    folder = tmp_path / "kustomize" / "components" / "lab"
    folder.mkdir(parents=True)
    (folder / "left-out.yaml").write_text(text)
    with pytest.raises(InventoryError, match="component: reason"):
        left_out(tmp_path, ("lab",), "opensearch")


def test_only_components_plugins_and_rows_are_left_out() -> None:
    """A misspelt one would leave nothing out, and nobody would know."""
    known = {path.name for path in (ROOT / "kustomize" / "base").iterdir()}
    known |= {ingress.HTTP, *(f"ingress.{it.name}" for it in WEBS), *(it.check for it in FLOWS)}
    known |= {row.check for row in ask.declares(load_fleet(ROOT / "inventory"))}
    known |= {str(json.loads(path.read_text())["plugin"]) for path in (ROOT / "kustomize").rglob("settings/*.json")}
    for file in (ROOT / "kustomize" / "components").glob("*/left-out.yaml"):
        assert {name.partition("/")[0] for name in yaml.safe_load(file.read_text())} <= known
