"""Judgements of whom Query asks. Pure: values in, judgements out."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from tasks.preflight.judge import Judgement, bad, good, moot
from tasks.thanos.judge_storeapi import when
from tasks.thanos.storeapi import address_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from tasks.fleet.model import Cluster, Fleet
    from tasks.thanos.storeapi import StoreInfo

ONE_OF = {"store": "store gateway", "rule": "ruler"}
"""What Query asks besides the sidecars: exactly one of each."""

CHECKED_S = 60
"""How long ago Query may have looked at an endpoint last; it looks every few seconds."""

TIMES_S = 300
"""How far Query's idea of a sidecar's first sample may be from the sidecar's own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """
    One StoreAPI as Query shows it.

    Attributes:
        error: of the last look at it, empty where that went well
        checked_s: Unix time of that look

    """

    kind: str
    address: str
    label_sets: tuple[Mapping[str, str], ...]
    error: str
    checked_s: float
    min_ms: int


def read_endpoints(answer: Mapping[str, Any]) -> tuple[Endpoint, ...]:
    """Read ``/api/v1/stores``."""
    return tuple(
        Endpoint(
            kind=kind,
            address=it["name"],
            label_sets=tuple(it.get("labelSets") or ()),
            error=it.get("lastError") or "",
            checked_s=datetime.fromisoformat(re.sub(r"(\.\d{1,6})\d*", r"\1", it["lastCheck"])).timestamp(),
            min_ms=it["minTime"],
        )
        for kind, listed in answer["data"].items()
        for it in listed or ()
    )


def own(endpoints: Sequence[Endpoint], cluster: Cluster) -> list[Endpoint]:
    """A cluster's sidecar among the endpoints: once, where all is well."""
    return [it for it in endpoints if it.kind == "sidecar" and it.address == address_of(cluster)]


def judge_missing(cluster: Cluster, endpoints: Sequence[Endpoint]) -> Judgement:
    """The inventory's sidecar is one of Query's endpoints."""
    if own(endpoints, cluster):
        return good(f"{address_of(cluster)} is an endpoint")
    return bad(f"{address_of(cluster)} is no endpoint of Query", "compare kustomize/overlays/*/thanos/stores.yaml")


def judge_unhealthy(cluster: Cluster, endpoints: Sequence[Endpoint], now_s: float) -> Judgement:
    """Query's last look at it went well, and was just now."""
    for it in (found := own(endpoints, cluster)):
        if it.error:
            return bad(f"{it.address}: {it.error}", "see reach.pod.storeapi: the path from Query's pod")
        if now_s - it.checked_s > CHECKED_S:
            return bad(f"{it.address} was last looked at {now_s - it.checked_s:.0f} s ago", "restart Query")
    return good("healthy") if found else moot("Query does not know it")


def judge_duplicate(cluster: Cluster, endpoints: Sequence[Endpoint]) -> Judgement:
    """It is listed once, and nobody else serves its labels."""
    found = own(endpoints, cluster)
    if len(found) > 1:
        return bad(f"{address_of(cluster)} is listed {len(found)} times", "name it once in stores.yaml")
    mine = [labels for it in found for labels in it.label_sets]
    others = [it for it in endpoints if it.kind == "sidecar" and it not in found]
    if twins := [it.address for it in others if any(labels in mine for labels in it.label_sets)]:
        return bad(f"{', '.join(twins)} serves the same labels", "see storeapi.labels: one of them is wrong")
    return good("listed once, with labels of its own") if found else moot("Query does not know it")


def judge_direct(cluster: Cluster, endpoints: Sequence[Endpoint], info: StoreInfo | None) -> Judgement:
    """What Query holds of it is what the sidecar says itself (N6)."""
    found = own(endpoints, cluster)
    if not found:
        return moot("Query does not know it")
    if info is None:
        return bad("the sidecar itself does not answer", "see reach.operator.storeapi of this cluster")
    seen, said = ([dict(labels) for labels in it] for it in (found[0].label_sets, info.label_sets))
    if seen != said:
        return bad(f"Query holds labels {seen}, the sidecar says {said}", "restart Query: it looks again")
    if abs(found[0].min_ms - info.min_ms) > TIMES_S * 1000:
        times = f"from {when(found[0].min_ms / 1000)}, the sidecar says {when(info.min_ms / 1000)}"
        return bad(f"Query believes in samples {times}", "restart Query: it looks again")
    return good("the same labels and times as the sidecar itself says")


def judge_foreign(fleet: Fleet, endpoints: Sequence[Endpoint], clusters: set[str]) -> Judgement:
    """
    Query asks nobody else, and no series is of a cluster that the inventory does not know.

    Arguments:
        clusters: values of the label in one answer

    """
    known = {address_of(cluster) for cluster in fleet.clusters}
    said = [
        f"{it.kind} {it.address}"
        for it in endpoints
        if it.kind not in ONE_OF and (it.kind != "sidecar" or it.address not in known)
    ]
    names = {cluster.name for cluster in fleet.clusters}
    said += [f"series of cluster {name or 'none'}" for name in sorted(clusters - names)]
    if said:
        return bad(f"unknown: {', '.join(said)}", "take it out of stores.yaml, or the cluster into the inventory")
    return good(f"{len(endpoints)} endpoints, all of this fleet")


def judge_kinds(endpoints: Sequence[Endpoint], now_s: float) -> Judgement:
    """One store gateway and one ruler, both healthy."""
    said = []
    for kind, title in ONE_OF.items():
        found = [it for it in endpoints if it.kind == kind]
        if len(found) != 1:
            said.append(f"{len(found)} of kind {title}, wanted 1")
        said += [f"{title} {it.address}: {it.error}" for it in found if it.error]
        said += [f"{title} not looked at" for it in found if not it.error and now_s - it.checked_s > CHECKED_S]
    return bad("; ".join(said), "kubectl -n thanos get pods") if said else good("one store gateway and one ruler")
