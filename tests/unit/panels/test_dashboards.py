"""The tree's dashboards are read with every variable replaced, and declarations are about panels that exist."""

from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from tasks.model.errors import InventoryError
from tasks.panels.dashboards import DECLARED, FOLDER, read_dashboards, uids
from tests.unit.onsite import ROOT

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A project's folder with the tree's own dashboards and declarations."""
    (tmp_path / FOLDER).parent.mkdir(parents=True)
    shutil.copytree(ROOT / FOLDER, tmp_path / FOLDER)
    shutil.copy(ROOT / DECLARED, tmp_path / DECLARED)
    return tmp_path


def test_every_query_of_the_tree_can_be_sent() -> None:
    """Every dashboard, every panel, no variable left."""
    found = read_dashboards(ROOT, ())
    assert [it.uid for it in found] == list(uids(ROOT))
    assert all(it.queries and not it.absent for it in found)
    texts = [query.text for it in found for query in it.queries]
    assert not [text for text in texts if "$" in text or "[[" in text]
    assert any('cluster=~".+"' in text for text in texts)


def test_a_panel_whose_legend_names_the_cluster_is_about_each() -> None:
    """One that adds all of them up is not."""
    (thanos,) = (it for it in read_dashboards(ROOT, ()) if it.uid == "thanos")
    of_each = {query.panel: query.of_each for query in thanos.queries}
    assert of_each["Sidecar sees its Prometheus"]
    assert not of_each["Compactor"]


def test_the_labs_own_declarations_hold_in_the_lab_alone() -> None:
    """Longhorn is a stand-in there; on a real site its panels are asked."""
    (lab,) = (it for it in read_dashboards(ROOT, ("lab",)) if it.uid == "longhorn")
    (real,) = (it for it in read_dashboards(ROOT, ()) if it.uid == "longhorn")
    assert lab.absent.startswith("left out by trait lab: ")
    assert real.absent == ""


def test_a_single_panel_may_be_absent(tree: Path) -> None:
    """By the row's name and the panel's title."""
    folder = tree / "kustomize" / "components" / "small"
    folder.mkdir(parents=True)
    (folder / "left-out.yaml").write_text("panels.thanos/Compactor: nobody compacts here\n")
    (thanos,) = (it for it in read_dashboards(tree, ("small",)) if it.uid == "thanos")
    assert {it.panel: it.absent for it in thanos.queries if it.absent} == {
        "Compactor": "left out by trait small: nobody compacts here"
    }


def test_what_traits_leave_out_are_panels_that_exist() -> None:
    """A misspelt one would excuse nothing, and nobody would know."""
    titles = {(it.uid, query.panel) for it in read_dashboards(ROOT, ()) for query in it.queries}
    for file in (ROOT / "kustomize" / "components").glob("*/left-out.yaml"):
        names = [it.removeprefix("panels.").split("/", 1) for it in yaml.safe_load(file.read_text()) if "/" in it]
        assert {tuple(it) for it in names} <= titles


def test_a_count_of_logs_by_cluster_is_about_each() -> None:
    """Its buckets say so, for it has no legend."""
    (logs,) = (it for it in read_dashboards(ROOT, ()) if it.uid == "opensearch")
    of_each = {query.panel: query.of_each for query in logs.queries if query.source == "opensearch"}
    assert of_each == {"Log lines, as OpenSearch counts them": True, "Latest errors": False}


def _declare(tree: Path, change: Callable[[Any], Any]) -> None:
    declared = yaml.safe_load((tree / DECLARED).read_text())
    change(declared)
    (tree / DECLARED).write_text(yaml.safe_dump(declared))


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda it: it["thanos"]["empty"].update({"Nothing": "why"}), "thanos: there is no panel 'Nothing'"),
        (lambda it: it["thanos"]["empty"].update({"Compactor": ""}), "thanos: 'Compactor' wants a reason"),
        (lambda it: it.update({"grafana": {}}), "there is no dashboard grafana"),
        (lambda it: it["thanos"].update({"may": {}}), "thanos: may, wanted component, empty or some"),
    ],
)
def test_a_declaration_about_nothing_is_a_mistake(tree: Path, change: Callable[[Any], Any], said: str) -> None:
    """It would excuse a panel that has been renamed, or nothing, and nobody would know."""
    _declare(tree, change)
    with pytest.raises(InventoryError, match=r"panels\.yaml") as raised:
        read_dashboards(tree, ())
    assert said in str(raised.value)


def test_a_query_that_cannot_be_sent_is_a_mistake(tree: Path) -> None:
    """With the file that has it."""
    file = tree / FOLDER / "fleet.json"
    model = json.loads(file.read_text())
    model["panels"][0]["targets"][0]["expr"] = "up{node='$node'}"
    file.write_text(json.dumps(model))
    with pytest.raises(InventoryError, match=r"fleet\.json: nobody knows variable node"):
        read_dashboards(tree, ())
