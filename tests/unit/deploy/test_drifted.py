"""Drift is the deployment's own comparison: each field is named, nothing is changed, and nothing passes unread."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from tasks.deploy import drifted
from tasks.deploy.check import wanted_of
from tasks.deploy.drift import parse_diff
from tasks.deploy.drifted import compare, declares, in_words
from tasks.deploy.kubectl import Kubectl
from tasks.deploy.left_behind import left_behind
from tasks.deploy.manifest import Ref, parse_stream
from tasks.deploy.overlay import Overlay
from tasks.deploy.secrets import WantedSecret
from tasks.model.finding import Verdict
from tasks.transport.fake import ScriptedShell
from tests.unit.onsite import ROOT, OnSite

if TYPE_CHECKING:
    from pathlib import Path

    from tasks.model.finding import Finding

RECORDED = (ROOT / "tests/recorded/deploy/kubectl-diff/edited-by-hand/stdout.txt").read_text()
STREAM = parse_stream("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a, namespace: there}\n")
ENTRY = ["v1", "ConfigMap", "there", "a"]


def test_what_was_edited_by_hand_is_named_field_by_field() -> None:
    """And what the comparison itself counts up is not."""
    words = {in_words(name, diff) for name, diff in parse_diff(RECORDED).items()}
    assert words == {
        "Deployment cilium-operator: replicas: 2, wanted replicas: 1",
        "ConfigMap cilium-config is not there",
    }


@pytest.mark.parametrize(
    ("name", "diff", "said"),
    [
        ("monitoring.coreos.com.v1.Prometheus.m.p", "-a: 1\n+a: 2", "Prometheus p: a: 1, wanted a: 2"),
        ("storage.k8s.io.v1.StorageClass..longhorn", "+a: 2", "StorageClass longhorn: lacks a: 2"),
        ("v1.ConfigMap.m.fleetproof.x", "-a: 1", "ConfigMap fleetproof.x: a: 1, wanted nothing"),
        ("v1.ConfigMap.m.x", "--- a\n+++ b\n-  generation: 1\n+  generation: 2\n same", ""),
    ],
)
def test_every_form_of_difference_reads_well(name: str, diff: str, said: str) -> None:
    """Groups with dots, objects without a namespace, names with dots, and what is ignored."""
    assert in_words(name, diff) == said


def test_what_the_overlay_no_longer_has_is_left_behind() -> None:
    """The record knows it; an empty record knows nothing."""
    record = {"data": {"objects": json.dumps([ENTRY, ["v1", "Service", "there", "old"]])}}
    assert [str(ref) for ref in left_behind(record, STREAM, "there")] == ["Service old"]
    assert left_behind({}, STREAM, "there") == ()


class Api:
    """An API server with, or without, a component's record."""

    def __init__(self, *, recorded: bool, opted_out: bool) -> None:
        """Remember whether components were applied, and whether those were that the site does without."""
        self.recorded, self.opted_out = recorded, opted_out

    def find(self, path: str) -> dict[str, Any] | None:
        """The record alone."""
        assert "fleetproof." in path
        there = self.opted_out if path.endswith("fleetproof.ingress-nginx") else self.recorded
        return {"data": {"objects": json.dumps([ENTRY])}} if there else None

    def metadata(self, path: str) -> dict[str, Any]:
        """As if nothing were there: everything is compared."""
        assert path.startswith("/api")
        return {}


class Bench:
    """One cluster whose every component renders to one ConfigMap."""

    def __init__(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, recorded: bool = True, opted_out: bool = False
    ) -> None:
        """Put scripted parts in the place of Kustomize, kubectl and the API server."""
        self.onsite = OnSite(tmp_path, traits=("lab",))
        self.shell = ScriptedShell(plan=True)
        monkeypatch.setattr(drifted, "open_cluster", lambda *_: Api(recorded=recorded, opted_out=opted_out))
        monkeypatch.setattr(drifted, "LocalShell", lambda *, plan: self.shell if plan else None)
        monkeypatch.setattr(drifted, "differing_secrets", lambda *_: ())
        monkeypatch.setattr(
            drifted,
            "kubectl_of",
            lambda *_: Kubectl(shell=ScriptedShell(), kubeconfig=tmp_path, context="cluster-03", cache=tmp_path),
        )
        monkeypatch.setattr(drifted, "render", self._render)

    def _render(self, _ctx: object, cluster: Any, component: str, _shell: object) -> Any:
        overlay = Overlay(cluster=cluster.name, component=component, path=self.onsite.state, namespace="there", stage=1)
        return overlay, STREAM

    def findings(self) -> dict[str, Finding]:
        """By check."""
        return {finding.row.check: finding for finding in self.onsite.run(compare).findings}


