"""A canary is written, found and removed; where it is not found, how far it came is said."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from tasks.deploy.kubectl import Kubectl
from tasks.model.finding import Verdict
from tasks.opensearch import flight, prove
from tasks.opensearch.client import Answer, SearchError
from tasks.transport.fake import ScriptedShell
from tests.unit.onsite import OnSite
from tests.unit.opensearch.recorded import recorded

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from tasks.model.finding import Finding

TOKEN = "TOKEN"


class Search:
    """A store that finds what was recorded, or what the test says."""

    def __init__(self, found: Any = None, newest: Any = None, *, health: str = "green") -> None:
        """Remember what is found."""
        self.found, self.newest, self.health = found, newest or EMPTY, health
        self.removed: list[str] = []

    def search(self, _indices: str, query: Mapping[str, Any]) -> Any:
        """By what is asked."""
        if "sort" in query:
            return self.newest
        if self.found is None:
            raise SearchError("https://192.0.2.1:9200 does not answer: refused")
        return self.found

    def get(self, _path: str) -> Any:
        """Health."""
        return {**recorded("health"), "status": self.health}

    def find(self, path: str) -> Any:
        """The document that was added."""
        return {"_id": path}

    def send(self, method: str, path: str, body: object = None) -> Any:
        """The verification, or the removal."""
        del body
        if method == "DELETE":
            self.removed.append(path)
        return recorded("verify")

    def ask_as(self, user: str, password: str, path: str, lines: str = "") -> Answer:
        """As the roles allow."""
        del password, path
        allowed = (user == "shipper") == bool(lines)
        return Answer(status=200 if allowed else 403, text=json.dumps(recorded("bulk")))

    def by_hand(self, method: str, path: str, body: str = "") -> str:
        """As a command."""
        return f"curl -X {method} {path}{body}"


class Api:
    """An API server whose pod ends at once, or never."""

    def __init__(self, phase: str = "Succeeded") -> None:
        """Remember the phase."""
        self.phase = phase

    def get(self, path: str) -> Any:
        """The canary's pod."""
        assert path.endswith(f"/pods/log-canary-{TOKEN}")
        return {"status": {"phase": self.phase}}


EMPTY = {"timed_out": False, "_shards": {"failed": 0, "total": 1}, "hits": {"hits": []}}


@pytest.fixture
def proven(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Prove one cluster; returns the findings by check, the changes and the shell."""

    def run(search: Search, *, host: str = "cluster-02", plan: bool = False, phase: str = "Succeeded") -> Any:
        onsite = OnSite(tmp_path, host=host, plan=plan)
        shell = ScriptedShell(plan=plan)
        shell.answer_if(lambda _: True)
        kubectl = Kubectl(shell=shell, kubeconfig=tmp_path, context=host, cache=tmp_path)
        monkeypatch.setattr(flight, "kubectl_of", lambda *_: kubectl)
        monkeypatch.setattr(flight.secrets, "token_hex", lambda _: TOKEN)
        monkeypatch.setattr(flight, "WITHIN_S", 0.0)
        monkeypatch.setattr(flight, "WRITTEN_S", 0.0)
        monkeypatch.setattr(prove, "open_cluster", lambda *_: Api(phase))
        monkeypatch.setattr(prove, "open_opensearch", lambda _: search)
        outcome = onsite.run(prove.prove)
        found: dict[str, Finding] = {finding.row.check: finding for finding in outcome.findings}
        return found, outcome.changes, shell

    return run


def test_a_line_that_arrives_is_good_and_leaves_nothing(proven: Any) -> None:
    """The pod is created and removed; both are temporary."""
    found, changes, shell = proven(Search(recorded("canary")))
    assert {check: finding.verdict for check, finding in found.items()} == {"logs.canary": Verdict.PASS}
    assert [change.sentence.split()[0] for change in changes] == ["create", "remove"]
    assert all(change.temporary for change in changes)
    assert any("delete" in command.argv for command in shell.mutations)


def test_a_line_that_does_not_arrive_is_red_and_says_how_far_logs_come(proven: Any) -> None:
    """By the newest line of the same cluster; the pod is removed all the same."""
    found, changes, _ = proven(Search(EMPTY, recorded("canary")))
    finding = found["logs.canary"]
    assert finding.verdict is Verdict.FAIL
    assert "it is not there after" in finding.observed
    assert "the newest line of cluster-02 is of" in finding.observed
    assert len(changes) == 2


def test_a_store_that_does_not_answer_is_red(proven: Any) -> None:
    """With its own words."""
    found, _, _ = proven(Search(None, EMPTY))
    assert "does not answer: refused" in found["logs.canary"].observed


def test_a_pod_that_never_ends_is_an_error(proven: Any) -> None:
    """Nothing was written, so nothing can be said of the way; the pod is removed."""
    found, changes, _ = proven(Search(recorded("canary")), phase="Pending")
    assert found["logs.canary"].verdict is Verdict.ERROR
    assert "Pending" in found["logs.canary"].observed
    assert changes[-1].sentence.startswith("remove pod")


def test_the_central_cluster_answers_for_the_store(proven: Any) -> None:
    """Health, bucket and rights; the document that was tried with is removed."""
    search = Search(recorded("canary"))
    found, _, _ = proven(search, host="cluster-01")
    assert {check: it.verdict for check, it in found.items() if check != "logs.canary"} == dict.fromkeys(
        prove.CENTRAL, Verdict.PASS
    )
    assert len(search.removed) == 1


def test_a_red_store_is_red(proven: Any) -> None:
    """The other questions are asked all the same."""
    found, _, _ = proven(Search(recorded("canary"), health="red"), host="cluster-01")
    assert found["opensearch.health"].verdict is Verdict.FAIL
    assert found["opensearch.rights"].verdict is Verdict.PASS


def test_a_plan_makes_nothing(proven: Any) -> None:
    """Every row says so."""
    found, changes, shell = proven(Search(recorded("canary")), host="cluster-01", plan=True)
    assert {it.verdict for it in found.values()} == {Verdict.SKIP}
    assert (changes, shell.mutations) == ((), [])
