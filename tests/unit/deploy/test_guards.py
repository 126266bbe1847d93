"""Each guard: fixtures that it refuses, with the sentence that it says, and some that it lets pass."""

from __future__ import annotations

from pathlib import Path

import pytest

from tasks.deploy.guards import FLEET_RULES, RULES, exceptions_of, judge, refuse, unused
from tasks.deploy.guards.exceptions import Exempt, read_exceptions
from tasks.deploy.guards.inputs import wrong_inputs
from tasks.deploy.guards.limits import ANNOTATIONS
from tasks.deploy.guards.subject import Subject
from tasks.deploy.manifest import parse_stream
from tasks.deploy.overlay import Overlay
from tasks.deploy.pins import Pin
from tasks.fleet.load import load_fleet
from tasks.model.errors import InventoryError
from tests.unit.onsite import ROOT

FIXTURES = Path(__file__).with_name("guards")
FLEET = load_fleet(ROOT / "inventory")
STREAMS = sorted(path for path in FIXTURES.glob("*/*.yaml"))
FLEETS = sorted(path for path in FIXTURES.glob("fleet/*/*"))
EMPTY_DIR = (FIXTURES / "local-volumes" / "empty-dir.yaml").read_text()


def subject(text: str, cluster: str = "cluster-03") -> Subject:
    """A rendering of component demo."""
    overlay = Overlay(cluster=cluster, component="demo", path=ROOT / "kustomize/overlays/x", namespace="demo", stage=1)
    return Subject(overlay=overlay, stream=parse_stream(text), cluster=FLEET.cluster(cluster), fleet=FLEET)


def exempt(rule: str = "local-volumes", part: str = "data", trait: str = "") -> Exempt:
    """An entry for the fixture with an emptyDir."""
    return Exempt(
        rule=rule,
        component="demo",
        object="Deployment web",
        part=part,
        reason="scratch",
        trait=trait,
        file="f.yaml",
        line=3,
    )


@pytest.mark.parametrize("path", STREAMS, ids=lambda it: f"{it.parent.name}-{it.stem}")
def test_a_rule_says_what_its_fixture_expects(path: Path) -> None:
    """One sentence with object and remedy where there is a text beside the objects, none otherwise."""
    (rule,) = (rule for rule in RULES if rule.name == path.parent.name)
    said = [str(complaint) for complaint in rule.judge(subject(path.read_text()))]
    expected = path.with_suffix(".txt")
    if expected.exists():
        (one,) = said
        assert one.startswith(expected.read_text().strip())
    else:
        assert said == []


@pytest.mark.parametrize("folder", FLEETS, ids=lambda it: f"{it.parent.name}-{it.name}")
def test_a_fleet_wide_rule_says_what_its_fixture_expects(folder: Path) -> None:
    """As above, over the renderings of several clusters."""
    (rule,) = (rule for rule in FLEET_RULES if rule.name == folder.parent.name)
    subjects = tuple(subject(path.read_text(), path.stem) for path in sorted(folder.glob("*.yaml")))
    said = [str(complaint) for _, complaint in rule.judge(subjects)]
    expected = folder / "said.txt"
    if expected.exists():
        assert said[0].startswith(expected.read_text().strip())
        assert len(said) == 1
    else:
        assert said == []


def test_every_rule_has_a_fixture_that_it_refuses_and_one_that_passes() -> None:
    """A rule without a failing fixture could be one that never fails; sizes has its own test."""
    refused = {path.parent.name for path in FIXTURES.glob("*/*.txt")}
    passed = {path.parent.name for path in STREAMS if not path.with_suffix(".txt").exists()}
    assert {rule.name for rule in RULES} - {"sizes"} == refused & passed
    refused = {path.parent.parent.name for path in FIXTURES.glob("fleet/*/*/said.txt")}
    assert {rule.name for rule in FLEET_RULES} == refused == {path.parent.name for path in FLEETS}


@pytest.mark.parametrize(("size", "complains"), [(ANNOTATIONS - 200, False), (ANNOTATIONS, True)])
def test_an_object_has_to_fit_into_its_own_annotation(size: int, *, complains: bool) -> None:
    """A client-side apply keeps the whole object there."""
    text = f"apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: a, namespace: demo}}\ndata: {{x: {'y' * size}}}\n"
    (rule,) = (rule for rule in RULES if rule.name == "sizes")
    assert bool(list(rule.judge(subject(text)))) is complains


