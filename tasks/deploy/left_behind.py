"""What earlier versions of a component have left in a cluster: recorded there, and in no rendering of today."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from tasks.deploy.build import rendering
from tasks.deploy.left_out import left_out
from tasks.deploy.manifest import LEFT, OBJECTS, Ref
from tasks.deploy.overlay import components_of_cluster
from tasks.deploy.secrets import made_for
from tasks.transport.local import LocalShell

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from tasks.deploy.api import KubeApi
    from tasks.deploy.manifest import Stream
    from tasks.deploy.overlay import Overlay
    from tasks.fleet.model import Cluster
    from tasks.run.context import RunContext


def left_of(
    ctx: RunContext, overlay: Overlay, stream: Stream, record: Mapping[str, object], api: KubeApi
) -> tuple[Ref, ...]:
    """
    What is left in a cluster of a component's earlier versions: recorded, still there, and of no component today.

    Arguments:
        record: the component's, as the cluster has it

    Raises:
        InventoryError, CommandFailed: another component, which may have taken an object over, cannot be rendered
        ApiError: the API server does not answer

    """
    room = overlay.namespace
    there = [ref for ref in left_behind(record, stream, room) if api.find(ref.path(room)) is not None]
    if not there:
        return ()
    taken = set(_claimed(ctx, ctx.fleet.cluster(overlay.cluster)))
    return tuple(ref for ref in there if ref.identity(room) not in taken)


def left_behind(record: Mapping[str, object], stream: Stream, namespace: str) -> tuple[Ref, ...]:
    """What a component's record has, and its rendering no longer; an object that only changed its version is none."""
    data = record.get("data") or {}
    texts = [str(data.get(key, "[]")) for key in (OBJECTS, LEFT)] if isinstance(data, dict) else []
    known = {ref.identity(namespace): ref for text in texts for ref in (Ref(*entry) for entry in json.loads(text))}
    now = {ref.identity(namespace) for ref in stream.refs}
    return tuple(sorted(ref for identity, ref in known.items() if identity not in now))


def _claimed(ctx: RunContext, cluster: Cluster) -> Iterator[tuple[str, str, str, str]]:
    """Every object that some component of the cluster has today, Secrets that the deployment makes included."""
    shell = LocalShell(plan=True)
    for overlay in components_of_cluster(ctx.root, cluster, ctx.settings.traits):
        if not left_out(ctx.root, ctx.settings.traits, overlay.component):
            yield from (("", "Secret", overlay.namespace, name) for name in made_for(overlay.component))
            _, stream = rendering(ctx, cluster, overlay.component, shell)
            yield from (ref.identity(overlay.namespace) for ref in stream.refs)
