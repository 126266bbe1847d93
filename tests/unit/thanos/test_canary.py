"""A sample is followed hop by hop, and what was made for it is removed however that ends."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from tasks.deploy.kubectl import Kubectl
from tasks.model.errors import CommandFailed
from tasks.model.finding import Row, Verdict
from tasks.probes.path import Layer, Seen
from tasks.thanos import check_canary
from tasks.thanos.storeapi import Held, NotAnswered
from tasks.transport.fake import ScriptedShell
from tests.unit.onsite import RUN_ID, OnSite

if TYPE_CHECKING:
    from pathlib import Path

    from tasks.model.finding import Finding

HOPS = (
    "canary.rule@cluster-03",
    "canary.prometheus@cluster-03",
    "canary.sidecar@fleet->cluster-03",
    "canary.query@cluster-01->cluster-03",
)
REMOVED = "canary.removed@cluster-03"
LOGS = (
    "deployment/monitoring-operator",
    "prometheus-monitoring-prometheus-0 -c config-reloader",
    "prometheus-monitoring-prometheus-0 -c thanos-sidecar",
    "deployment/thanos-query",
)


class Api:
    """An API server: operator, Prometheus and Query behind it have the sample or not, the rule stays or goes."""

    def __init__(
        self,
        *,
        operator: bool = True,
        prometheus: bool = True,
        query: bool = True,
        stays: bool = False,
        nudged: bool = False,
    ) -> None:
        """Remember who has it."""
        self.written = {"rules.yaml": f"token: {RUN_ID.lower()}" if operator else "groups: []"}
        self.has = {"monitoring-prometheus": prometheus, "thanos-query": query}
        self.stays, self.nudged = stays, nudged
        self.asked: list[str] = []

    def text(self, path: str, **asked: str) -> str:
        """One series, or none."""
        self.asked.append(asked["query"])
        there = next(has for name, has in self.has.items() if name in path)
        return json.dumps({"status": "success", "data": {"result": [{"metric": {}}] if there else []}})

    def items(self, path: str, **asked: str) -> list[dict[str, Any]]:
        """Prometheus's pods, or what the operator has written; a ConfigMap may be empty."""
        if path == "/api/v1/namespaces/monitoring/pods":
            return [{"metadata": {"annotations": {"fleetproof/nudged-by": "x"} if self.nudged else None}}]
        assert path == "/api/v1/namespaces/monitoring/configmaps"
        assert asked == {"labelSelector": "prometheus-name=monitoring-prometheus"}
        return [{"metadata": {}}, {"data": self.written}]

    def find(self, path: str) -> dict[str, Any] | None:
        """The rule."""
        assert path.endswith("/namespaces/monitoring/prometheusrules/fleet-canary")
        return {} if self.stays else None


class Bench:
    """One cluster's canary with a kubectl that answers as taught."""

    def __init__(self, api: Api, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, held: Any = None) -> None:
        """Put doubles in the place of the cluster; ``held`` is what the sidecar has, or an error."""
        self.shell = ScriptedShell()
        self.shell.answer_if(lambda it: "kubectl" in it.argv)
        self.onsite = OnSite(tmp_path)
        kubectl = Kubectl(shell=self.shell, kubeconfig=tmp_path / "a", context="cluster-03", cache=tmp_path)
        monkeypatch.setattr(check_canary, "open_cluster", lambda *_: api)
        monkeypatch.setattr(check_canary, "kubectl_of", lambda *_: kubectl)
        monkeypatch.setattr(check_canary, "WRITTEN_S", 0.0)
        monkeypatch.setattr(check_canary, "LOADED_S", 0.0)
        monkeypatch.setattr(check_canary, "HOP_S", 0.0)
        monkeypatch.setattr(check_canary, "ask_held", self._ask)
        self.held = held if held is not None else Held(series=({"cluster": "cluster-03"},), clusters=("cluster-03",))
        self.asked: list[Any] = []

    def _ask(self, *asked: Any, **span: Any) -> Held:
        self.asked.append((asked, span))
        if isinstance(self.held, Exception):
            raise self.held
        assert isinstance(self.held, Held)
        return self.held

    def send(self) -> dict[str, Finding]:
        """Every finding by its row."""
        self.outcome = self.onsite.run(check_canary.send)
        return {str(it.row): it for it in self.outcome.findings}

    @property
    def verbs(self) -> list[str]:
        """What kubectl was told to do, in order."""
        known = {"apply", "delete", "annotate"}
        return [next(it for it in command.argv if it in known) for command in self.shell.commands]


