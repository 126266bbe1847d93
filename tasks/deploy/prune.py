"""Delete what earlier versions of a component have left behind: one by one, each with a way back, and never data."""

from __future__ import annotations

import json
from functools import partial
from typing import TYPE_CHECKING

from tasks.deploy.manifest import CLUSTER_WIDE
from tasks.run.files import write_atomically

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from tasks.deploy.api import KubeApi
    from tasks.deploy.kubectl import Kubectl
    from tasks.deploy.manifest import Ref
    from tasks.deploy.overlay import Overlay
    from tasks.run.change import Gate
    from tasks.run.context import RunContext

_CLAIMS = "claims, and with them data, may go with it"
KEPT = {
    "Namespace": "everything in it goes with it",
    "CustomResourceDefinition": "every object of its kind goes with it",
    "PersistentVolume": "it is data",
    "PersistentVolumeClaim": "its volume goes with it",
    "Secret": "its content may be nowhere else",
    **dict.fromkeys(("StatefulSet", "Prometheus", "Alertmanager", "ThanosRuler"), _CLAIMS),
}
"""Kinds that are never pruned, each with the reason."""

_OWNERS_OF_DATA = {"longhorn.io": "Longhorn's volumes hang on it"}
_SERVERS_OWN = ("uid", "resourceVersion", "creationTimestamp", "generation", "managedFields", "selfLink")


def why_kept(ref: Ref) -> str:
    """Why an object is never pruned; empty where it may be."""
    return KEPT.get(ref.kind, _OWNERS_OF_DATA.get(ref.api_version.partition("/")[0], ""))


def by_hand(ctx: RunContext, overlay: Overlay, ref: Ref) -> str:
    """The command by which an operator deletes it all the same."""
    kind = ".".join((ref.kind, *reversed(ref.api_version.split("/")))) if "/" in ref.api_version else ref.kind
    room = "" if ref.kind in CLUSTER_WIDE else f" -n {ref.namespace or overlay.namespace}"
    return f"{_kubectl(ctx, overlay)} delete{room} {kind}/{ref.name}"


def prune(
    ctx: RunContext, overlay: Overlay, left: Sequence[Ref], *, kubectl: Kubectl, api: KubeApi, gate: Gate
) -> tuple[Ref, ...]:
    """
    Delete what may be deleted, and wait until each is gone with all that depends on it.

    A copy of each is kept in ``.state/pruned`` first, for the way back.

    Returns:
        what was deleted or, while planning, would be

    Raises:
        CommandFailed: the API server refused, or an object did not go in time
        ApiError: it does not answer

    """
    pruned = tuple(ref for ref in left if not why_kept(ref))
    for ref in pruned:
        room = "" if ref.kind in CLUSTER_WIDE else ref.namespace or overlay.namespace
        copy = ctx.state / "pruned" / overlay.cluster / f"{'.'.join(filter(None, (room, ref.kind, ref.name)))}.json"
        where = f" of namespace {room}" if room else ""
        gate.make(
            f"delete {ref}{where}, which an earlier version of {overlay.component} left",
            partial(_delete, ref, overlay.namespace, copy, kubectl, api),
            undo=f"{_kubectl(ctx, overlay)} apply -f {copy}",
        )
    return pruned


def _delete(ref: Ref, namespace: str, copy: Path, kubectl: Kubectl, api: KubeApi) -> None:
    live = api.find(ref.path(namespace))
    if live is None:
        return
    live.pop("status", None)
    for key in _SERVERS_OWN:
        live["metadata"].pop(key, None)
    write_atomically(copy, json.dumps(live, indent=2) + "\n")
    stub = {key: live[key] for key in ("apiVersion", "kind")} | {"metadata": {"name": ref.name}}
    kubectl.delete(json.dumps(stub), live["metadata"].get("namespace", namespace)).must_succeed()


def _kubectl(ctx: RunContext, overlay: Overlay) -> str:
    return f"kubectl --kubeconfig {ctx.settings.kubeconfig} --context {overlay.cluster}"
