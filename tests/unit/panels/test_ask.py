"""Every dashboard of the tree is opened once on the central cluster, and Grafana itself where it is."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
import requests

from tasks.audit.calm import calmly
from tasks.deploy.api import ApiError
from tasks.fleet.load import load_fleet
from tasks.model.finding import Finding, Row, Verdict
from tasks.panels import ask
from tasks.panels.dashboards import uids
from tasks.panels.stages import dashboards_stage
from tasks.run.collapse import collapse
from tests.unit.onsite import ROOT, OnSite

if TYPE_CHECKING:
    from pathlib import Path

RANGE = (ROOT / "tests" / "recorded" / "panels" / "range" / "lab" / "stdout.txt").read_text()


class Api:
    """A frontend that answers every query with a line of each cluster."""

    def __init__(self, *, grafana_there: bool = True) -> None:
        """Remember what is asked."""
        self.asked: list[dict[str, str]] = []
        self.grafana_there = grafana_there

    def text(self, _path: str, **parameters: str) -> str:
        """The recorded answer."""
        self.asked.append(parameters)
        return RANGE

    def find(self, _path: str) -> dict[str, Any] | None:
        """Grafana's Deployment."""
        return {"kind": "Deployment"} if self.grafana_there else None


class Answer:
    """An answer of Grafana's."""

    def __init__(self, status: int, body: Any) -> None:
        """As requests has it."""
        self.status_code, self.ok, self.text = status, status < 400, json.dumps(body)

    def json(self) -> Any:
        """Its body."""
        return json.loads(self.text)


SAYS: dict[str, Answer] = {
    "/api/health": Answer(200, {"database": "ok", "version": "12.2.0"}),
    "/api/datasources/uid/thanos/health": Answer(200, {"status": "OK", "message": "Successfully queried the API."}),
    "/api/datasources/uid/opensearch/health": Answer(400, {"status": "ERROR", "message": "connection refused"}),
    "/api/search?type=dash-db&limit=5000": Answer(200, [{"uid": uid} for uid in uids(ROOT)]),
}


def asked(
    api: Api | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, host: str = "cluster-01", plan: bool = False,
    traits: tuple[str, ...] = (),
) -> dict[str, Any]:  # fmt: skip
    """Each finding by its check."""
    monkeypatch.setattr(ask, "open_cluster", lambda *_: api)
    onsite = OnSite(tmp_path, host=host, plan=plan, traits=traits)
    return {it.row.check: it for it in onsite.run(ask.ask).findings}


@pytest.fixture(autouse=True)
def _logs(monkeypatch: pytest.MonkeyPatch) -> None:
    """OpenSearch has lines of one cluster alone."""
    monkeypatch.setattr(ask, "count_lines", lambda _, text, span: {"cluster-01": len(text) + span})


@pytest.fixture(autouse=True)
def _grafana(monkeypatch: pytest.MonkeyPatch) -> None:
    def say(_session: object, url: str, **given: Any) -> Answer:
        assert given["headers"] == {"Host": "grafana.k8s-cluster-01.miribit.lab"}
        return SAYS[url.removeprefix("http://192.168.101.210")]

    monkeypatch.setattr(requests.Session, "get", say)


