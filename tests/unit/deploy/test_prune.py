"""What an earlier version left is never forgotten, deleted only when asked, and never with data."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from tasks.deploy import apply, left_behind, step
from tasks.deploy.left_behind import left_of
from tasks.deploy.manifest import Ref, parse_stream, record_of
from tasks.deploy.overlay import Overlay
from tasks.deploy.prune import KEPT, why_kept
from tasks.deploy.step import deploy
from tasks.model.command import Command, CommandResult
from tasks.model.finding import Verdict
from tests.unit.onsite import OnSite

if TYPE_CHECKING:
    from pathlib import Path

    from tasks.model.finding import Finding, Outcome

RECORD = "/api/v1/namespaces/there/configmaps/fleetproof.demo"
OLD = "/api/v1/namespaces/there/services/old"


def text_of(*objects: str) -> str:
    """A stream of objects, each given as ``apiVersion Kind name``."""
    parts = (it.split() for it in objects)
    return "---\n".join(
        f"apiVersion: {version}\nkind: {kind}\nmetadata: {{name: {name}}}\n" for version, kind, name in parts
    )


class Killed(BaseException):
    """As if the process had ended here."""


class Cluster:
    """A cluster that has objects by path, and the kubectl that changes them."""

    shell = None

    def __init__(self) -> None:
        """Empty, and willing."""
        self.objects: dict[str, dict[str, Any]] = {}
        self.did: list[str] = []
        self.dies_at = ""
        self.refuses = ""

    def find(self, path: str) -> dict[str, Any] | None:
        """As the API server answers."""
        found = self.objects.get(path)
        status = {"conditions": [{"type": "Established", "status": "True"}]} if "customresource" in path else {}
        return found and {"status": status, **json.loads(json.dumps(found))}

    def metadata(self, path: str) -> dict[str, Any]:
        """As if nothing were there: everything is compared."""
        assert path.startswith("/api")
        return {}

    def _all(self, text: str) -> list[tuple[str, Ref, dict[str, Any]]]:
        return [(it.ref.path("there"), it.ref, it.content) for it in parse_stream(text).documents]

    def diff(self, text: str, _namespace: str) -> CommandResult:
        """Each object that is not there or is another one."""
        differ = [ref for path, ref, content in self._all(text) if self.objects.get(path) != content]
        names = [replace(ref, namespace="there").diff_name if ref.namespace else ref.diff_name for ref in differ]
        said = "".join(f"diff -u -N /tmp/LIVE-1/{it} /tmp/MERGED-2/{it}\n-x\n+y\n" for it in names)
        return self._answer(said, int(bool(said)))

    def apply(self, text: str, _namespace: str) -> CommandResult:
        """Have what is given."""
        self.did += [f"apply {ref}" for _, ref, _ in self._all(text)]
        if self.refuses == "apply":
            return self._answer("", 1, "admission denied")
        self.objects |= {path: content for path, _, content in self._all(text)}
        return self._answer("", 0)

    def delete(self, text: str, _namespace: str) -> CommandResult:
        """Have it no more; or die, or refuse."""
        ((path, ref, _),) = self._all(text)
        if self.dies_at == ref.name:
            raise Killed
        if self.refuses == "delete":
            return self._answer("", 1, "timed out waiting for the condition")
        self.did.append(f"delete {ref}")
        del self.objects[path]
        return self._answer("", 0)

    def _answer(self, stdout: str, code: int, stderr: str = "") -> CommandResult:
        command = Command(argv=("kubectl",))
        return CommandResult(command=command, exit_code=code, stdout=stdout, stderr=stderr, duration_s=0.0)


class Bench:
    """One component of one cluster, in whatever version a test renders."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """Put the made-up cluster in the place of the real one; its other component has nothing."""
        self.folder, self.cluster = folder, Cluster()
        self.others = ""
        self.text = text_of("v1 ConfigMap a")
        self.overlay = Overlay(cluster="cluster-03", component="demo", path=folder, namespace="there", stage=1)
        other = replace(self.overlay, component="other")
        monkeypatch.setattr(apply, "render", lambda *_: (self.overlay, parse_stream(self.text)))
        monkeypatch.setattr(apply, "kubectl_of", lambda *_: self.cluster)
        monkeypatch.setattr(step, "open_cluster", lambda *_: self.cluster)
        monkeypatch.setattr(left_behind, "components_of_cluster", lambda *_: (self.overlay, other))
        monkeypatch.setattr(left_behind, "rendering", self._rendering)

    def _rendering(self, _ctx: object, _cluster: object, component: str, _shell: object) -> Any:
        return self.overlay, parse_stream(self.text if component == "demo" else self.others)

    def deploy(self, *objects: str, prune: bool = False, plan: bool = False) -> Outcome:
        """Deploy the version that has these objects."""
        self.text = text_of(*objects)
        self.cluster.did.clear()
        onsite = OnSite(self.folder, plan=plan)
        ctx = replace(onsite.ctx, prune=prune)
        outcome = deploy(ctx, onsite.cluster, "demo")
        self.sentences = [change.sentence for change in outcome.changes]
        return outcome

    @property
    def left(self) -> list[str]:
        """What drift would show."""
        record = self.cluster.objects[RECORD]
        return [
            str(ref)
            for ref in left_of(OnSite(self.folder).ctx, self.overlay, parse_stream(self.text), record, self.cluster)  # type: ignore[arg-type]
        ]


@pytest.fixture
def bench(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Bench:
    """The first version has been deployed: a ConfigMap and a Service."""
    bench = Bench(tmp_path, monkeypatch)
    bench.deploy("v1 ConfigMap a", "v1 Service old")
    assert bench.cluster.did == ["apply ConfigMap a", "apply Service old", "apply ConfigMap fleetproof.demo"]
    return bench


def finding(outcome: Outcome) -> Finding:
    """Its one row."""
    (one,) = outcome.findings
    return one


def test_a_plain_deployment_forgets_nothing(bench: Bench) -> None:
    """The record goes on to have what is left, however many versions come; a further run changes nothing."""
    outcome = bench.deploy("v1 ConfigMap a")
    assert bench.left == ["Service old"]
    assert finding(outcome).observed.endswith("left from an earlier version: Service old")
    bench.deploy("v1 ConfigMap a", "v1 ConfigMap b")
    assert bench.left == ["Service old"]
    bench.deploy("v1 ConfigMap a", "v1 ConfigMap b")
    assert bench.sentences == []
    assert OLD in bench.cluster.objects


def test_a_plan_shows_each_deletion_with_its_way_back(bench: Bench) -> None:
    """And deletes nothing."""
    outcome = bench.deploy("v1 ConfigMap a", prune=True, plan=True)
    assert bench.sentences[1:] == [
        "delete Service old of namespace there, which an earlier version of demo left",
        "note in ConfigMap fleetproof.demo what is gone",
    ]
    assert f"apply -f {bench.folder}/pruned/cluster-03/there.Service.old.json" in outcome.changes[1].undo
    assert (bench.cluster.did, OLD in bench.cluster.objects) == ([], True)
    assert "1 of an earlier version pruned" in finding(outcome).observed
    assert not (bench.folder / "pruned").exists()


def test_a_prune_deletes_after_the_new_stream_and_then_notes_it(bench: Bench) -> None:
    """A copy is kept that only the operator can read; the next run changes nothing."""
    bench.cluster.objects[OLD] |= {"status": {"x": 1}, "spec": {"port": 1}}
    bench.cluster.objects[OLD]["metadata"] |= {"uid": "1", "namespace": "there"}
    bench.deploy("v1 ConfigMap b", prune=True)
    assert bench.cluster.did == [
        "apply ConfigMap b",
        "apply ConfigMap fleetproof.demo",
        "delete ConfigMap a",
        "delete Service old",
        "apply ConfigMap fleetproof.demo",
    ]
    copy = bench.folder / "pruned" / "cluster-03" / "there.Service.old.json"
    assert json.loads(copy.read_text()) == {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": "old", "namespace": "there"},
        "spec": {"port": 1},
    }
    assert copy.stat().st_mode & 0o777 == 0o600
    assert bench.left == []
    bench.deploy("v1 ConfigMap b", prune=True)
    assert bench.sentences == []


def test_what_was_planned_is_what_is_done(bench: Bench) -> None:
    """Sentence by sentence."""
    bench.deploy("v1 ConfigMap b", prune=True, plan=True)
    planned = bench.sentences
    bench.deploy("v1 ConfigMap b", prune=True)
    assert bench.sentences == planned


def test_a_prune_that_was_killed_is_taken_up_again(bench: Bench) -> None:
    """What was not reached is still in the record, and goes with the next one."""
    bench.cluster.dies_at = "old"
    with pytest.raises(Killed):
        bench.deploy("v1 ConfigMap b", prune=True)
    assert bench.cluster.did[-1] == "delete ConfigMap a"
    assert bench.left == ["Service old"]
    bench.cluster.dies_at = ""
    bench.deploy("v1 ConfigMap b", prune=True)
    assert "delete Service old" in bench.cluster.did
    assert bench.left == []


def test_nothing_is_deleted_where_the_new_stream_did_not_go_through(bench: Bench) -> None:
    """The old version may be all that works."""
    bench.cluster.refuses = "apply"
    outcome = bench.deploy("v1 ConfigMap b", prune=True)
    assert finding(outcome).verdict is Verdict.FAIL
    assert not any(it.startswith("delete") for it in bench.cluster.did)


def test_what_does_not_go_is_a_fault_and_stays_recorded(bench: Bench) -> None:
    """With kubectl's words."""
    bench.cluster.refuses = "delete"
    outcome = bench.deploy("v1 ConfigMap a", prune=True)
    assert (finding(outcome).verdict, finding(outcome).observed) == (
        Verdict.FAIL,
        "timed out waiting for the condition",
    )
    assert bench.left == ["Service old"]


