"""Judgements of what the monitoring plane answers. Pure: JSON in, a sentence out that is empty where all is well."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import yaml

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tasks.fleet.model import Cluster, Fleet

STOREAPI_PORT = 10901

NETWORK_JOBS = ("cilium-agent", "cilium-operator", "hubble-metrics", "hubble-relay-metrics")
"""Whose metrics tell of every cluster's network; the names of their services."""


def series(answer: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """
    The series of an instant query, as Prometheus and Thanos answer it.

    Raises:
        ValueError: the query failed; what was said of it

    """
    if answer.get("status") != "success":
        raise ValueError(f"the query failed: {answer.get('error') or answer}")
    found: list[Mapping[str, Any]] = answer["data"]["result"]
    return found


def wrong_labels(cluster: Cluster, config: Mapping[str, Any]) -> str:
    """
    Whether Prometheus runs with the external labels that tell this cluster from the others (FR-005).

    Arguments:
        config: of ``/api/v1/status/config``

    """
    loaded = yaml.safe_load(config["data"]["yaml"]) or {}
    labels = (loaded.get("global") or {}).get("external_labels") or {}
    wanted = {"cluster": cluster.name, "region": cluster.region}
    found = {key: labels.get(key) for key in wanted}
    return "" if found == wanted else f"its external labels are {found}, wanted {wanted}"


def wrong_targets(up: list[Mapping[str, Any]]) -> str:
    """
    Whether Prometheus reaches what it scrapes.

    Arguments:
        up: the series of ``up``

    """
    if not up:
        return "it scrapes nothing"
    down = [_target(one) for one in up if one["value"][1] != "1"]
    if not any(one["metric"].get("job") == "s3" for one in up):
        return "it does not look at the object store"
    return f"{len(down)} of {len(up)} targets are down: {', '.join(sorted(down)[:6])}" if down else ""


def _target(one: Mapping[str, Any]) -> str:
    metric = one["metric"]
    return f"{metric.get('job', '?')} at {metric.get('instance', '?')}"


def wrong_network(counted: list[Mapping[str, Any]]) -> str:
    """
    Whether Cilium's agent and operator, Hubble and its relay tell of themselves (FR-010).

    Arguments:
        counted: the series of ``count by (job)`` over Cilium's and Hubble's own metrics

    """
    found = {one["metric"].get("job") for one in counted if float(one["value"][1]) > 0}
    return "; ".join(f"no metric of {job}" for job in NETWORK_JOBS if job not in found)


def wrong_alertmanager(status: Mapping[str, Any]) -> str:
    """
    Whether Alertmanager has loaded the configuration of this project.

    Arguments:
        status: of ``/api/v2/status``

    """
    if (state := status["cluster"]["status"]) not in {"ready", "disabled"}:
        return f"its cluster is {state}"
    config = yaml.safe_load(status["config"]["original"]) or {}
    route = config.get("route") or {}
    if route.get("group_by") != ["cluster", "alertname"]:
        return f"it groups by {route.get('group_by')}, wanted cluster and alertname"
    receivers = {it["name"]: set(it) - {"name"} for it in config.get("receivers") or ()}
    chosen = receivers.get(route.get("receiver", ""), set())
    return "" if chosen else f"receiver {route.get('receiver')} tells nobody; choose one in the cluster's overlay"


def wrong_stores(fleet: Fleet, answer: Mapping[str, Any]) -> str:
    """
    Whether Query knows exactly the inventory's sidecars, one store gateway and one ruler, all of them healthy (FR-015).

    Arguments:
        answer: of ``/api/v1/stores``

    """
    stores: Mapping[str, list[Mapping[str, Any]]] = answer["data"]
    wanted = {f"{cluster.vip.address}:{STOREAPI_PORT}" for cluster in fleet.clusters}
    found = {store["name"] for store in stores.get("sidecar") or ()}
    said = [f"no sidecar {name}" for name in sorted(wanted - found)]
    said += [f"unknown sidecar {name}" for name in sorted(found - wanted)]
    said += [
        f"{len(stores.get(kind) or ())} of kind {kind}, wanted 1"
        for kind in ("store", "rule")
        if len(stores.get(kind) or ()) != 1
    ]
    said += [f"{it['name']}: {it['lastError']}" for kind in stores.values() for it in kind or () if it.get("lastError")]
    labels = [sorted(pair.items()) for it in stores.get("sidecar") or () for pair in it.get("labelSets") or ()]
    said += [f"two sidecars with labels {dict(one)}" for one in labels if labels.count(one) > 1]
    return "; ".join(dict.fromkeys(said))


def wrong_view(fleet: Fleet, counted: list[Mapping[str, Any]]) -> str:
    """
    Whether one query sees every cluster (SC-015).

    Arguments:
        counted: the series of ``count by (cluster) (up)``

    """
    found = {one["metric"].get("cluster", "none"): float(one["value"][1]) for one in counted}
    wanted = {cluster.name for cluster in fleet.clusters}
    said = [f"nothing of {name}" for name in sorted(wanted - {name for name, count in found.items() if count > 0})]
    said += [f"a cluster {name} that the inventory does not know" for name in sorted(set(found) - wanted)]
    return "; ".join(said)


def wrong_compactor(halted: list[Mapping[str, Any]]) -> str:
    """
    Whether exactly one compactor works, and has not given up.

    Arguments:
        halted: the series of ``thanos_compact_halted``

    """
    if len(halted) != 1:
        return f"{len(halted)} compactors, wanted exactly 1"
    return "" if halted[0]["value"][1] == "0" else "it has halted: two blocks overlap, or one is damaged; see its log"
