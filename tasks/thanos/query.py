"""What Query and its frontend are asked, through the central cluster's API server."""

from __future__ import annotations

import re
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tasks.deploy.api import ApiError
from tasks.model.errors import in_words
from tasks.monitoring.answers import series
from tasks.monitoring.ask import get
from tasks.thanos.judge_endpoints import read_endpoints
from tasks.thanos.judge_query import OPERATORS, ROUNDS
from tasks.thanos.judge_storeapi import METRIC
from tasks.thanos.storeapi import NotAnswered, address_of, ask_info

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tasks.deploy.api import KubeApi
    from tasks.fleet.model import Fleet
    from tasks.thanos.storeapi import StoreInfo

QUERY = "thanos/services/thanos-query:http"
FRONTEND = "thanos/services/thanos-query-frontend:http"

VIEW = "count by (cluster) (up)"
SETTLED_S = 30
"""An instant so far back is answered the same by whoever is asked: no sample of it is still on its way."""

LONG_H = 120
"""Hours of the range that the frontend has to split."""

_SPLITS = re.compile(r'^thanos_frontend_split_queries_total\{[^}]*tripperware="query_range"[^}]*\} (\S+)', re.MULTILINE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Concurrent:
    """Several queries at once: seconds of one alone and of each, and what was wrong with the rest."""

    alone_s: float
    took_s: tuple[float, ...]
    wrong: tuple[str, ...]


def ask_whole(api: KubeApi, expression: str) -> dict[str, Any]:
    """
    Ask Query one instant query that must not be answered in part.

    Returns:
        its answer; one with status ``error`` where it refused

    """
    try:
        return get(api, QUERY, "api/v1/query", query=expression, partial_response="false")
    except ApiError as error:
        if not error.status:
            raise
        return {"status": "error", "error": str(error)}


def ask_at(api: KubeApi, expression: str, at_s: float, **parameters: str) -> dict[str, Any]:
    """Ask Query for one moment, in part where need be: who has nothing of it may be away."""
    return get(api, QUERY, "api/v1/query", query=expression, time=f"{at_s:.3f}", partial_response="true", **parameters)


def counted(api: KubeApi, service: str, at_s: float) -> dict[str, float]:
    """Targets by cluster at one moment, in part where need be."""
    answer = get(api, service, "api/v1/query", query=VIEW, time=f"{at_s:.0f}", partial_response="true")
    return {one["metric"].get("cluster", ""): float(one["value"][1]) for one in series(answer)}


def labels_of(api: KubeApi, *, dedup: bool, at_s: float) -> list[Mapping[str, str]]:
    """The labels of every Prometheus' own series, with or without deduplication."""
    asked = {"query": METRIC, "time": f"{at_s:.0f}", "dedup": str(dedup).lower(), "partial_response": "true"}
    return [one["metric"] for one in series(get(api, QUERY, "api/v1/query", **asked))]


def ask_directly(fleet: Fleet) -> dict[str, StoreInfo | None]:
    """Every sidecar's own word, side by side; None where it has none."""

    def one(address: str) -> StoreInfo | None:
        try:
            return ask_info(address)[0]
        except NotAnswered:
            return None

    with ThreadPoolExecutor(len(fleet.clusters)) as pool:
        said = pool.map(one, map(address_of, fleet.clusters))
        return dict(zip((cluster.name for cluster in fleet.clusters), said, strict=True))


def splits(api: KubeApi) -> float:
    """How many pieces of range queries the frontend has sent so far."""
    text = api.text(f"/api/v1/namespaces/{FRONTEND}/proxy/metrics")
    return sum(map(float, _SPLITS.findall(text)))


def ask_long_range(api: KubeApi, now_s: float) -> tuple[float, float]:
    """Ask the frontend over a long range; its count of pieces before and after."""
    before = splits(api)
    ask_range(api, FRONTEND, VIEW, start_s=now_s - LONG_H * 3600, end_s=now_s, step_s=3600)
    return before, splits(api)


def ask_range(
    api: KubeApi, service: str, expression: str, *, start_s: float, end_s: float, step_s: int
) -> list[Mapping[str, Any]]:
    """Ask a range query, in part where need be."""
    span = {"start": f"{start_s:.0f}", "end": f"{end_s:.0f}", "step": str(step_s)}
    return series(get(api, service, "api/v1/query_range", query=expression, partial_response="true", **span))


def ask_at_once(api: KubeApi) -> Concurrent:
    """An hour of request rates, asked once alone and then by several operators at once; never twice the same."""
    now_s = time.time()

    def one(number: int) -> tuple[float, set[str]]:
        # another window each time, so that no answer comes out of the frontend's cache
        expression = f"sum by (cluster) (rate(prometheus_http_requests_total[{300 + int(now_s) % 600 + number}s]))"
        began = time.monotonic()
        found = ask_range(api, FRONTEND, expression, start_s=now_s - 3600, end_s=now_s, step_s=60)
        return time.monotonic() - began, {it["metric"].get("cluster", "") for it in found}

    def judged(number: int) -> float | str:
        try:
            took_s, clusters = one(number)
        except (ApiError, ValueError, KeyError) as error:
            return in_words(error)
        return took_s if clusters == wanted else f"clusters {sorted(clusters)}, the lone one had {sorted(wanted)}"

    alone_s, wanted = one(0)
    if not wanted:
        return Concurrent(alone_s=alone_s, took_s=(), wrong=("the lone one has no series",))
    with ThreadPoolExecutor(OPERATORS) as pool:
        came = list(pool.map(judged, range(1, OPERATORS * ROUNDS + 1)))
    return Concurrent(
        alone_s=alone_s,
        took_s=tuple(it for it in came if isinstance(it, float)),
        wrong=tuple(it for it in came if isinstance(it, str)),
    )


def gateway(api: KubeApi) -> str:
    """
    The address by which Query knows the one store gateway.

    Raises:
        ValueError: there is none, or more than one

    """
    endpoints = read_endpoints(get(api, QUERY, "api/v1/stores"))
    found = [it.address for it in endpoints if it.kind == "store"]
    if len(found) != 1:
        raise ValueError(f"{len(found)} store gateways, wanted 1")
    return found[0]
