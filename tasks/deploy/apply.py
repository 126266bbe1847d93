"""Bring one component of one cluster to what its overlay says: render, compare, apply what differs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tasks.deploy.build import render
from tasks.deploy.drift import differing, parse_diff
from tasks.deploy.kubectl import kubectl_of
from tasks.deploy.manifest import Stream, record_name, record_of
from tasks.model.errors import CommandFailed

if TYPE_CHECKING:
    from tasks.deploy.api import KubeApi
    from tasks.deploy.kubectl import Kubectl
    from tasks.deploy.manifest import Ref
    from tasks.deploy.overlay import Overlay
    from tasks.fleet.model import Cluster
    from tasks.run.change import Gate
    from tasks.run.context import RunContext


@dataclass(frozen=True, slots=True, kw_only=True)
class Applied:
    """
    What became of one component.

    Attributes:
        refs: every object of the stream
        changed: those that were applied or, while planning, would be

    """

    overlay: Overlay
    refs: tuple[Ref, ...]
    changed: tuple[Ref, ...]

    def __str__(self) -> str:
        whole = f"{len(self.refs)} objects"
        if not self.changed:
            return f"{whole}, none differs"
        return f"{whole}, {len(self.changed)} applied"


def apply_component(ctx: RunContext, cluster: Cluster, component: str, *, api: KubeApi | None, gate: Gate) -> Applied:
    """
    Apply what differs from the overlay, server-side; nothing where nothing does.

    Arguments:
        api: the cluster, proven to be the inventory's; None while planning a cluster that is not there yet

    Raises:
        InventoryError: the overlay must not be applied
        CommandFailed: a tool or the API server refused

    """
    kubectl = kubectl_of(ctx, cluster.name)
    ctx.progress.doing(cluster.name, f"rendering {component}")
    overlay, stream = render(ctx, cluster, component, kubectl.shell)
    record = record_of(component, overlay.namespace, stream)
    wanted = Stream((*stream.documents, record))
    pending, diff = _compare(kubectl, api, overlay, wanted)
    if pending.documents:
        ctx.progress.doing(cluster.name, f"applying {component}")
        gate.make(
            _sentence(component, pending, wanted),
            lambda: kubectl.apply(pending.text, overlay.namespace).must_succeed(),
            undo=_undo(ctx, cluster, overlay) if pending == wanted else "",
            diff=diff,
        )
    changed = tuple(ref for ref in pending.refs if ref != record.ref)
    return Applied(overlay=overlay, refs=stream.refs, changed=changed)


def _compare(kubectl: Kubectl, api: KubeApi | None, overlay: Overlay, wanted: Stream) -> tuple[Stream, str]:
    """
    The part of a stream that differs from what the API server has, and the difference as text.

    Without the component's record nothing has ever been applied whole, and the whole stream is due.
    """
    record = f"/api/v1/namespaces/{overlay.namespace}/configmaps/{record_name(overlay.component)}"
    if api is None or api.find(record) is None:
        return wanted, ""
    result = kubectl.diff(wanted.text, overlay.namespace)
    if result.exit_code > 1:
        raise CommandFailed(result)
    differences = parse_diff(result.stdout)
    return wanted.only(differing(wanted, differences)), "\n".join(differences.values())


def _sentence(component: str, pending: Stream, wanted: Stream) -> str:
    if pending == wanted:
        return f"apply {component}: {len(wanted.documents)} objects"
    return f"apply {component}: {', '.join(map(str, pending.refs))} ({len(pending.refs)} of {len(wanted.refs)} differ)"


def _undo(ctx: RunContext, cluster: Cluster, overlay: Overlay) -> str:
    return (
        f"kustomize build {overlay.path} --enable-helm | kubectl --kubeconfig {ctx.settings.kubeconfig} "
        f"--context {cluster.name} delete -n {overlay.namespace} -f -"
    )
