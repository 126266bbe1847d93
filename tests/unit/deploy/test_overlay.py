"""Overlays: their own words, the inventory's facts, the site's traits."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest
import yaml

from tasks.deploy.overlay import (
    buildable,
    components_of,
    components_of_cluster,
    facts_of,
    facts_that_differ,
    read_overlay,
)
from tasks.fleet.load import load_fleet
from tasks.model.errors import InventoryError
from tests.unit.onsite import ROOT

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

FLEET = load_fleet(ROOT / "inventory")
CLUSTER = FLEET.cluster("cluster-03")


@pytest.fixture
def site(tmp_path: Path) -> Path:
    """A copy of the Kustomize tree that the test may write to."""
    shutil.copytree(ROOT / "kustomize", tmp_path / "kustomize", ignore=shutil.ignore_patterns("charts"))
    return tmp_path


@pytest.fixture
def edit(site: Path) -> Callable[[str, str, str], None]:
    """Replace a text in one file of cluster-03's overlays."""

    def replace(name: str, old: str, new: str) -> None:
        path = site / "kustomize" / "overlays" / "cluster-03" / name
        text = path.read_text()
        assert old in text
        path.write_text(text.replace(old, new))

    return replace


def test_an_overlay_says_where_it_goes(site: Path) -> None:
    """Namespace and stage come from the overlay's own metadata."""
    overlay = read_overlay(site, CLUSTER, "cilium-l2")
    assert (overlay.namespace, overlay.stage) == ("kube-system", 2)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("vip", "192.168.101.210"),
        ("address", "192.168.101.194"),
        ("id", '"4"'),
        ("name", "cluster-04"),
        ("central-vip", "192.168.101.211"),
        ("s3-endpoint", "elsewhere:80"),
        ("s3-address", "172.16.203.2"),
    ],
)
def test_a_fact_that_differs_from_the_inventory_is_refused(
    site: Path, edit: Callable[[str, str, str], None], key: str, value: str
) -> None:
    """The mistake names file and line, what is there and what the inventory says."""
    wanted = facts_of(FLEET, CLUSTER)[key]
    edit("facts/facts.yaml", f'  {key}: "{wanted}"' if key == "id" else f"  {key}: {wanted}", f"  {key}: {value}")
    (mistake,) = facts_that_differ(site, FLEET, CLUSTER)
    assert mistake.file.endswith("cluster-03/facts/facts.yaml")
    text = (site / "kustomize/overlays/cluster-03/facts/facts.yaml").read_text().splitlines()
    assert f"{key}:" in text[mistake.line - 1]
    assert f"the inventory says {wanted}" in mistake.said


def test_a_missing_and_a_superfluous_fact_are_refused(site: Path, edit: Callable[[str, str, str], None]) -> None:
    """Both are differences."""
    edit("facts/facts.yaml", "  region: edge\n", "  colour: blue\n")
    assert [mistake.said.split(" ")[0] for mistake in facts_that_differ(site, FLEET, CLUSTER)] == ["colour", "region"]


def test_an_overlay_that_does_not_say_where_it_goes_is_refused(
    site: Path, edit: Callable[[str, str, str], None]
) -> None:
    """Without a namespace it would land in `default`."""
    edit("cilium/kustomization.yaml", "    fleetproof/namespace: kube-system\n", "")
    with pytest.raises(InventoryError, match="annotation fleetproof/namespace"):
        read_overlay(site, CLUSTER, "cilium")


def test_a_stage_is_a_number(site: Path, edit: Callable[[str, str, str], None]) -> None:
    """A word there would decide the order by accident."""
    edit("cilium/kustomization.yaml", 'fleetproof/stage: "1"', "fleetproof/stage: first")
    with pytest.raises(InventoryError, match="a whole number"):
        read_overlay(site, CLUSTER, "cilium")


def test_a_cluster_has_the_components_it_has_folders_for(site: Path, edit: Callable[[str, str, str], None]) -> None:
    """In the order of their stages; one for a trait only where the site has opted in to it; facts are none."""
    for folder in (site / "kustomize" / "overlays" / "cluster-03").iterdir():
        if folder.name not in {"facts", "cilium", "cilium-l2"}:
            shutil.rmtree(folder)
    assert [it.component for it in components_of_cluster(site, CLUSTER, ())] == ["cilium", "cilium-l2"]
    edit("cilium/kustomization.yaml", 'fleetproof/stage: "1"', 'fleetproof/stage: "9"\n    fleetproof/trait: colour')
    assert [it.component for it in components_of_cluster(site, CLUSTER, ())] == ["cilium-l2"]
    assert [it.component for it in components_of_cluster(site, CLUSTER, ("colour",))] == ["cilium-l2", "cilium"]


def test_a_cluster_without_overlays_is_a_mistake(site: Path) -> None:
    """Nothing to deploy is never a success."""
    shutil.rmtree(site / "kustomize" / "overlays" / "cluster-03")
    with pytest.raises(InventoryError, match="wanted a folder per component"):
        components_of_cluster(site, CLUSTER, ())


@pytest.mark.parametrize("spoil", ["", "- 1\n", "a: ["])
def test_a_file_that_is_no_mapping_is_refused(site: Path, spoil: str) -> None:
    """An empty or mangled file is one clear mistake."""
    (site / "kustomize/overlays/cluster-03/cilium/kustomization.yaml").write_text(spoil)
    with pytest.raises(InventoryError, match=r"cilium/kustomization\.yaml:1:"):
        read_overlay(site, CLUSTER, "cilium")


def test_without_traits_the_overlay_itself_is_built(site: Path, tmp_path: Path) -> None:
    """FR-020's command needs no wrapper; a trait that knows nothing of the component adds none."""
    overlay = read_overlay(site, CLUSTER, "cilium-l2")
    assert buildable(site, overlay, (), tmp_path / "build") == overlay.path
    assert buildable(site, overlay, ("lab",), tmp_path / "build") == overlay.path
    assert not (tmp_path / "build").exists()


def test_a_trait_wraps_the_overlay(site: Path, tmp_path: Path) -> None:
    """The wrapper names overlay and component by relative paths that exist."""
    overlay = read_overlay(site, CLUSTER, "cilium")
    assert [path.parent.name for path in components_of(site, overlay, ("lab", "unknown"))] == ["lab"]
    wrapper = buildable(site, overlay, ("lab",), tmp_path / "build")
    kustomization = yaml.safe_load((wrapper / "kustomization.yaml").read_text())
    for named in (*kustomization["resources"], *kustomization["components"]):
        assert not named.startswith("/")
        assert (wrapper / named / "kustomization.yaml").is_file()
