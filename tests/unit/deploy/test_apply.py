"""What differs is applied, and nothing else; what is right already stays as it is."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from tasks.deploy import apply, kubectl, step
from tasks.deploy.apply import apply_component
from tasks.deploy.kubectl import Kubectl
from tasks.deploy.manifest import parse_stream, record_of
from tasks.deploy.overlay import Overlay
from tasks.deploy.secrets import WantedSecret
from tasks.deploy.step import await_ready, deploy
from tasks.model.errors import CommandFailed, WaitTimeout, WrongCluster
from tasks.model.finding import Row, Verdict
from tasks.run.change import Gate
from tasks.transport.fake import ScriptedShell
from tests.unit.onsite import OnSite

if TYPE_CHECKING:
    from pathlib import Path

TEXT = """\
apiVersion: v1
kind: ConfigMap
metadata:
  name: a
  namespace: kube-system
---
apiVersion: v1
kind: ConfigMap
metadata:
  name: b
  namespace: kube-system
"""
DIFF_OF_B = """\
diff -u -N /tmp/LIVE-1/v1.ConfigMap.kube-system.b /tmp/MERGED-2/v1.ConfigMap.kube-system.b
--- /tmp/LIVE-1/v1.ConfigMap.kube-system.b\t2026-11-23
+++ /tmp/MERGED-2/v1.ConfigMap.kube-system.b\t2026-11-23
@@ -1 +1 @@
-x: 1
+x: 2
"""


class Api:
    """An API server that knows, or does not know, the component's record."""

    def __init__(self, *, recorded: bool) -> None:
        """Remember whether it was applied before."""
        self.recorded = recorded

    def find(self, path: str) -> dict[str, Any] | None:
        """Only the record is looked for."""
        assert path == "/api/v1/namespaces/kube-system/configmaps/fleetproof.demo"
        return {} if self.recorded else None

    def metadata(self, path: str) -> dict[str, Any]:
        """As if nothing were there: everything is compared."""
        assert path.startswith("/api")
        return {}


class Bench:
    """One component, rendered; a kubectl that answers as taught."""

    def __init__(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, plan: bool = False) -> None:
        """Put scripted parts in the place of Kustomize and kubectl."""
        self.onsite = OnSite(tmp_path, plan=plan)
        self.shell = ScriptedShell(plan=plan)
        self.gate = Gate("cluster-03", plan=plan)
        self.stream = parse_stream(TEXT)
        self.overlay = Overlay(
            cluster="cluster-03", component="demo", path=tmp_path / "demo", namespace="kube-system", stage=1
        )
        self.kubectl = Kubectl(
            shell=self.shell, kubeconfig=tmp_path / "admin.conf", context="cluster-03", cache=tmp_path
        )
        monkeypatch.setattr(apply, "render", lambda *_: (self.overlay, self.stream))
        monkeypatch.setattr(apply, "kubectl_of", lambda *_: self.kubectl)

    def diff_says(self, text: str, exit_code: int, stderr: str = "") -> None:
        """Teach the answer of `kubectl diff`."""
        self.shell.answer_if(lambda it: "diff" in it.argv, stdout=text, exit_code=exit_code, stderr=stderr)

    def apply(self, api: Api | None) -> Any:
        """Apply the component."""
        self.shell.answer_if(lambda it: "apply" in it.argv)
        return apply_component(self.onsite.ctx, self.onsite.cluster, "demo", api=api, gate=self.gate)  # type: ignore[arg-type]


