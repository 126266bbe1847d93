"""Query is asked once for everything; its silence is one cause, and one missing cluster is that cluster's rows."""

from __future__ import annotations

import json
import re
import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

from tasks.deploy.api import ApiError
from tasks.model.finding import Row, Verdict
from tasks.thanos import check_query, query
from tasks.thanos.judge_query import OPERATORS, ROUNDS
from tasks.thanos.storeapi import StoreInfo
from tests.unit.onsite import ROOT, OnSite

if TYPE_CHECKING:
    from pathlib import Path

    from tasks.model.finding import Finding

NAMES = ("cluster-01", "cluster-02", "cluster-03", "cluster-04")
STORES = json.loads((ROOT / "tests/recorded/thanos/stores/lab/stdout.txt").read_text())


class Api:
    """The central API server, behind which Query and its frontend answer for the clusters in ``seen``."""

    def __init__(self, seen: tuple[str, ...] = NAMES, *, refuses: str = "", pieces: int = 10) -> None:
        """Remember who is seen; what is asked for by ``refuses`` is not answered."""
        self.seen, self.refuses, self.pieces = seen, refuses, pieces
        self.split = 0
        self.asked: list[dict[str, str]] = []

    def text(self, path: str, **asked: str) -> str:
        """One answer."""
        self.asked.append({"path": path, **asked})
        if self.refuses and self.refuses in path + str(asked):
            raise ApiError("cluster-01: HTTP 503", 503)
        if path.endswith("metrics"):
            return f'thanos_frontend_split_queries_total{{tripperware="query_range"}} {self.split}\n'
        if path.endswith("stores"):
            return json.dumps(self.stores())
        if path.endswith("query_range"):
            self.split += self.pieces
        return json.dumps({"status": "success", "data": {"result": self.series(asked)}})

    def stores(self) -> dict[str, Any]:
        """As recorded, but looked at just now; a sidecar that is not seen has an error."""
        now = datetime.now(UTC).isoformat().replace("+00:00", "789Z")
        data = {kind: [{**it, "lastCheck": now} for it in listed] for kind, listed in STORES["data"].items()}
        for it in data["sidecar"]:
            if it["labelSets"][0]["cluster"] not in self.seen:
                it["lastError"] = "no route to host"
        return {"data": data}

    def series(self, asked: dict[str, str]) -> list[dict[str, Any]]:
        """One series for each cluster that is seen."""
        replica = {"prometheus_replica": "0"} if asked.get("dedup") == "false" else {}
        return [{"metric": {"cluster": it, **replica}, "value": [0, "14"]} for it in self.seen]


def infos(*_: object) -> dict[str, StoreInfo | None]:
    """What the sidecars say themselves is what was recorded."""
    return {
        it["labelSets"][0]["cluster"]: StoreInfo(
            kind="sidecar", label_sets=tuple(it["labelSets"]), min_ms=it["minTime"], max_ms=it["maxTime"]
        )
        for it in STORES["data"]["sidecar"]
    }


def asked(
    api: Api, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, host: str = "cluster-01", plan: bool = False
) -> dict[str, Finding]:
    """Every finding by its row."""
    monkeypatch.setattr(check_query, "open_cluster", lambda *_: api)
    monkeypatch.setattr(query, "ask_directly", infos)
    onsite = OnSite(tmp_path, host=host, plan=plan)
    return {str(it.row): it for it in onsite.run(check_query.ask).findings}


def red(found: dict[str, Finding]) -> set[str]:
    """The rows that are bad for themselves."""
    return {row for row, it in found.items() if it.verdict is Verdict.FAIL}


def test_a_query_that_is_well_passes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every declared row, each once."""
    api = Api()
    found = asked(api, tmp_path, monkeypatch)
    assert {row: it.observed for row, it in found.items() if it.verdict is not Verdict.PASS} == {}
    assert sorted(it.row for it in found.values()) == sorted(check_query.declares(OnSite(tmp_path).fleet))
    assert "24 queries, 8 at once" in found["query.concurrent@cluster-01"].observed


def test_no_two_of_the_queries_at_once_are_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Or the frontend's cache would answer."""
    api = Api()
    asked(api, tmp_path, monkeypatch)
    at_once = [it["query"] for it in api.asked if "rate(" in it.get("query", "")]
    assert len(at_once) == len(set(at_once)) == OPERATORS * ROUNDS + 1


def test_silence_is_one_cause(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """All that would have been asked points to it."""
    found = asked(Api(refuses="stores"), tmp_path, monkeypatch)
    cause = Row("query.answers", "cluster-01")
    assert red(found) == {str(cause)}
    assert {it.blocked_by for row, it in found.items() if row != str(cause)} == {cause}


def test_one_cluster_away_is_its_own_rows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """And all that is asked of Query as a whole is as it was."""
    found = asked(Api(NAMES[:2] + NAMES[3:]), tmp_path, monkeypatch)
    assert red(found) == {f"query.{it}@cluster-01->cluster-03" for it in ("unhealthy", "view")}


def test_a_refusal_to_answer_in_part_follows_from_the_cluster_that_is_missing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where none is missing, it stands for itself."""
    row = "query.strict@cluster-01"
    refusing = "'partial_response': 'false'"
    found = asked(Api(NAMES[1:], refuses=refusing), tmp_path, monkeypatch)
    assert (found[row].verdict, found[row].blocked_by) == (
        Verdict.SKIP,
        Row("query.unhealthy", "cluster-01", "cluster-01"),
    )
    assert row in red(asked(Api(refuses=refusing), tmp_path, monkeypatch))


@pytest.mark.parametrize(
    ("api", "row"),
    [
        (Api(pieces=1), "query.split"),
        (Api(refuses="/metrics"), "query.split"),
        (Api(refuses="'dedup'"), "query.dedup"),
        (Api(refuses="rate("), "query.concurrent"),
    ],
)
def test_each_thing_that_is_wrong_has_its_row(
    api: Api, row: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And no other is red."""
    assert red(asked(api, tmp_path, monkeypatch)) == ({f"{row}@cluster-01"} if row else set())


def test_only_the_central_cluster_is_asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An edge owes nothing here; a plan asks nobody."""
    assert asked(Api(), tmp_path, monkeypatch, host="cluster-02") == {}
    planned = asked(Api(refuses="/"), tmp_path, monkeypatch, plan=True)
    assert {it.verdict for it in planned.values()} == {Verdict.SKIP}


def test_the_frontend_is_read_by_its_own_count() -> None:
    """Only of range queries."""
    text = (
        'thanos_frontend_split_queries_total{tripperware="labels"} 7\n'
        'thanos_frontend_split_queries_total{tripperware="query_range"} 12\n'
    )
    assert sum(map(float, query._SPLITS.findall(text))) == 12


def test_a_moment_that_has_settled_is_asked_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Query and frontend get the same, so far back that all have scraped."""
    api = Api()
    asked(api, tmp_path, monkeypatch)
    times = {it["time"] for it in api.asked if it.get("query") == query.VIEW and "time" in it}
    (at,) = times
    assert time.time() - float(at) > query.SETTLED_S - 5
    assert re.fullmatch(r"\d+", at)


def test_the_one_store_gateway_is_found() -> None:
    """None, or two, is no answer."""
    assert query.gateway(Api()) == next(it["name"] for it in STORES["data"]["store"])  # type: ignore[arg-type]
    without = Api()
    without.stores = lambda: {"data": {"sidecar": []}}  # type: ignore[method-assign]
    with pytest.raises(ValueError, match="0 store gateways"):
        query.gateway(without)  # type: ignore[arg-type]
