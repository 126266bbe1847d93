"""Bring one component of one cluster to what its overlay says: render, compare, apply what differs, in order."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING

from tasks.deploy.build import render
from tasks.deploy.compare import compare, memory_of
from tasks.deploy.drift import differing
from tasks.deploy.ingredients import ingredients_for
from tasks.deploy.kubectl import kubectl_of
from tasks.deploy.lacking import lacks
from tasks.deploy.left_behind import left_of
from tasks.deploy.manifest import Stream, record_of
from tasks.deploy.prune import prune
from tasks.deploy.secrets import differing_secrets
from tasks.run.wait import wait_for

if TYPE_CHECKING:
    from tasks.deploy.api import KubeApi
    from tasks.deploy.kubectl import Kubectl
    from tasks.deploy.manifest import Document, Ref
    from tasks.deploy.overlay import Overlay
    from tasks.fleet.model import Cluster
    from tasks.run.change import Gate
    from tasks.run.context import RunContext

FOUNDATION = ("Namespace", "CustomResourceDefinition")
"""What other objects of the same stream are in, or are written in: applied before them."""

ESTABLISHED_S = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Applied:
    """
    What became of one component.

    Attributes:
        stream: every object of the rendering
        changed: those that were applied or, while planning, would be
        secrets: names of the Secrets that were written or would be
        left: what earlier versions have left and is still there
        pruned: of ``left``, what was deleted or would be

    """

    overlay: Overlay
    stream: Stream
    changed: tuple[Ref, ...]
    secrets: tuple[str, ...] = ()
    left: tuple[Ref, ...] = ()
    pruned: tuple[Ref, ...] = ()

    def __str__(self) -> str:
        whole = f"{len(self.stream.documents)} objects"
        written = f", {len(self.secrets)} Secrets written" if self.secrets else ""
        applied = f"{len(self.changed)} applied" if self.changed else "none differs"
        return f"{whole}, {applied}{written}{self.remains}{self.charts}"

    @property
    def remains(self) -> str:
        """What became of what earlier versions left, to be added to a sentence; empty where they left nothing."""
        kept = [str(ref) for ref in self.left if ref not in self.pruned]
        pruned = f", {len(self.pruned)} of an earlier version pruned" if self.pruned else ""
        return pruned + (f"; left from an earlier version: {', '.join(kept)}" if kept else "")

    @property
    def charts(self) -> str:
        """The charts that are not the published ones, to be added to a sentence; empty where all are."""
        stand_ins = self.overlay.stand_ins
        return f"; charts of the lab's own: {', '.join(stand_ins)}" if stand_ins else ""

    @property
    def differs(self) -> bool:
        """Whether anything was changed or would be."""
        return bool(self.changed or self.secrets or self.pruned)


def apply_component(ctx: RunContext, cluster: Cluster, component: str, *, api: KubeApi | None, gate: Gate) -> Applied:
    """
    Apply what differs from the overlay, server-side: namespace and kinds, Secrets, the rest; prune where that is asked.

    Arguments:
        api: the cluster, proven to be the inventory's; None while planning a cluster that is not there yet

    Raises:
        InventoryError: the overlay must not be applied
        SettingsError: a Secret cannot be made
        CommandFailed: a tool or the API server refused
        WaitTimeout: a kind was not established in time

    """
    kubectl = kubectl_of(ctx, cluster.name)
    ctx.progress.doing(cluster.name, f"rendering {component}")
    overlay, stream = render(ctx, cluster, component, kubectl.shell)
    work = _Work(ctx=ctx, cluster=cluster, overlay=overlay, stream=stream, kubectl=kubectl, api=api, gate=gate)
    ctx.progress.doing(cluster.name, f"comparing {component}")
    work.lay_foundation()
    secrets = work.write_secrets()
    work.apply_rest()
    pruned = work.prune() if ctx.prune else ()
    changed = tuple(ref for ref in work.changed if ref != work.record.ref)
    return Applied(overlay=overlay, stream=stream, changed=changed, secrets=secrets, left=work.left, pruned=pruned)


@dataclass(slots=True, kw_only=True)
class _Work:
    """One component's way into one cluster."""

    ctx: RunContext
    cluster: Cluster
    overlay: Overlay
    stream: Stream
    kubectl: Kubectl
    api: KubeApi | None
    gate: Gate
    record: Document = field(init=False)
    left: tuple[Ref, ...] = ()
    changed: list[Ref] = field(default_factory=list)
    whole: bool = field(init=False)
    """Nothing of it has ever been applied whole: its record is missing, and everything is due without a comparison."""

    def __post_init__(self) -> None:
        self.record = self._recording(())
        live = self.api.find(self.record.ref.path(self.overlay.namespace)) if self.api else None
        self.whole = live is None
        if self.api and live is not None:
            self.left = left_of(self.ctx, self.overlay, self.stream, live, self.api)
            self.record = self._recording(self.left)

    def lay_foundation(self) -> None:
        """Apply namespace and kinds, and wait until the kinds are established."""
        founding = Stream(tuple(it for it in self.stream.documents if it.ref.kind in FOUNDATION))
        if self._bring(founding) and not self.ctx.plan:
            for ref in (it for it in founding.refs if it.kind == "CustomResourceDefinition"):
                self._await_established(ref)

    def write_secrets(self) -> tuple[str, ...]:
        """Write the Secrets that the cluster lacks, or has otherwise; returns their names."""
        namespace = self.overlay.namespace
        ingredients = ingredients_for(self.ctx, self.cluster, self.stream.text)
        due = differing_secrets(self.overlay.component, namespace, ingredients, self.api)
        for secret in due:
            self.gate.make(
                f"write Secret {secret.name} of namespace {namespace}: {', '.join(sorted(secret.data))}",
                partial(self._apply, secret.text),
                undo=f"kubectl --context {self.cluster.name} -n {namespace} delete secret {secret.name}",
            )
        return tuple(secret.name for secret in due)

    def apply_rest(self) -> None:
        """Apply everything else, and the record last: its presence says that the stream went through whole."""
        rest = tuple(it for it in self.stream.documents if it.ref.kind not in FOUNDATION)
        self._bring(Stream((*rest, self.record)))

    def prune(self) -> tuple[Ref, ...]:
        """Delete what is left, now that the new stream is there whole; until then the record keeps it."""
        if not self.api or not self.left:
            return ()
        pruned = prune(self.ctx, self.overlay, self.left, kubectl=self.kubectl, api=self.api, gate=self.gate)
        if pruned:
            record = self._recording(tuple(ref for ref in self.left if ref not in pruned))
            self.gate.make(f"note in {record.ref} what is gone", partial(self._apply, record.text))
        return pruned

    def _recording(self, left: tuple[Ref, ...]) -> Document:
        return record_of(self.overlay.component, self.overlay.namespace, self.stream, left)

    def _bring(self, part: Stream) -> bool:
        """Apply what differs of a part; whether anything did."""
        if not part.documents:
            return False
        pending, diff = (part, "") if self.api is None or self.whole else self._compare(part, self.api)
        if not pending.documents:
            return False
        self.ctx.progress.doing(self.cluster.name, f"applying {self.overlay.component}")
        self.gate.make(
            _sentence(self.overlay.component, pending, part),
            partial(self._apply, pending.text),
            undo=self._undo() if pending == part else "",
            diff=diff,
        )
        self.changed.extend(pending.refs)
        return True

    def _apply(self, text: str) -> None:
        self.kubectl.apply(text, self.overlay.namespace).must_succeed()

    def _compare(self, part: Stream, api: KubeApi) -> tuple[Stream, str]:
        """What of a part differs from what the API server has, and the difference as text."""
        memory = memory_of(self.ctx.state, self.cluster.name, self.overlay.component)
        differences = compare(self.kubectl, api, part, self.overlay.namespace, memory)
        return part.only(differing(part, differences)), "\n".join(differences.values())

    def _await_established(self, ref: Ref) -> None:
        wait_for(
            f"kind {ref.name}",
            lambda: lacks(self.api, ref, self.overlay.namespace),
            done=lambda said: not said,
            timeout_s=ESTABLISHED_S,
            every_s=0.3,
            say=lambda text: self.ctx.progress.doing(self.cluster.name, text),
        )

    def _undo(self) -> str:
        return (
            f"kustomize build {self.overlay.path} --enable-helm | kubectl --kubeconfig {self.ctx.settings.kubeconfig} "
            f"--context {self.cluster.name} delete -n {self.overlay.namespace} -f -"
        )


def _sentence(component: str, pending: Stream, wanted: Stream) -> str:
    if pending == wanted:
        return f"apply {component}: {len(wanted.documents)} objects"
    return f"apply {component}: {', '.join(map(str, pending.refs))} ({len(pending.refs)} of {len(wanted.refs)} differ)"