def test_a_sample_that_arrives_everywhere_passes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each hop tells how long it took; rule and annotation are made and removed, and neither is a lasting change."""
    bench = Bench(api := Api(), tmp_path, monkeypatch)
    found = bench.send()
    assert {row: it.verdict for row, it in found.items()} == dict.fromkeys((*HOPS, REMOVED), Verdict.PASS)
    assert all(" s later" in found[row].observed for row in HOPS)
    assert bench.verbs == ["apply", "annotate", "delete", "annotate"]
    nudges = [next(it for it in c.argv if "nudged" in it) for c in bench.shell.commands if "annotate" in c.argv]
    assert nudges == [f"fleetproof/nudged-by={RUN_ID.lower()}", "fleetproof/nudged-by-"]
    assert all(it.temporary for it in bench.outcome.changes)
    applied = json.loads(bench.shell.commands[0].stdin)
    assert applied["spec"]["groups"][0]["rules"][0]["labels"] == {"token": RUN_ID.lower()}
    assert all(RUN_ID.lower() in it for it in api.asked)


@pytest.mark.parametrize(
    ("api", "held", "stopped"),
    [
        (Api(operator=False), None, 0),
        (Api(prometheus=False), None, 1),
        (Api(), Held(series=(), clusters=()), 2),
        (Api(), Held(series=({"cluster": "cluster-04"},), clusters=("cluster-04",)), 2),
        (Api(), NotAnswered(Seen(layer=Layer.TCP, said="refused")), 2),
        (Api(query=False), None, 3),
    ],
)
def test_the_hop_where_a_sample_stopped_is_red_alone(
    api: Api, held: Any, stopped: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Those before it pass, those behind it point to it, and the rule is removed all the same."""
    bench = Bench(api, tmp_path, monkeypatch, held=held)
    found = bench.send()
    expected = [Verdict.PASS] * stopped + [Verdict.FAIL] + [Verdict.SKIP] * (3 - stopped)
    assert [found[row].verdict for row in HOPS] == expected
    assert {found[row].blocked_by for row in HOPS[stopped + 1 :]} <= {found[HOPS[stopped]].row}
    assert (found[REMOVED].verdict, bench.verbs[-2:]) == (Verdict.PASS, ["delete", "annotate"])
    assert ("annotate" in bench.verbs[:-2]) == (stopped > 0)
    assert f"logs {LOGS[stopped]}" in found[HOPS[stopped]].remedy


def test_what_a_hop_says_is_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Why it has not got it, where that is known."""
    held = NotAnswered(Seen(layer=Layer.TCP, said="refused"))
    assert "refused" in Bench(Api(), tmp_path, monkeypatch, held=held).send()[HOPS[2]].observed


@pytest.mark.parametrize(
    ("api", "said"),
    [(Api(stays=True), "PrometheusRule fleet-canary"), (Api(nudged=True), "annotation fleetproof/nudged-by")],
)
def test_what_stays_is_red(api: Api, said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Rule and annotation are looked for after they were removed."""
    found = Bench(api, tmp_path, monkeypatch).send()[REMOVED]
    assert (found.verdict, found.observed) == (Verdict.FAIL, f"still there: {said}")


def test_a_rule_that_cannot_be_removed_is_red(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A kubectl that fails is told, and the annotation is removed all the same."""
    bench = Bench(Api(), tmp_path, monkeypatch)
    bench.shell.answer_if(lambda it: "delete" in it.argv, exit_code=1, stderr="forbidden")
    assert "forbidden" in bench.send()[REMOVED].observed
    assert bench.verbs[-1] == "annotate"


def test_a_pod_that_cannot_be_annotated_only_costs_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The sample is waited for as ever; that the annotation could not be removed is told."""
    bench = Bench(Api(), tmp_path, monkeypatch)
    bench.shell.answer_if(lambda it: "annotate" in it.argv, exit_code=1, stderr="forbidden")
    found = bench.send()
    assert [found[row].verdict for row in HOPS] == [Verdict.PASS] * 4
    assert found[REMOVED].verdict is Verdict.FAIL


def test_a_rule_that_cannot_be_made_is_removed_as_well(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It may have been made although kubectl failed."""
    bench = Bench(Api(), tmp_path, monkeypatch)
    bench.shell.answer_if(lambda it: "apply" in it.argv, exit_code=1, stderr="no space left")
    with pytest.raises(CommandFailed, match="no space left"):
        bench.send()
    assert bench.verbs == ["apply", "delete", "annotate"]


def test_a_plan_makes_nothing(tmp_path: Path) -> None:
    """Every row is there, none is judged."""
    outcome = OnSite(tmp_path, plan=True).run(check_canary.send)
    assert [str(it.row) for it in outcome.findings] == [*HOPS, REMOVED]
    assert {it.verdict for it in outcome.findings} == {Verdict.SKIP}


def test_rows_are_declared_as_they_are_answered(tmp_path: Path) -> None:
    """Five for each cluster, the way to Query towards the cluster whose sample it is."""
    rows = check_canary.declares(OnSite(tmp_path).fleet)
    assert len(rows) == 20
    assert Row("canary.query", "cluster-01", "cluster-04") in rows
