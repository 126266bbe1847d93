"""Judgements of what the monitoring plane answers. Pure: JSON in, a sentence out that is empty where all is well."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import yaml

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tasks.fleet.model import Cluster

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
