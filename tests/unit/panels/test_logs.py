"""Panels of logs are asked as Grafana asks them, and an answer in part is none."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs

import pytest

from tasks.opensearch.client import Answer, SearchError
from tasks.panels import logs
from tasks.panels.logs import question, read_counts
from tests.unit.onsite import OnSite

if TYPE_CHECKING:
    from pathlib import Path


def answer(failed: int = 0, **counts: int) -> dict[str, Any]:
    """As OpenSearch answers ``_search``."""
    buckets = [{"key": name.replace("_", "-"), "doc_count": count} for name, count in counts.items()]
    shards = {"total": 4, "successful": 4 - failed, "skipped": 0, "failed": failed}
    return {"timed_out": False, "_shards": shards, "aggregations": {"clusters": {"buckets": buckets}}}


def test_lines_are_counted_by_cluster() -> None:
    """A cluster without a line is not there."""
    assert read_counts(answer(cluster_01=7, cluster_02=0)) == {"cluster-01": 7}


def test_an_answer_in_part_is_none() -> None:
    """A shard that failed may have had the cluster that is missing."""
    with pytest.raises(ValueError, match="1 of 4 shards failed"):
        read_counts(answer(1, cluster_01=7))


def test_a_question_has_the_panels_words_and_the_dashboards_range() -> None:
    """Six hours."""
    asked = question("cluster:/.+/ AND log:error", 21600)
    words, span = asked["query"]["bool"]["filter"]
    assert words["query_string"]["query"] == "cluster:/.+/ AND log:error"
    assert span["range"]["@timestamp"]["gte"] == "now-21600s"


class Search:
    """An OpenSearch that says one thing, and remembers who asked for what."""

    def __init__(self, status: int, body: Any) -> None:
        """As it will answer."""
        self.answer = Answer(status=status, text=json.dumps(body))
        self.asked: list[tuple[str, str, str]] = []

    def ask_as(self, user: str, password: str, path: str) -> Answer:
        """Remember it."""
        self.asked.append((user, password, path))
        return self.answer


def asked(search: Search, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, int]:
    """What is counted."""
    monkeypatch.setattr(logs, "open_opensearch", lambda _ctx: search)
    ctx = OnSite(tmp_path).ctx
    ctx = replace(ctx, settings=replace(ctx.settings, opensearch_reader_password="secret"))
    return logs.count_lines(ctx, "log:error", 60)


def test_the_reader_asks_as_grafana_does(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """By its own account, for the panel's words."""
    search = Search(200, answer(cluster_01=1))
    assert asked(search, tmp_path, monkeypatch) == {"cluster-01": 1}
    ((user, password, path),) = search.asked
    assert (user, password) == ("reader", "secret")
    where, _, parameters = path.partition("?")
    assert where == "/logs-*/_search"
    assert json.loads(parse_qs(parameters)["source"][0]) == logs.question("log:error", 60)


def test_a_refusal_is_told_of(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With its status."""
    with pytest.raises(SearchError, match="OpenSearch: HTTP 401"):
        asked(Search(401, "Unauthorized"), tmp_path, monkeypatch)
