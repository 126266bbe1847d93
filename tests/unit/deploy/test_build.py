"""Rendered from a private copy, twice, and kept by what went into it."""

from __future__ import annotations

import os
import shutil
import time
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from tasks.deploy import build
from tasks.deploy.build import render_all, rendering
from tasks.deploy.charts import Chart
from tasks.deploy.pins import Pin
from tasks.deploy.tree import private_tree, prune
from tasks.model.errors import CommandFailed, InventoryError
from tasks.transport.fake import ScriptedShell
from tests.unit.onsite import ROOT, OnSite

if TYPE_CHECKING:
    from pathlib import Path

OBJECT = "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: %s\n  namespace: kube-system\ndata:\n  x: %s\n"
ONE = OBJECT % ("a", "1")


class Site:
    """A copy of the tree that may be written to, and a scripted Kustomize."""

    def __init__(self, folder: Path, traits: tuple[str, ...] = ()) -> None:
        """Lay the copy down; Kustomize prints one object."""
        shutil.copytree(
            ROOT / "kustomize", folder / "site" / "kustomize", ignore=shutil.ignore_patterns("charts", "charts.lock")
        )
        (folder / "site" / "kustomize" / "charts.lock").write_text("[]\n")
        onsite = OnSite(folder / "state", traits=traits)
        self.ctx = replace(onsite.ctx, root=folder / "site")
        self.cluster = onsite.cluster
        self.shell = ScriptedShell()
        self.shell.answer("kustomize version", stdout="v5.8.1\n")
        self.shell.answer(("helm", "version", "--template={{.Version}}"), stdout="v3.22.0")
        self.prints(ONE)

    def prints(self, text: str, *, once: bool = False) -> None:
        """Teach what a build prints."""
        self.shell.answer_if(lambda it: it.argv[:2] == ("kustomize", "build"), stdout=text, once=once)

    def builds(self) -> list[str]:
        """The folders that were built."""
        return [it.argv[2] for it in self.shell.commands if it.argv[1] == "build"]

    def rendered(self, component: str = "cilium-l2") -> list[str]:
        """What is rendered, by name."""
        return [ref.name for ref in rendering(self.ctx, self.cluster, component, self.shell)[1].refs]


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Site:
    """A site without traits."""
    monkeypatch.setattr(build, "_VERSIONS", {})
    return Site(tmp_path)


def test_a_component_is_built_twice_and_then_read_back(site: Site) -> None:
    """By the specification's command, in a private copy; the second time nothing is built."""
    assert site.rendered() == site.rendered() == ["a"]
    first, second = site.builds()
    assert first == second
    assert first.startswith(str(site.ctx.state / "build" / "trees"))
    assert first.endswith("kustomize/overlays/cluster-03/cilium-l2")


def test_what_goes_into_a_rendering_names_it(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """A changed file of the tree, and another Kustomize, are other renderings."""
    site.rendered()
    policy = site.ctx.root / "kustomize/base/cilium-l2/policy.yaml"
    policy.write_text(policy.read_text() + "# changed\n")
    site.rendered()
    assert len(set(site.builds())) == 2
    monkeypatch.setattr(build, "_VERSIONS", {})
    site.shell.answer("kustomize version", stdout="v5.9.0\n")
    site.rendered()
    assert len(site.builds()) == 6


def test_something_random_is_refused_by_name(site: Site) -> None:
    """It would be changed by every run; the next run looks again."""
    site.prints(f"{ONE}---\n{OBJECT % ('b', '1')}", once=True)
    site.prints(f"{ONE}---\n{OBJECT % ('b', '2')}", once=True)
    with pytest.raises(InventoryError, match="two builds differ in ConfigMap b: something in it is random"):
        site.rendered()
    assert site.rendered() == ["a"]


def test_a_build_that_fails_is_the_tools_own_failure(site: Site) -> None:
    """Nothing is kept of it."""
    site.shell.answer_if(lambda it: it.argv[1] == "build", exit_code=1, stderr="no such file", once=True)
    with pytest.raises(CommandFailed, match="no such file"):
        site.rendered()
    assert site.rendered() == ["a"]


def test_a_rendering_that_was_cut_is_made_anew(site: Site) -> None:
    """What cannot be read back is as good as not there."""
    site.rendered()
    (kept,) = (site.ctx.state / "build" / "streams").glob("*.json")
    kept.write_text(kept.read_text()[:20])
    assert site.rendered() == ["a"]
    assert len(site.builds()) == 4


def test_traits_are_built_by_a_wrapper(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Beside the private copy, which stays the site's."""
    monkeypatch.setattr(build, "_VERSIONS", {})
    site = Site(tmp_path, traits=("lab",))
    site.rendered("cilium")
    assert all("/build/wrappers/" in folder for folder in site.builds())


def test_one_that_cannot_be_built_does_not_hide_the_others(site: Site) -> None:
    """Each has its own answer, in the order that was asked."""
    good, bad = render_all(site.ctx, [(site.cluster, "cilium-l2"), (site.cluster, "nothing")], site.shell)
    assert isinstance(bad, InventoryError)
    assert not isinstance(good, Exception)
    assert good[0].component == "cilium-l2"
    assert render_all(site.ctx, [], site.shell) == ()


def test_charts_lie_where_kustomize_looks(site: Site, tmp_path: Path) -> None:
    """In the copy alone, and the copy is made once."""
    pin = Pin(name="x", version="1", base="cilium-l2", repository="https://example.org", tree="0")
    chart = Chart(pin=pin, files={"Chart.yaml": b"name: x\n"}, digest="0", origin=tmp_path)
    tree = private_tree(site.ctx.root, [chart], tmp_path / "trees")
    assert (tree.root / "kustomize/base/cilium-l2/charts/x-1/x/Chart.yaml").read_text() == "name: x\n"
    assert not (site.ctx.root / "kustomize/base/cilium-l2/charts").exists()
    assert private_tree(site.ctx.root, [chart], tmp_path / "trees") == tree
    assert private_tree(site.ctx.root, [], tmp_path / "trees") != tree


def test_what_nobody_uses_any_more_is_removed(tmp_path: Path) -> None:
    """Folders and files, also those that a crash has left; what was used lately stays."""
    now = time.time()
    for name, age_s in (("old", 100), (".new-crashed", 100), ("young", 0)):
        (tmp_path / name).mkdir()
        (tmp_path / name / "file").touch()
        os.utime(tmp_path / name, (now - age_s, now - age_s))
    prune(tmp_path, now - 50)
    assert [path.name for path in tmp_path.iterdir()] == ["young"]
    prune(tmp_path / "nowhere", now)
