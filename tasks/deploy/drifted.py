"""Is every cluster still what the tree says? The deployment's own comparison, without the change."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from tasks.deploy.build import render
from tasks.deploy.compare import compare as compare_stream
from tasks.deploy.compare import memory_of
from tasks.deploy.identity import not_there_yet, open_cluster
from tasks.deploy.ingredients import ingredients_for
from tasks.deploy.kubectl import kubectl_of
from tasks.deploy.left_behind import left_behind, left_of
from tasks.deploy.left_out import as_left_out
from tasks.deploy.manifest import Stream, record_name, record_of
from tasks.deploy.overlay import read_overlay
from tasks.deploy.secrets import differing_secrets
from tasks.deploy.settle import has
from tasks.model.errors import CommandFailed, SettingsError
from tasks.model.finding import Finding, Outcome, Row, Verdict
from tasks.run.step import done
from tasks.transport.local import LocalShell

if TYPE_CHECKING:
    from collections.abc import Iterator

    from nornir.core.task import Result, Task

    from tasks.deploy.api import KubeApi
    from tasks.deploy.overlay import Overlay
    from tasks.fleet.model import Cluster, Fleet
    from tasks.run.context import RunContext

COMPONENTS = (
    *("prometheus-crds", "cilium", "cilium-l2", "kube-system", "ingress-nginx", "longhorn", "monitoring"),
    *("thanos", "opensearch", "fluent-bit", "grafana", "audit"),
)
IGNORED = {"generation": "the API server counts an object's changes in it, a comparison among them"}
"""Fields whose difference is none, each with its reason."""

_LEFT = "is left from an earlier version"
_CHANGED = re.compile(r"^[-+](?![-+]{2} )\s*(.*)$", re.MULTILINE)


def declares(fleet: Fleet) -> tuple[Row, ...]:
    """One row for every component of every cluster."""
    return tuple(Row(f"drift.{it}", c.name) for c in fleet.clusters for it in COMPONENTS if has(c, it))


def compare(task: Task, *, ctx: RunContext) -> Result:
    """
    Compare every component of one cluster with its overlay. Changes nothing: its transport refuses to.

    Returns:
        Result with ``result`` = Outcome(findings=one per row of ``declares``)

    Raises:
        WrongCluster: the API server is not the inventory's cluster
        ApiError: it does not answer

    """
    cluster = ctx.fleet.cluster(task.host.name)
    api = open_cluster(ctx, cluster)
    mine = [it for it in COMPONENTS if has(cluster, it)]
    return done(task, Outcome(findings=tuple(_finding(ctx, cluster, it, api) for it in mine)))


def _finding(ctx: RunContext, cluster: Cluster, component: str, api: KubeApi | None) -> Finding:
    row = Row(f"drift.{component}", cluster.name)
    if skip := as_left_out(ctx, row, component):
        return _still_there(ctx, cluster, component, api, skip)
    if api is None:
        return not_there_yet(row)
    ctx.progress.doing(cluster.name, f"comparing {component}")
    try:
        count, drifted, evidence = _drifted(ctx, cluster, component, api)
    except (CommandFailed, SettingsError) as error:
        return Finding(row=row, verdict=Verdict.ERROR, observed=f"could not compare: {str(error).splitlines()[-1]}")
    if not drifted:
        ignored = ", ".join(f"{name} ({why})" for name, why in IGNORED.items())
        return Finding(row=row, verdict=Verdict.PASS, observed=f"{count} objects, none differs; ignored: {ignored}")
    prune = " --prune" if any(line.endswith(_LEFT) for line in drifted) else ""
    again = f"python runbooks/full_deploy.py --limit {cluster.name}{prune}"
    return Finding(
        row=row,
        verdict=Verdict.FAIL,
        observed="; ".join(drifted),
        wanted="what the overlay says",
        remedy=f"{again}; or change the overlay, if the cluster is right",
        reproduce=f"python -m tasks.deploy build {cluster.name} {component} | kubectl --context {cluster.name} diff "
        "--server-side --force-conflicts --field-manager=fleetproof -f -",
        evidence=evidence,
    )


def _still_there(ctx: RunContext, cluster: Cluster, component: str, api: KubeApi | None, skip: Finding) -> Finding:
    """A component that the site does without was perhaps applied before that: then it goes on, and nobody looks."""
    room, name = read_overlay(ctx.root, cluster, component).namespace, record_name(component)
    if api is None or api.find(f"/api/v1/namespaces/{room}/configmaps/{name}") is None:
        return skip
    return replace(
        skip,
        verdict=Verdict.FAIL,
        observed=f"it was applied, and is still there: {skip.observed}",
        wanted="what the site does without is not there",
        remedy=f"opt in again in FLEETPROOF_TRAITS, or: kubectl --context {cluster.name} delete namespace {room}",
        reproduce=f"kubectl --context {cluster.name} -n {room} get configmap {name}",
    )


def _drifted(ctx: RunContext, cluster: Cluster, component: str, api: KubeApi) -> tuple[int, list[str], tuple[str, ...]]:
    """How many objects there are, what differs in words, and the differences as text."""
    kubectl = replace(kubectl_of(ctx, cluster.name), shell=LocalShell(plan=True))
    overlay, stream = render(ctx, cluster, component, kubectl.shell)
    wanted = record_of(component, overlay.namespace, stream)
    record = api.find(wanted.ref.path(overlay.namespace))
    if record is None:
        return len(stream.documents), ["it was never applied whole"], ()
    wanted = record_of(component, overlay.namespace, stream, left_behind(record, stream, overlay.namespace))
    memory = memory_of(ctx.state, cluster.name, component)
    differences = compare_stream(kubectl, api, Stream((*stream.documents, wanted)), overlay.namespace, memory)
    said = [line for name, diff in differences.items() if (line := in_words(name, diff))]
    said += [f"Secret {it} differs" for it in _secrets(ctx, cluster, overlay, stream, api)]
    said += [f"{ref} {_LEFT}" for ref in left_of(ctx, overlay, stream, record, api)]
    return len(stream.documents), said, tuple(line for diff in differences.values() for line in diff.splitlines())


def _secrets(ctx: RunContext, cluster: Cluster, overlay: Overlay, stream: Stream, api: KubeApi) -> list[str]:
    ingredients = ingredients_for(ctx, cluster, stream.text)
    due = differing_secrets(overlay.component, overlay.namespace, ingredients, api)
    return [secret.name for secret in due]


def in_words(name: str, diff: str) -> str:
    """
    One object's difference in a line: ``Deployment a: replicas: 2, wanted replicas: 1``; empty where all is ignored.

    Arguments:
        name: of the object, as ``kubectl diff`` shows it: ``apps.v1.Deployment.monitoring.a``
        diff: unified; what the cluster has in lines with a minus

    """
    live, wanted = (list(_fields(diff, sign)) for sign in "-+")
    kind, _, own = re.sub(r"^(?:[\w-]+\.)*?(v\d\w*)\.", "", name).partition(".")
    shown = f"{kind} {own.partition('.')[2] or own}"
    if "@@ -0,0 " in diff:
        return f"{shown} is not there"
    if not live and not wanted:
        return ""
    if not live:
        return f"{shown}: lacks {', '.join(wanted[:4])}"
    return f"{shown}: {', '.join(live[:4])}" + (f", wanted {', '.join(wanted[:4])}" if wanted else ", wanted nothing")


def _fields(diff: str, sign: str) -> Iterator[str]:
    for line in _CHANGED.finditer(diff):
        if line[0].startswith(sign) and line[1].partition(":")[0] not in IGNORED and line[1]:
            yield line[1]
