"""Nothing is changed before the whole tree has passed every guard, each with a row that it turns red."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tasks.deploy import check_tree as checking
from tasks.deploy.check_tree import check_tree, declares
from tasks.deploy.guards import FLEET_RULES, RULES
from tasks.deploy.manifest import parse_stream
from tasks.deploy.overlay import read_overlay
from tasks.model.errors import InventoryError, Mistake
from tasks.model.finding import FLEET, Outcome, Row, Verdict
from tests.unit.onsite import ROOT, OnSite

if TYPE_CHECKING:
    from tasks.model.finding import Finding

FIXTURES = Path(__file__).with_name("guards")
REFUSED = {path.parent.name: path.with_suffix(".yaml") for path in sorted(FIXTURES.glob("*/*.txt"))}
FLEETWIDE = {path.parent.parent.name: path.parent for path in sorted(FIXTURES.glob("fleet/*/*/said.txt"))}
GOOD = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n"
HUGE = f"apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: a}}\ndata: {{x: {'y' * 300_000}}}\n"
NAMES = ("cluster-01", "cluster-02", "cluster-03", "cluster-04")
COMPONENT = "cilium-l2"


class Tree:
    """All four clusters, each component rendered to one harmless object unless a test says otherwise."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """Put a scripted rendering in the place of Kustomize."""
        self.ctx = OnSite(folder, traits=("lab",)).ctx
        self.texts: dict[tuple[str, str], str] = {}
        self.errors: dict[tuple[str, str], Exception] = {}
        self.rendered: list[tuple[str, str]] = []
        self.stand_ins: tuple[str, ...] = ()
        monkeypatch.setattr(checking, "render_all", self.render_all)

    def render_all(self, ctx: Any, wanted: Any, _shell: object) -> tuple[Any, ...]:
        """What the test has said."""
        self.rendered = [(cluster.name, component) for cluster, component in wanted]
        return tuple(
            self.errors.get((cluster.name, component))
            or (
                replace(read_overlay(ctx.root, cluster, component), stand_ins=self.stand_ins),
                parse_stream(self.texts.get((cluster.name, component), GOOD)),
            )
            for cluster, component in wanted
        )

    def judge(self, *names: str) -> dict[Row, Finding]:
        """Every finding by its row."""
        outcome = check_tree({name: Outcome() for name in names or NAMES}, self.ctx)
        self.notes = outcome.notes
        found = {finding.row: finding for finding in outcome.findings}
        assert len(found) == len(outcome.findings)
        return found


@pytest.fixture
def tree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Tree:
    """Everything good."""
    return Tree(tmp_path, monkeypatch)


def test_a_good_tree_passes_every_row(tree: Tree) -> None:
    """As many as were declared."""
    found = tree.judge()
    assert set(found) == set(declares(tree.ctx.fleet))
    assert {finding.verdict for finding in found.values()} == {Verdict.PASS}
    assert {cluster for cluster, _ in tree.rendered} == set(NAMES)
    assert ("cluster-03", "monitoring") in tree.rendered
    assert ("cluster-03", "fluent-bit") in tree.rendered


def test_what_the_site_goes_without_is_not_rendered(tree: Tree, monkeypatch: pytest.MonkeyPatch) -> None:
    """For it is not applied either."""
    monkeypatch.setattr(checking, "left_out", lambda *words: "nobody has it" if words[-1] == "fluent-bit" else "")
    tree.judge()
    assert ("cluster-03", "monitoring") in tree.rendered
    assert ("cluster-03", "fluent-bit") not in tree.rendered


@pytest.mark.parametrize("rule", [rule.name for rule in RULES])
def test_each_guard_turns_its_row_of_that_cluster_red(tree: Tree, rule: str) -> None:
    """With what is wanted and what to do; the same row of the other clusters stays good."""
    tree.texts["cluster-03", COMPONENT] = HUGE if rule == "sizes" else REFUSED[rule].read_text()
    found = tree.judge()
    finding = found[Row(f"tree.{rule}", "cluster-03")]
    assert finding.verdict is Verdict.FAIL
    assert finding.observed.startswith(f"{COMPONENT}: ")
    assert finding.wanted
    assert "python -m tasks.deploy check --limit cluster-03" in finding.remedy
    assert found[Row(f"tree.{rule}", "cluster-02")].verdict is Verdict.PASS


@pytest.mark.parametrize("rule", [rule.name for rule in FLEET_RULES])
def test_each_guard_over_the_fleet_turns_its_row_red(tree: Tree, rule: str) -> None:
    """Also where only one of the clusters is chosen: the others' renderings are looked at all the same."""
    for path in sorted(FLEETWIDE[rule].glob("*.yaml")):
        tree.texts[path.stem, COMPONENT] = path.read_text()
    for names in (NAMES, ("cluster-04",)):
        finding = tree.judge(*names)[Row(f"tree.{rule}", FLEET)]
        assert finding.verdict is Verdict.FAIL
        assert FLEETWIDE[rule].joinpath("said.txt").read_text().strip() in finding.observed


