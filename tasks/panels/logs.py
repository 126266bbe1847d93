"""Asks OpenSearch what its panels show, as Grafana does: by the reader's account, at the central address."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from tasks.deploy.secrets import READER
from tasks.opensearch.accounts import password_of
from tasks.opensearch.client import SearchError, open_opensearch

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tasks.run.context import RunContext

SOURCE = "opensearch"
"""Uid of the datasource."""

INDICES = "logs-*"
_OK = 200


def question(text: str, span_s: int) -> dict[str, Any]:
    """A search for the lines that a panel is about, counted by cluster; ``text`` is Lucene's."""
    lines = [{"query_string": {"query": text}}, {"range": {"@timestamp": {"gte": f"now-{span_s}s"}}}]
    by_cluster = {"clusters": {"terms": {"field": "cluster", "size": 100}}}
    return {"size": 0, "query": {"bool": {"filter": lines}}, "aggs": by_cluster}


def read_counts(answer: Mapping[str, Any]) -> dict[str, int]:
    """
    Lines by cluster.

    Raises:
        KeyError, TypeError: it is no answer to ``question``
        ValueError: some shards could not answer

    """
    if answer["timed_out"] or answer["_shards"]["failed"]:
        raise ValueError(
            f"answered in part: {answer['_shards']['failed']} of {answer['_shards']['total']} shards failed"
        )
    return {it["key"]: it["doc_count"] for it in answer["aggregations"]["clusters"]["buckets"] if it["doc_count"]}


def count_lines(ctx: RunContext, text: str, span_s: int) -> dict[str, int]:
    """
    Ask how many lines of each cluster a panel is about.

    Raises:
        SearchError: no answer, or none that is meant
        SettingsError: the fleet's authority cannot be read
        KeyError, TypeError, ValueError: see ``read_counts``

    """
    asked = urlencode({"source": json.dumps(question(text, span_s)), "source_content_type": "application/json"})
    password = password_of(ctx.settings, READER)
    answer = open_opensearch(ctx).ask_as(READER, password, f"/{INDICES}/_search?{asked}")
    if answer.status != _OK:
        raise SearchError(f"OpenSearch: HTTP {answer.status}: {answer.text[:200]}", answer.status)
    return read_counts(answer.json)