def test_every_component_of_every_cluster_is_compared(tmp_path: Path) -> None:
    """What has an overlay has a row; a component that nobody compares would always look right."""
    onsite = OnSite(tmp_path, traits=("ingress-nginx", "audit"))
    rows = {(row.target, row.check.removeprefix("drift.")) for row in declares(onsite.fleet)}
    assert rows == {(cluster.name, component) for cluster, component in wanted_of(onsite.ctx)}


def test_a_converged_cluster_has_no_drift(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every row passes, and each says what it ignores."""
    bench = Bench(tmp_path, monkeypatch)
    bench.shell.answer_if(lambda it: "diff" in it.argv)
    found = bench.findings()
    assert {str(row) for row in declares(bench.onsite.fleet) if row.target == "cluster-03"} == {
        f"{check}@cluster-03" for check in found
    }
    assert found.pop("drift.ingress-nginx").observed == "for sites with the trait ingress-nginx alone"
    assert {finding.verdict for finding in found.values()} == {Verdict.PASS}
    assert "ignored: generation" in found["drift.monitoring"].observed
    assert bench.shell.mutations == []


def test_what_the_site_no_longer_opts_in_to_is_drift(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It goes on, and nobody would look: red until somebody takes it away or opts in again."""
    bench = Bench(tmp_path, monkeypatch, opted_out=True)
    bench.shell.answer_if(lambda it: "diff" in it.argv)
    finding = bench.findings()["drift.ingress-nginx"]
    assert finding.verdict is Verdict.FAIL
    assert finding.observed.startswith("it was applied, and is still there: ")
    assert finding.remedy.endswith("delete namespace ingress-nginx")


def test_a_field_that_differs_is_drift(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With the command that mends it and the difference as evidence."""
    bench = Bench(tmp_path, monkeypatch)
    bench.shell.answer_if(lambda it: "diff" in it.argv, stdout=RECORDED, exit_code=1)
    finding = bench.findings()["drift.cilium"]
    assert finding.verdict is Verdict.FAIL
    assert "replicas: 2, wanted replicas: 1" in finding.observed
    assert "-  replicas: 2" in finding.evidence


def test_what_is_left_is_drift_that_pruning_mends(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The remedy says so; without anything left it does not."""
    bench = Bench(tmp_path, monkeypatch)
    bench.shell.answer_if(lambda it: "diff" in it.argv)
    monkeypatch.setattr(drifted, "left_of", lambda *_: (Ref("v1", "Service", "there", "old"),))
    finding = bench.findings()["drift.monitoring"]
    assert (finding.verdict, finding.observed) == (Verdict.FAIL, "Service old is left from an earlier version")
    assert "--limit cluster-03 --prune;" in finding.remedy
    monkeypatch.setattr(drifted, "left_of", lambda *_: ())
    bench.shell.answer_if(lambda it: "diff" in it.argv, stdout=RECORDED, exit_code=1)
    assert "--prune" not in bench.findings()["drift.monitoring"].remedy


def test_a_secret_that_differs_is_drift_without_its_content(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its name is all that is said."""
    bench = Bench(tmp_path, monkeypatch)
    bench.shell.answer_if(lambda it: "diff" in it.argv)
    secret = WantedSecret(namespace="there", name="key", data={"a": "made-up"})
    monkeypatch.setattr(drifted, "differing_secrets", lambda *_: (secret,))
    finding = bench.findings()["drift.monitoring"]
    assert (finding.verdict, finding.observed) == (Verdict.FAIL, "Secret key differs")
    assert "made-up" not in repr(finding)


def test_what_was_never_applied_is_no_equality(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """There is nothing to compare, and that is said."""
    found = Bench(tmp_path, monkeypatch, recorded=False).findings()
    assert found["drift.longhorn"].observed == "it was never applied whole"
    assert found["drift.longhorn"].verdict is Verdict.FAIL


def test_a_comparison_that_fails_is_unknown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Never a pass."""
    bench = Bench(tmp_path, monkeypatch)
    bench.shell.answer_if(lambda it: "diff" in it.argv, exit_code=2, stderr="the server is on fire")
    finding = bench.findings()["drift.cilium"]
    assert finding.verdict is Verdict.ERROR
    assert "on fire" in finding.observed