@pytest.mark.parametrize(
    ("entry", "left"), [(exempt(), 0), (exempt(part=""), 0), (exempt(part="other"), 1), (exempt(rule="requests"), 1)]
)
def test_an_exception_leaves_one_thing_be(entry: Exempt, left: int) -> None:
    """That object's, of that rule, and of that part where it names one; and it is told that it was needed."""
    judged = judge(subject(EMPTY_DIR), [entry])
    assert len(judged.complaints) == left
    assert judged.used == (frozenset() if left else {entry})


def test_an_exception_that_nothing_needs_is_a_mistake() -> None:
    """It would hide the next thing of that name; of a component that was not rendered plainly one cannot tell."""
    overlay = subject(EMPTY_DIR).overlay
    (mistake,) = unused([exempt()], frozenset(), [overlay])
    assert str(mistake).startswith("f.yaml:3: demo: Deployment web data is excepted from local-volumes")
    assert list(unused([exempt()], frozenset({exempt()}), [overlay])) == []
    assert list(unused([exempt(), exempt(trait="lab")], frozenset(), [])) == []


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("- {rule: requests, component: a, object: b}", "wanted: reason"),
        ("- {rule: requests, component: a, reason: b}", "wanted: object"),
        ("- {rule: images, component: a, object: b, reason: c}", "the rule images knows no exceptions"),
    ],
)
def test_an_exception_has_its_reason(tmp_path: Path, text: str, said: str) -> None:
    """An entry that lacks a field, or excepts from what knows no exceptions, is a mistake with its line."""
    (tmp_path / "kustomize").mkdir()
    (tmp_path / "kustomize" / "exceptions.yaml").write_text(f"# comment\n{text}\n")
    with pytest.raises(InventoryError, match=said) as caught:
        read_exceptions(tmp_path, {"requests"})
    assert caught.value.mistakes[0].line == 2


def test_the_trees_own_exceptions_are_read() -> None:
    """Both files, each entry with its reason."""
    assert {"local-volumes", "roles"} <= {entry.rule for entry in exceptions_of(ROOT)}


def test_a_refusal_names_overlay_object_and_remedy() -> None:
    """Every complaint at once."""
    demo = subject("")
    with pytest.raises(InventoryError, match=r"kustomize/overlays/x:1: the overlay: renders no object: name its base"):
        refuse(ROOT, FLEET, demo.overlay, demo.stream)


CHART = {
    "name": "x",
    "repo": "https://charts.example.org",
    "version": "1.0",
    "releaseName": "x",
    "namespace": "x",
    "kubeVersion": "1.33.0",
    "includeCRDs": "false",
}
PIN = Pin(name="x", version="1.0", base="x", repository="https://charts.example.org", tree="0")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({}, ""),
        ({"version": "1.1"}, "is not pinned"),
        ({"repo": "https://elsewhere"}, "is to come from https://elsewhere"),
        ({"kubeVersion": ""}, "states no kubeVersion"),
        ({"namespace": ""}, "states no namespace"),
    ],
)
def test_a_chart_is_pinned_and_told_where_it_goes(tmp_path: Path, change: dict[str, str], said: str) -> None:
    """Each mistake with the kustomization's line; a pin that nothing inflates is one too."""
    fields = {key: value for key, value in (CHART | change).items() if value}
    folder = tmp_path / "kustomize" / "base" / "x"
    folder.mkdir(parents=True)
    lines = "".join(f"    {key}: {value!r}\n" for key, value in fields.items() if key != "name")
    (folder / "kustomization.yaml").write_text(f"helmCharts:\n  - name: x\n{lines}")
    found = [str(mistake) for mistake in wrong_inputs(tmp_path, [PIN])]
    assert [one for one in found if said and "kustomization.yaml:2: the chart x" in one and said in one] or not said
    assert bool(found) is bool(said)


def test_what_comes_from_elsewhere_unpinned_is_refused(tmp_path: Path) -> None:
    """A URL among the resources changes whenever its owner wants."""
    folder = tmp_path / "kustomize" / "base" / "x"
    folder.mkdir(parents=True)
    (folder / "kustomization.yaml").write_text("resources: [https://example.org/all.yaml]\n")
    (mistake,) = wrong_inputs(tmp_path, [])
    assert "comes from outside, unpinned" in mistake.said


def test_a_file_that_changes_is_read_anew(tmp_path: Path) -> None:
    """What was read once is kept by its content, so the next run of the same process sees the change."""
    file = tmp_path / "kustomize" / "exceptions.yaml"
    file.parent.mkdir()
    for name in ("a", "b"):
        file.write_text(f"- {{rule: requests, component: x, object: Deployment {name}, reason: small}}\n")
        assert [entry.object for entry in read_exceptions(tmp_path, ["requests"])] == [f"Deployment {name}"]