@pytest.fixture
def bench(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Bench:
    """A real run."""
    return Bench(tmp_path, monkeypatch)


def test_the_first_time_everything_is_applied_with_its_record(bench: Bench) -> None:
    """One kubectl, server-side, with explicit kubeconfig, context and namespace; no comparison before it."""
    applied = bench.apply(Api(recorded=False))
    (command,) = bench.shell.commands
    assert command.mutates
    assert command.argv[0:5] == (
        "kubectl",
        "--kubeconfig",
        str(bench.onsite.state / "admin.conf"),
        "--context",
        "cluster-03",
    )
    assert {"--server-side", "--field-manager=fleetproof", "-n", "kube-system"} <= set(command.argv)
    assert b"name: fleetproof.demo" in command.stdin
    assert [str(ref) for ref in applied.changed] == ["ConfigMap a", "ConfigMap b"]
    assert [change.sentence for change in bench.gate.changes] == ["apply demo: 3 objects"]


def test_the_second_time_nothing_is_applied(bench: Bench) -> None:
    """The comparison is empty, so nothing is changed."""
    bench.diff_says("", 0)
    applied = bench.apply(Api(recorded=True))
    assert bench.gate.changes == ()
    assert bench.shell.mutations == []
    assert (applied.changed, str(applied)) == ((), "2 objects, none differs")


def test_only_what_differs_is_applied(bench: Bench) -> None:
    """The change names the object and carries the difference."""
    bench.diff_says(DIFF_OF_B, 1)
    bench.apply(Api(recorded=True))
    (change,) = bench.gate.changes
    assert change.sentence == "apply demo: ConfigMap b (1 of 3 differ)"
    assert "+x: 2" in change.diff
    (command,) = bench.shell.mutations
    assert b"name: a\n" not in command.stdin


FOUNDED = """\
apiVersion: v1
kind: Namespace
metadata:
  name: demo
---
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata:
  name: widgets.demo
"""


class Founding(Api):
    """One whose kinds are established at the second look, and which has no Secret."""

    looks = 0

    def find(self, path: str) -> dict[str, Any] | None:
        """Count the looks at the kind."""
        if "customresourcedefinitions" in path:
            self.looks += 1
            status = "True" if self.looks > 1 else "False"
            return {"metadata": {}, "status": {"conditions": [{"type": "Established", "status": status}]}}
        return None


def test_what_others_are_in_or_written_in_comes_first(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """Namespace and kinds, which are waited for; then Secrets; then the rest with the record."""
    secret = WantedSecret(namespace="demo", name="key", data={"a": "made-up"})
    monkeypatch.setattr(apply, "differing_secrets", lambda *_: (secret,))
    bench.stream = parse_stream(TEXT + "---\n" + FOUNDED)
    api = Founding(recorded=False)
    applied = bench.apply(api)
    assert [change.sentence for change in bench.gate.changes] == [
        "apply demo: 2 objects",
        "write Secret key of namespace kube-system: a",
        "apply demo: 3 objects",
    ]
    first, second, third = bench.shell.mutations
    assert b"kind: Namespace" in first.stdin
    assert b"kind: ConfigMap" not in first.stdin
    assert json.loads(second.stdin)["stringData"] == {"a": "made-up"}
    assert not any("made-up" in " ".join(it.argv) for it in bench.shell.mutations)
    assert b"name: fleetproof.demo" in third.stdin
    assert api.looks == 2
    assert applied.secrets == ("key",)


def test_a_kind_that_is_never_established_ends_the_step(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing that is written in it is applied."""
    monkeypatch.setattr(apply, "ESTABLISHED_S", 0.01)
    monkeypatch.setattr(Founding, "looks", -1000)
    bench.stream = parse_stream(TEXT + "---\n" + FOUNDED)
    with pytest.raises(WaitTimeout, match=r"kind widgets\.demo"):
        bench.apply(Founding(recorded=False))
    assert len(bench.shell.mutations) == 1


def test_a_comparison_that_fails_is_no_equality(bench: Bench) -> None:
    """An error of kubectl ends the step; it is never read as "nothing differs"."""
    bench.diff_says("", 2, stderr="error: the server could not find the requested resource")
    with pytest.raises(CommandFailed, match="could not find"):
        bench.apply(Api(recorded=True))
    assert bench.shell.mutations == []


def test_a_plan_compares_and_applies_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The sentence is the deployment's own, for a cluster that is there and for one that is not."""
    for api, sentence in (
        (Api(recorded=True), "apply demo: ConfigMap b (1 of 3 differ)"),
        (None, "apply demo: 3 objects"),
    ):
        bench = Bench(tmp_path, monkeypatch, plan=True)
        bench.diff_says(DIFF_OF_B, 1)
        bench.apply(api)
        assert [(change.sentence, change.made) for change in bench.gate.changes] == [(sentence, False)]
        assert bench.shell.mutations == []


def test_a_changed_rendering_renews_the_record(bench: Bench) -> None:
    """The record is one of the objects that are compared."""
    record = record_of("demo", "kube-system", bench.stream).ref.diff_name
    bench.diff_says(DIFF_OF_B.replace("v1.ConfigMap.kube-system.b", record), 1)
    applied = bench.apply(Api(recorded=True))
    assert applied.changed == ()
    assert len(bench.shell.mutations) == 1


def test_a_wrong_cluster_is_a_fault_of_that_row_alone(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """The identity is asked before anything is rendered or applied."""

    def refuse(*_: object) -> None:
        raise WrongCluster("the API server is another one")

    monkeypatch.setattr(step, "open_cluster", refuse)
    outcome = deploy(bench.onsite.ctx, bench.onsite.cluster, "demo")
    assert [(finding.row.check, finding.verdict) for finding in outcome.findings] == [("deploy.demo", Verdict.FAIL)]
    assert "another one" in outcome.findings[0].observed
    assert bench.shell.commands == []


@pytest.mark.parametrize("plan", [False, True])
def test_a_row_names_the_charts_that_stand_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, plan: bool) -> None:
    """In the row, and as a note for the whole report."""
    bench = Bench(tmp_path, monkeypatch, plan=plan)
    bench.overlay = replace(bench.overlay, stand_ins=("longhorn-1.12.1",))
    bench.shell.answer_if(lambda it: "apply" in it.argv)
    monkeypatch.setattr(step, "open_cluster", lambda *_: Api(recorded=False))
    outcome = deploy(bench.onsite.ctx, bench.onsite.cluster, "demo")
    assert outcome.findings[0].observed.endswith("; charts of the lab's own: longhorn-1.12.1")
    assert outcome.notes == ("longhorn-1.12.1 is the lab's own chart, not the published one",)


def test_what_the_server_refuses_is_said(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """The finding carries kubectl's own words."""
    monkeypatch.setattr(step, "open_cluster", lambda *_: Api(recorded=False))
    monkeypatch.setattr(bench.shell, "answer_if", lambda *_, **__: None)
    bench.shell._answers.clear()
    ScriptedShell.answer_if(bench.shell, lambda it: "apply" in it.argv, exit_code=1, stderr="more\nadmission denied")
    outcome = deploy(bench.onsite.ctx, bench.onsite.cluster, "demo")
    finding = outcome.findings[0]
    assert finding.verdict is Verdict.FAIL
    assert finding.observed == "admission denied"


def test_a_wait_in_vain_explains_itself(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is missing, and the pods' own story."""
    monkeypatch.setattr(step, "explain", lambda *_: ("pod kube-system/cilium: Pending",))
    monkeypatch.setattr(step, "POLL_S", 0.01)
    row = Row("settled.node", "cluster-03")
    finding = await_ready(
        bench.onsite.ctx,
        row,
        "the node",
        lambda: "cni not initialized",
        api=None,  # type: ignore[arg-type]
        good="Ready",
        timeout_s=0.05,
    )
    assert finding.verdict is Verdict.FAIL
    assert "cni not initialized" in finding.observed
    assert finding.evidence == ("pod kube-system/cilium: Pending",)
    assert any("cni not initialized" in line for line in bench.onsite.told.lines)


@pytest.mark.parametrize(("missing", "verdict"), [("", Verdict.PASS), ("much", Verdict.SKIP)])
def test_a_plan_waits_for_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, missing: str, verdict: Verdict
) -> None:
    """It looks once, and says what a deployment would wait for."""
    bench = Bench(tmp_path, monkeypatch, plan=True)
    row = Row("settled.node", "cluster-03")
    finding = await_ready(bench.onsite.ctx, row, "the node", lambda: missing, api=None, good="Ready")  # type: ignore[arg-type]
    assert finding.verdict is verdict


def test_a_server_that_asks_for_patience_is_asked_again(bench: Bench) -> None:
    """A passing refusal is waited out; the deployment then goes on as if nothing had been."""
    busy = "Error from server: etcdserver: request timed out"
    bench.shell.answer_if(lambda it: "apply" in it.argv)
    bench.shell.answer_if(lambda it: "apply" in it.argv, exit_code=1, stderr=busy, once=True)
    result = bench.kubectl.apply("x", "kube-system")
    assert result.ok
    assert len(bench.shell.commands) == 2


def test_patience_ends(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """The last refusal is the answer; another kind of refusal is one at once."""
    monkeypatch.setattr(kubectl, "PATIENCE_S", 0.0)
    bench.shell.answer_if(lambda _: True, exit_code=1, stderr="etcdserver: leader changed")
    assert not bench.kubectl.apply("x", "kube-system").ok
    bench.shell.answer_if(lambda _: True, exit_code=1, stderr="admission webhook denied the request")
    assert not bench.kubectl.apply("x", "kube-system").ok
    assert len(bench.shell.commands) == 2