def test_what_somebody_else_removed_is_forgotten(bench: Bench) -> None:
    """The record is about what is there."""
    bench.deploy("v1 ConfigMap a")
    del bench.cluster.objects[OLD]
    bench.deploy("v1 ConfigMap a")
    assert bench.left == []
    bench.deploy("v1 ConfigMap a")
    assert bench.sentences == []


@pytest.mark.parametrize("kind", [*KEPT, "Volume"])
def test_what_holds_data_is_never_pruned(bench: Bench, kind: str) -> None:
    """It stays, is told as a warning, and the command is given to who knows better."""
    groups = {
        "StatefulSet": "apps/v1",
        "Volume": "longhorn.io/v1",
        "CustomResourceDefinition": "apiextensions.k8s.io/v1",
    }
    version = groups.get(kind, "v1")
    bench.deploy("v1 ConfigMap a", "v1 Service old", f"{version} {kind} precious")
    outcome = bench.deploy("v1 ConfigMap a", "v1 Service old", prune=True)
    assert not any(it.startswith("delete") for it in bench.cluster.did)
    told = finding(outcome)
    assert told.verdict is Verdict.WARN
    assert f"delete {'-n there ' if '-n' in told.remedy else ''}{kind}" in told.remedy
    assert told.evidence == (f"{kind} precious is never pruned: {why_kept(Ref(version, kind, '', 'precious'))}",)
    assert bench.left == [f"{kind} precious"]