def test_only_the_chosen_clusters_have_rows_of_their_own(tree: Tree) -> None:
    """A complaint about another one's rendering is none of this run's."""
    tree.texts["cluster-02", COMPONENT] = REFUSED["literal-secrets"].read_text()
    found = tree.judge("cluster-03")
    assert {row.target for row in found} == {"cluster-03", FLEET}
    assert {finding.verdict for finding in found.values()} == {Verdict.PASS}


def test_what_cannot_be_rendered_is_never_a_pass(tree: Tree) -> None:
    """Its own row says why; that cluster's guards point there; those over the fleet know nothing, and say so."""
    tree.errors["cluster-02", "monitoring"] = InventoryError((Mistake("facts.yaml", 3, "vip is 1, wanted 2"),))
    found = tree.judge()
    rendered = found[Row("tree.rendered", "cluster-02")]
    assert (rendered.verdict, rendered.observed) == (Verdict.FAIL, "monitoring: facts.yaml:3: vip is 1, wanted 2")
    assert found[Row("tree.images", "cluster-02")].blocked_by == rendered.row
    assert found[Row("tree.images", "cluster-02")].verdict is Verdict.SKIP
    for rule in FLEET_RULES:
        finding = found[Row(f"tree.{rule.name}", FLEET)]
        assert (finding.verdict, finding.blocks, finding.blocked_by) == (Verdict.ERROR, True, rendered.row)
    outside = tree.judge("cluster-03")[Row("tree.addresses", FLEET)]
    assert (outside.verdict, outside.blocked_by) == (Verdict.ERROR, None)
    assert "cluster-02 monitoring" in outside.observed


def test_a_tool_that_fails_is_an_error_not_a_verdict(tree: Tree) -> None:
    """What raises anything but a mistake of the tree says nothing of the tree."""
    tree.errors["cluster-02", "monitoring"] = RuntimeError("helm is not here")
    assert tree.judge()[Row("tree.rendered", "cluster-02")].verdict is Verdict.ERROR


def test_nothing_to_render_is_not_good(tree: Tree, monkeypatch: pytest.MonkeyPatch) -> None:
    """Zero is never success."""
    monkeypatch.setattr(checking, "wanted_of", lambda _ctx: ())
    found = tree.judge("cluster-03")
    assert found[Row("tree.rendered", "cluster-03")].verdict is Verdict.ERROR


def test_an_unpinned_input_is_a_row_of_the_fleet(tree: Tree, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever's base draws it."""
    monkeypatch.setattr(checking, "judge_tree", lambda _root: (Mistake("kustomize/x", 1, "comes from outside"),))
    finding = tree.judge()[Row("tree.inputs", FLEET)]
    assert (finding.verdict, finding.observed) == (Verdict.FAIL, "kustomize/x:1: comes from outside")


def test_the_labs_own_charts_are_told_once(tree: Tree) -> None:
    """In the notes of the report, whoever deploys from them."""
    tree.stand_ins = ("longhorn-1.12.1",)
    tree.judge()
    assert tree.notes == ("longhorn-1.12.1 is the lab's own chart, not the published one",)


@pytest.mark.parametrize("rule", [*RULES, *FLEET_RULES], ids=lambda rule: rule.name)
def test_every_rule_says_what_it_wants(rule: Any) -> None:
    """As a sentence that a row can show."""
    assert rule.says.endswith(".")


def test_the_deployment_checks_the_tree_before_it_changes_anything(monkeypatch: pytest.MonkeyPatch) -> None:
    """Before `kubeadm init`, as a stage that can be chosen alone."""
    monkeypatch.syspath_prepend(str(ROOT / "runbooks"))
    from full_deploy import STAGES  # noqa: PLC0415  runbooks are scripts

    monkeypatch.delitem(sys.modules, "full_deploy")
    slugs = [stage.slug for stage in STAGES]
    first = next(number for number, stage in enumerate(STAGES) if stage.mutates)
    assert slugs.index("check-the-tree") < first
    assert STAGES[slugs.index("check-the-tree")].on_hosts is None
