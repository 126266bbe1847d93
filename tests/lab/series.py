"""What a cluster's own Prometheus and the central Query have, asked without the library's means."""

from __future__ import annotations

import json
import sys
from itertools import pairwise
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

if TYPE_CHECKING:
    from tests.lab.operator import Operator

PROMETHEUS = "monitoring/services/monitoring-prometheus:http-web"
ALERTMANAGER = "monitoring/services/monitoring-alertmanager:http-web"
QUERY = "thanos/services/thanos-query:http"
SCRAPE_S = 30.0
MISSED_S = 45.0
"""A gap that is longer has swallowed a scrape, of which there is one every 30 s."""


def answer(operator: Operator, cluster: str, service: str, path: str, **parameters: str) -> Any:
    """The JSON that a service answers through the API server."""
    where = f"/api/v1/namespaces/{service}/proxy/{path}"
    return json.loads(operator.kubectl(cluster, "get", "--raw", f"{where}?{urlencode(parameters)}"))


def scrapes(operator: Operator, cluster: str, since: float) -> list[float]:
    """When the node exporter of a cluster was scraped since a moment (seconds since the epoch), by its Prometheus."""
    said = answer(operator, cluster, PROMETHEUS, "api/v1/query", query='up{job="node-exporter"}[10m]')
    (series,) = said["data"]["result"]
    return [at for at, value in series["values"] if at >= since and value == "1"]


def longest_gap(operator: Operator, cluster: str, since: float, until: float) -> float:
    """The longest time without a good scrape between two moments, in seconds."""
    moments = [since, *(at for at in scrapes(operator, cluster, since) if at <= until), until]
    return max(later - earlier for earlier, later in pairwise(moments))


def seen_centrally(operator: Operator, central: str) -> tuple[set[str], list[str]]:
    """
    Clusters in Query's answer, and its warnings; a partial answer is asked for, as Grafana does.

    Only of samples that are too young for a block in the object store, from which a cluster that is gone is answered.
    """
    young = f"count by (cluster) (count_over_time(up[{MISSED_S:.0f}s]))"
    said = answer(operator, central, QUERY, "api/v1/query", query=young, partial_response="true", dedup="true")
    return {it["metric"].get("cluster", "") for it in said["data"]["result"]}, said.get("warnings") or []


_LIST = """
import json
from tasks.preflight.canary import open_store
from tasks.settings import ROOT, load_settings, open_nornir
from tasks.thanos.blocks import read_bucket
settings = load_settings(ROOT)
fleet = open_nornir(ROOT, settings).inventory.defaults.data["fleet"]
store = open_store(fleet.s3, settings.s3_access_key, settings.s3_secret_key)
found = read_bucket(store, "thanos-bucket")
print(json.dumps({c.name: [(b.min_ms / 1000, b.max_ms / 1000) for b in found.of(c)] for c in fleet.clusters}))
"""


def uploaded(operator: Operator) -> dict[str, list[tuple[float, float]]]:
    """From when to when each block of each cluster in the bucket is (seconds since the epoch)."""
    done = operator.lab.exec([sys.executable, "-c", _LIST], environment=operator.environment)
    assert done.returncode == 0, done.stderr
    return {cluster: [(since, until) for since, until in its] for cluster, its in json.loads(done.stdout).items()}


def uncovered(spans: list[tuple[float, float]], since: float, until: float) -> list[tuple[float, float]]:
    """What of a time no span has; a block begins with its first sample, so what is shorter than a scrape is no gap."""
    gaps, at = [], since
    for begin, end in sorted(spans):
        if begin < until:
            gaps.append((at, begin))
        at = max(at, end)
    return [(begin, end) for begin, end in (*gaps, (at, until)) if end - begin > SCRAPE_S]
