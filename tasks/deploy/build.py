"""Render an overlay, as FR-020 says: ``kustomize build <path> --enable-helm``; twice, and once for all."""

from __future__ import annotations

import json
import os
import shutil
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from tasks.deploy.manifest import Document, Stream, parse_stream
from tasks.deploy.overlay import buildable, components_of, facts_that_differ, read_overlay
from tasks.deploy.tree import KEEP_S, key_of, private_tree, prune
from tasks.model.command import Command
from tasks.model.errors import FleetError, InventoryError, Mistake
from tasks.run.files import write_atomically

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tasks.deploy.overlay import Overlay
    from tasks.fleet.model import Cluster
    from tasks.model.command import Shell
    from tasks.run.context import RunContext

BUILD_TIMEOUT_S = 120.0
# short-lived programs that allocate much: collecting their garbage takes a quarter of their time
_ENVIRONMENT = (("GOGC", "400"),)
_VERSIONS: dict[tuple[str, int], str] = {}
_TOOLS = (("kustomize", ("kustomize", "version")), ("helm", ("helm", "version", "--template={{.Version}}")))


def render(ctx: RunContext, cluster: Cluster, component: str, shell: Shell) -> tuple[Overlay, Stream]:
    """
    Build one component of one cluster, and refuse what must not be applied.

    Returns:
        the overlay, with the charts that are the lab's stand-ins named in it; and the objects

    Raises:
        InventoryError: overlay and inventory differ, a chart is not the pinned one, or a guard complains
        CommandFailed: Kustomize or Helm refused

    """
    from tasks.deploy.guards import refuse  # noqa: PLC0415  rules and charts take 20 ms that `--help` need not pay

    overlay, stream = rendering(ctx, cluster, component, shell)
    refuse(ctx.root, ctx.fleet, overlay, stream)
    return overlay, stream


def rendering(ctx: RunContext, cluster: Cluster, component: str, shell: Shell) -> tuple[Overlay, Stream]:
    """What ``render`` does, without the guards."""
    from tasks.deploy.charts import charts_of, sources_of  # noqa: PLC0415  as above

    overlay = read_overlay(ctx.root, cluster, component)
    if mistakes := facts_that_differ(ctx.root, ctx.fleet, cluster):
        raise InventoryError(tuple(mistakes))
    charts = charts_of(ctx.root, component, shell, sources_of(ctx.settings))
    stand_ins = tuple(chart.pin.label for chart in charts if chart.stand_in)
    overlay = replace(overlay, stand_ins=stand_ins)
    tree = private_tree(ctx.root, charts, ctx.state / "build" / "trees")
    within = replace(overlay, path=tree.root / overlay.path.relative_to(ctx.root))
    traits = [part.relative_to(tree.root) for part in components_of(tree.root, within, ctx.settings.traits)]
    key = key_of(tree.digest, overlay.path.relative_to(ctx.root), traits, *tool_versions(shell))
    kept = ctx.state / "build" / "streams" / f"{key}.json"
    if (stream := _read_kept(kept)) is None:
        wrappers = ctx.state / "build" / "wrappers" / tree.root.name / key
        stream = build_twice(buildable(tree.root, within, ctx.settings.traits, wrappers), overlay.path, shell)
        _keep(kept, stream)
    return overlay, stream


def build_twice(path: Path, overlay: Path, shell: Shell) -> Stream:
    """
    Build, and build again: what is random would be applied anew at every run.

    Arguments:
        path: what is built
        overlay: what a mistake names

    Raises:
        InventoryError: the two differ, or are no objects
        CommandFailed: Kustomize or Helm refused

    """
    command = Command(
        argv=("kustomize", "build", str(path), "--enable-helm"), timeout_s=BUILD_TIMEOUT_S, env=_ENVIRONMENT
    )
    first, second = (shell.run(command).must_succeed().stdout for _ in range(2))
    try:
        stream = parse_stream(first)
        if first != second:
            raise InventoryError((Mistake(str(overlay), 1, _random(stream, parse_stream(second))),))
    except ValueError as error:
        if isinstance(error, InventoryError):
            raise
        raise InventoryError((Mistake(str(overlay), 1, str(error)),)) from None
    return stream


def _random(first: Stream, second: Stream) -> str:
    texts = {document.ref: document.text for document in second.documents}
    names = [str(document.ref) for document in first.documents if texts.get(document.ref) != document.text]
    return (
        f"two builds differ in {', '.join(names) or 'their order'}: something in it is random, and would be changed by "
        "every run; give the chart an existing Secret, or switch off what it generates"
    )


def tool_versions(shell: Shell) -> tuple[str, ...]:
    """What Kustomize and Helm say of themselves; asked once for each program that is found."""
    return tuple(_version(shell, argv, _identity(name)) for name, argv in _TOOLS)


def _version(shell: Shell, argv: tuple[str, ...], identity: tuple[str, int]) -> str:
    if not identity[0] or identity not in _VERSIONS:
        _VERSIONS[identity] = shell.run(Command(argv=argv)).must_succeed().stdout.strip()
    return _VERSIONS[identity]


def _identity(name: str) -> tuple[str, int]:
    where = shutil.which(name) or ""
    return where, Path(where).stat().st_mtime_ns if where else 0


def render_all(
    ctx: RunContext, wanted: Sequence[tuple[Cluster, str]], shell: Shell
) -> tuple[tuple[Overlay, Stream] | Exception, ...]:
    """
    Build many components side by side, as many at once as there are processors; guards are not asked.

    Returns:
        in the order of ``wanted``: overlay and objects, or what ``rendering`` raised

    """

    def one(cluster: Cluster, component: str) -> tuple[Overlay, Stream] | Exception:
        try:
            return rendering(ctx, cluster, component, shell)
        except (OSError, ValueError, RuntimeError, FleetError) as error:
            return error

    with ThreadPoolExecutor(os.cpu_count()) as pool:
        return tuple(pool.map(one, *zip(*wanted, strict=True))) if wanted else ()


def render_whole(
    ctx: RunContext, wanted: Sequence[tuple[Cluster, str]], shell: Shell
) -> tuple[tuple[Overlay, Stream], ...]:
    """As ``render_all``, for those who can do nothing with a part; the first error is raised."""
    built = []
    for it in render_all(ctx, wanted, shell):
        if isinstance(it, Exception):
            raise it
        built.append(it)
    return tuple(built)


def _read_kept(path: Path) -> Stream | None:
    """A rendering that was kept; read as JSON, which is ten times as fast as YAML."""
    try:
        pairs = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    with suppress(OSError):
        os.utime(path)
    return Stream(tuple(Document(text, content) for text, content in pairs))


def _keep(path: Path, stream: Stream) -> None:
    write_atomically(path, json.dumps([[document.text, document.content] for document in stream.documents]))
    prune(path.parent, time.time() - KEEP_S)
