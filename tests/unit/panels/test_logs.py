"""Panels of logs are asked as Grafana asks them, and an answer in part is none."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
import requests

from tasks.panels.logs import LogsSilent, count_lines, question, read_counts
from tests.unit.onsite import OnSite

if TYPE_CHECKING:
    from pathlib import Path


def answer(failed: int = 0, **counts: int) -> dict[str, Any]:
    """As OpenSearch answers ``_search``."""
    buckets = [{"key": name.replace("_", "-"), "doc_count": count} for name, count in counts.items()]
    shards = {"total": 4, "successful": 4 - failed, "skipped": 0, "failed": failed}
    return {"timed_out": False, "_shards": shards, "aggregations": {"clusters": {"buckets": buckets}}}


class Answer:
    """An answer over HTTP."""

    def __init__(self, status: int, body: Any) -> None:
        """As requests has it."""
        self.status_code, self.ok, self.body, self.text = status, status < 400, body, str(body)

    def json(self) -> Any:
        """Its body."""
        return self.body


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


def test_the_reader_asks_and_trusts_the_fleets_own_authority(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """At the central address."""
    onsite = OnSite(tmp_path)
    ctx = replace(onsite.ctx, settings=replace(onsite.ctx.settings, opensearch_reader_password="secret"))

    def post(session: requests.Session, url: str, **_: Any) -> Answer:
        assert url == "https://192.168.101.210:9200/logs-*/_search"
        assert session.auth == ("reader", "secret")
        assert session.verify == str(tmp_path / "authority" / "ca.crt")
        return Answer(200, answer(cluster_01=1))

    monkeypatch.setattr(requests.Session, "post", post)
    assert count_lines(ctx, "log:error", 60) == {"cluster-01": 1}


@pytest.mark.parametrize("said", [Answer(401, "Unauthorized"), requests.ConnectionError("refused"), OSError("no ca")])
def test_who_does_not_answer_is_told_of(
    said: Answer | Exception, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A status, a connection, or an authority that is not there."""

    def post(*_: Any, **__: Any) -> Answer:
        if isinstance(said, Exception):
            raise said
        return said

    monkeypatch.setattr(requests.Session, "post", post)
    with pytest.raises(LogsSilent, match="OpenSearch: "):
        count_lines(OnSite(tmp_path).ctx, "log:error", 60)