def test_the_command_for_an_operator_names_kind_and_version(bench: Bench) -> None:
    """As kubectl takes it, whatever else has a kind of that name."""
    bench.deploy("v1 ConfigMap a", "apps/v1 StatefulSet db")
    told = finding(bench.deploy("v1 ConfigMap a", prune=True))
    assert told.remedy.endswith("--context cluster-03 delete -n there StatefulSet.v1.apps/db")


def test_another_version_of_the_api_is_the_same_object(bench: Bench) -> None:
    """Deleting the old name of it would delete the new one."""
    bench.deploy("apps/v1beta1 Deployment web")
    bench.deploy("apps/v1 Deployment web")
    assert "Deployment web" not in bench.left


def test_what_another_component_has_taken_over_is_not_left(bench: Bench) -> None:
    """Nor a Secret that the deployment makes now."""
    bench.others = text_of("v1 Service old")
    bench.deploy("v1 ConfigMap a", prune=True)
    assert bench.left == []
    assert OLD in bench.cluster.objects


def test_where_nothing_was_ever_whole_nothing_is_pruned(bench: Bench) -> None:
    """Without a record nobody knows what was left."""
    del bench.cluster.objects[RECORD]
    bench.deploy("v1 ConfigMap a", prune=True)
    assert not any(it.startswith("delete") for it in bench.cluster.did)


def test_a_record_without_anything_left_is_what_it_always_was() -> None:
    """So that a converged cluster is not touched."""
    stream = parse_stream(text_of("v1 ConfigMap a"))
    assert set(record_of("demo", "there", stream).content["data"]) == {"digest", "objects"}
