"""Render an overlay, as FR-020 says: ``kustomize build <path> --enable-helm``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tasks.deploy.charts import ensure_charts
from tasks.deploy.guards import complaints
from tasks.deploy.manifest import parse_stream
from tasks.deploy.overlay import buildable, read_overlay
from tasks.model.command import Command
from tasks.model.errors import InventoryError, Mistake

if TYPE_CHECKING:
    from tasks.deploy.manifest import Stream
    from tasks.deploy.overlay import Overlay
    from tasks.fleet.model import Cluster
    from tasks.model.command import Shell
    from tasks.run.context import RunContext


def render(ctx: RunContext, cluster: Cluster, component: str, shell: Shell) -> tuple[Overlay, Stream]:
    """
    Build one component of one cluster, and refuse what must not be applied.

    Raises:
        InventoryError: overlay and inventory differ, a chart is not the pinned one, or a guard complains
        CommandFailed: Kustomize or Helm refused

    """
    overlay = read_overlay(ctx.root, cluster, component)
    ensure_charts(ctx.root, component, shell, ctx.settings.charts)
    path = buildable(ctx.root, overlay, ctx.settings.traits, ctx.state / "build")
    command = Command(argv=("kustomize", "build", str(path), "--enable-helm"), timeout_s=120)
    stream = parse_stream(shell.run(command).must_succeed().stdout)
    if said := complaints(stream, overlay.namespace):
        raise InventoryError(tuple(Mistake(str(overlay.path), 1, sentence) for sentence in said))
    return overlay, stream
