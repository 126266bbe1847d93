"""Judgements of what sidecars say of themselves. Pure: values in, judgements out."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from tasks.preflight.judge import Judgement, bad, good

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tasks.fleet.model import Cluster
    from tasks.thanos.storeapi import Held, StoreInfo

METRIC = "prometheus_build_info"
"""One series per Prometheus, of which every Prometheus has samples as long as it works."""

LOOK_BACK_S = 300
"""How far back the series are asked for: what PromQL itself takes for now."""

CLOCKS_S = 30
"""How far a sidecar's first sample may lie in the operator's future: no further than clocks may differ."""

BEHIND_S = 120
"""How far its end may lie in the past. A sidecar claims to have everything until for ever."""

MOST_KEPT_S = 86400
"""A sidecar that claims to have more than a day has not heard from its Prometheus, which keeps two hours."""

MEND = "kubectl --context {cluster} -n monitoring logs prometheus-monitoring-prometheus-0 -c thanos-sidecar"


def wanted_labels(cluster: Cluster) -> dict[str, str]:
    """The external labels by which a cluster's samples are told from all others' (FR-005)."""
    return {"cluster": cluster.name, "region": cluster.region}


def judge_labels(cluster: Cluster, info: StoreInfo) -> Judgement:
    """One set of labels, and the inventory's among them."""
    remedy = f"python runbooks/full_deploy.py --limit {cluster.name} --only deploy-monitoring"
    if info.kind != "sidecar":
        return bad(f"a StoreAPI of kind {info.kind or 'none'} answers, wanted sidecar", remedy)
    if len(info.label_sets) != 1:
        return bad(f"{len(info.label_sets)} sets of external labels, wanted exactly 1", remedy)
    labels, wanted = info.label_sets[0], wanted_labels(cluster)
    found = {name: labels.get(name, "") for name in wanted}
    if found != wanted:
        return bad(f"its external labels are {_shown(found)}, wanted {_shown(wanted)}", remedy)
    return good(_shown(labels))


def judge_times(cluster: Cluster, info: StoreInfo, now_s: float) -> Judgement:
    """It has samples until now, and began a believable while ago."""
    remedy = MEND.format(cluster=cluster.name)
    begins_s, ends_s = info.min_ms / 1000, info.max_ms / 1000
    if begins_s > now_s + CLOCKS_S:
        return bad("it has no sample yet, or its clock is ahead", remedy)
    if begins_s < now_s - MOST_KEPT_S:
        return bad(f"it claims to begin at {when(begins_s)}: it has not heard from its Prometheus", remedy)
    if ends_s < now_s - BEHIND_S:
        return bad(f"it has nothing after {when(ends_s)}", remedy)
    return good(f"from {when(begins_s)}, {(now_s - begins_s) / 60:.0f} min ago, until now")


def judge_series(cluster: Cluster, held: Held) -> Judgement:
    """It has fresh series, all of them with its own cluster's labels, and knows of no other cluster."""
    remedy = MEND.format(cluster=cluster.name)
    if held.warnings:
        return bad(f"it warns: {'; '.join(held.warnings)}", remedy)
    if not held.series:
        return bad(f"empty: it answers, and has no series of {METRIC} in the last {LOOK_BACK_S} s", remedy)
    wanted = wanted_labels(cluster)
    for labels in held.series:
        if (found := {name: labels.get(name, "") for name in wanted}) != wanted:
            return bad(f"a series has {_shown(found)}, wanted {_shown(wanted)}", remedy)
    if held.clusters != (cluster.name,):
        return bad(f"label cluster has the values {', '.join(held.clusters) or 'none'}", remedy)
    return good(f"{len(held.series)} series of {METRIC}, label cluster is {cluster.name} alone")


def judge_unique(infos: Mapping[str, StoreInfo]) -> Judgement:
    """
    No two sidecars serve the same labels: Query would take one's samples for the other's.

    Arguments:
        infos: cluster to what its sidecar says

    """
    counted = Counter(tuple(sorted(labels.items())) for info in infos.values() for labels in info.label_sets)
    twice = [dict(labels) for labels, count in counted.items() if count > 1]
    if twice:
        who = [name for name, info in infos.items() if any(dict(labels) in twice for labels in info.label_sets)]
        return bad(
            f"{' and '.join(who)} serve the same labels: {_shown(twice[0])}",
            "see storeapi.labels: one of them is wrong",
        )
    return good(f"{len(counted)} sidecars, {len(counted)} different sets of labels")


def when(unix_s: float) -> str:
    """A time as the report shows it; beyond the calendar, in seconds."""
    try:
        return f"{datetime.fromtimestamp(unix_s, UTC):%Y-%m-%d %H:%M:%S} UTC"
    except (OverflowError, ValueError, OSError):
        return f"{unix_s:.0f} s of Unix time"


def _shown(labels: Mapping[str, str]) -> str:
    return "{" + ", ".join(f"{name}={value}" for name, value in sorted(labels.items())) + "}"