def test_every_query_of_metrics_is_asked_over_its_dashboards_range(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Six hours, a point every half minute, on whole half minutes, nothing left to replace."""
    api = Api()
    found = asked(api, tmp_path, monkeypatch)
    assert found["panels.opensearch"].observed.endswith(
        "without cluster-02, cluster-03, cluster-04: 'Log lines, as OpenSearch counts them'"
    )
    assert found["panels.fleet"].verdict is Verdict.PASS
    assert [(it.name, it.unit) for it in found["panels.fleet"].measured] == [("time", "s")]
    assert len(api.asked) > 60
    for it in api.asked:
        assert int(it["end"]) - int(it["start"]) == 21600
        assert (it["step"], int(it["end"]) % 30) == ("30", 0)
        assert "$" not in it["query"]


def test_what_cannot_be_asked_is_red_and_has_its_query_as_a_command(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One that failed, written so that a shell takes it."""

    def refuse(*_: object, **__: object) -> str:
        raise ApiError("cluster-01: no endpoints available")

    monkeypatch.setattr(Api, "text", refuse)
    found = asked(Api(), tmp_path, monkeypatch)["panels.thanos"]
    assert found.verdict is Verdict.FAIL
    assert "'Compactor' failed: cluster-01: no endpoints available" in found.observed
    assert "query?query=sum%20by%20%28store_type%29" in found.reproduce


def test_only_the_central_cluster_is_asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Edges have no dashboards."""
    assert asked(Api(), tmp_path, monkeypatch, host="cluster-02") == {}


def test_a_plan_asks_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every row says so."""
    found = asked(None, tmp_path, monkeypatch, plan=True)
    assert len(found) == len(uids(ROOT)) + 4
    assert {it.verdict for it in found.values()} == {Verdict.SKIP}


def test_the_lab_opens_no_dashboard_of_what_it_lacks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nor Grafana; the reason stands in the row."""
    found = asked(Api(grafana_there=False), tmp_path, monkeypatch, traits=("lab",))
    for check in ("panels.longhorn", "grafana.health", "grafana.datasource.thanos", "grafana.dashboards"):
        assert found[check].verdict is Verdict.SKIP
        assert found[check].observed.startswith("left out by trait lab: ")
    assert found["panels.fleet"].verdict is Verdict.PASS


def test_grafana_is_asked_for_its_health_its_datasources_and_its_dashboards(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A datasource that it does not reach is red in Grafana's own words."""
    found = asked(Api(), tmp_path, monkeypatch)
    assert found["grafana.health"].observed == "version 12.2.0, its database is ok"
    assert found["grafana.datasource.thanos"].verdict is Verdict.PASS
    assert found["grafana.dashboards"].verdict is Verdict.PASS
    lost = found["grafana.datasource.opensearch"]
    assert (lost.verdict, lost.observed) == (Verdict.FAIL, "connection refused")


@pytest.mark.parametrize(
    ("path", "answer", "check", "said"),
    [
        ("/api/health", Answer(200, {"database": "failing"}), "grafana.health", "its database is failing"),
        ("/api/health", Answer(502, "bad gateway"), "grafana.health", "HTTP 502"),
        (
            "/api/search?type=dash-db&limit=5000",
            Answer(200, [{"uid": "fleet"}, {"uid": "mine"}]),
            "grafana.dashboards",
            "no dashboard thanos; a dashboard mine that is not in the tree",
        ),
    ],
)
def test_what_is_wrong_with_grafana_is_red(
    path: str, answer: Answer, check: str, said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In a sentence."""
    monkeypatch.setitem(SAYS, path, answer)
    found = asked(Api(), tmp_path, monkeypatch)[check]
    assert found.verdict is Verdict.FAIL
    assert said in found.observed


def test_a_grafana_that_is_not_deployed_is_red_on_a_real_site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Only a trait may go without it."""
    found = asked(Api(grafana_there=False), tmp_path, monkeypatch)["grafana.health"]
    assert (found.verdict, found.observed) == (Verdict.FAIL, "there is no Deployment grafana")


def test_a_grafana_that_cannot_be_reached_is_red(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """By the reason below all wrappers."""

    def refuse(*_: object, **__: object) -> Answer:
        raise requests.ConnectionError("connection refused")

    monkeypatch.setattr(requests.Session, "get", refuse)
    found = asked(Api(), tmp_path, monkeypatch)["grafana.dashboards"]
    assert (found.verdict, found.observed) == (
        Verdict.FAIL,
        "grafana.k8s-cluster-01.miribit.lab: connection refused",
    )


def test_a_query_that_does_not_answer_is_the_cause_of_every_dashboard() -> None:
    """Grafana's own rows stand for themselves."""
    fleet = load_fleet(ROOT / "inventory")
    silent = Finding(row=Row("query.answers", fleet.central.name), verdict=Verdict.FAIL, observed="no endpoints")
    rows = [Finding(row=row, verdict=Verdict.FAIL, observed="x") for row in ask.declares(fleet)]
    for stage in (dashboards_stage(0.0), calmly(dashboards_stage(0.0))):
        found = collapse(rows, known=(silent,), causes=stage.causes)
        followed = {it.row.check for it in found if it.blocked_by == silent.row}
        assert followed == {f"panels.{uid}" for uid in uids(ROOT)}
