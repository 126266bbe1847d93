"""Asks OpenSearch what its panels show, as Grafana does: by the reader's account, at the central address."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tasks.deploy.secrets import READER
from tasks.model.errors import FleetError
from tasks.preflight.object_store import innermost

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tasks.run.context import RunContext

SOURCE = "opensearch"
"""Uid of the datasource."""

INDICES = "logs-*"
PORT = 9200
TIMEOUT_S = 15.0


class LogsSilent(FleetError):
    """OpenSearch did not answer, or refused."""


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
        LogsSilent: no answer, or none that is meant
        KeyError, TypeError, ValueError: see ``read_counts``

    """
    import requests  # noqa: PLC0415  keeps `--help` light

    url = f"https://{ctx.fleet.central.vip.address}:{PORT}/{INDICES}/_search"
    with requests.Session() as session:
        session.trust_env = False
        session.auth = (READER, ctx.settings.opensearch_reader_password)
        session.verify = str(ctx.state / "authority" / "ca.crt")
        try:
            answer = session.post(url, json=question(text, span_s), timeout=TIMEOUT_S)
        except (requests.RequestException, OSError) as error:
            raise LogsSilent(f"OpenSearch: {innermost(error)}") from error
    if not answer.ok:
        raise LogsSilent(f"OpenSearch: HTTP {answer.status_code}: {answer.text[:200]}")
    return read_counts(answer.json())
