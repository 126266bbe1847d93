"""Each question is asked until its answer is good or the time is over; what was said last is the finding."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tasks.deploy.api import ApiError
from tasks.fleet.load import load_fleet
from tasks.model.finding import Verdict
from tasks.monitoring import ask
from tests.unit.onsite import ROOT, OnSite

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

RECORDED = ROOT / "tests" / "recorded" / "monitoring"
ANSWERS = {
    "/proxy/api/v1/status/config": "config",
    "/proxy/api/v1/query": "",
    "/proxy/api/v2/status": "alertmanager",
}

QUERIES = {"up": "up", ask.NETWORK_METRICS: "network"}


class Api:
    """An API server behind which everything answers as the lab did; the first ``silent`` questions are refused."""

    def __init__(self, *, silent: int = 0) -> None:
        """Remember how often it is still silent."""
        self.silent = silent

    def text(self, path: str, query: str = "") -> str:
        """What was recorded for the path."""
        self.silent -= 1
        if self.silent >= 0:
            raise ApiError("cluster-02: no endpoints available")
        name = next(name for end, name in ANSWERS.items() if path.endswith(end)) or QUERIES[query]
        return (RECORDED / name / "lab" / "stdout.txt").read_text()


def asked(
    api: Api | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, plan: bool = False, patience_s: float = 0.0
) -> dict[str, Any]:
    """Every finding by its check."""
    monkeypatch.setattr(ask, "open_cluster", lambda *_: api)
    monkeypatch.setattr("tasks.run.wait.time.sleep", lambda _: None)
    onsite = OnSite(tmp_path, host="cluster-02", plan=plan)
    return {finding.row.check: finding for finding in onsite.run(ask.asks(patience_s)).findings}


def test_a_cluster_that_answers_well_passes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each of its four rows."""
    found = asked(Api(), tmp_path, monkeypatch)
    assert {check: finding.verdict for check, finding in found.items()} == dict.fromkeys(ask.CHECKS, Verdict.PASS)


def test_a_service_that_is_not_there_yet_is_asked_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its silence is waited out."""
    found = asked(Api(silent=3), tmp_path, monkeypatch, patience_s=5.0)
    assert {finding.verdict for finding in found.values()} == {Verdict.PASS}


def test_patience_ends_with_the_last_word(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """And with the command that asks the same."""
    finding = asked(Api(silent=99), tmp_path, monkeypatch)["answers.targets"]
    assert (finding.verdict, finding.observed) == (Verdict.FAIL, "cluster-02: no endpoints available")
    assert "query?query=up" in finding.reproduce


def test_a_plan_asks_once_and_judges_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is not deployed yet cannot answer; a cluster that is not there is not asked."""
    found = asked(Api(silent=99), tmp_path, monkeypatch, plan=True)
    assert {finding.verdict for finding in found.values()} == {Verdict.SKIP}
    assert "no endpoints" in found["answers.targets"].observed
    assert {it.verdict for it in asked(None, tmp_path, monkeypatch, plan=True).values()} == {Verdict.SKIP}


def test_what_is_no_json_is_no_answer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A proxy's error page, for one."""
    monkeypatch.setattr(Api, "text", lambda *_, **__: "<html>")
    assert asked(Api(), tmp_path, monkeypatch)["answers.prometheus"].verdict is Verdict.FAIL


def test_rows_are_declared_for_every_cluster() -> None:
    """As many as are asked."""
    assert len(ask.declares(load_fleet(ROOT / "inventory"))) == 4 * len(ask.CHECKS)
