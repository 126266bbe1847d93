"""Judge every rendering of the fleet without a cluster: guards, fleet-wide guards, schemas."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tasks.deploy.build import render_all
from tasks.deploy.guards import exceptions_of, judge, judge_fleet, judge_tree, unused
from tasks.deploy.guards.subject import Subject
from tasks.deploy.kubeconform import conform
from tasks.deploy.overlay import components_of, components_of_cluster
from tasks.deploy.schemas import schema_folder
from tasks.model.errors import FleetError, InventoryError

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from tasks.deploy.guards.exceptions import Exempt
    from tasks.deploy.manifest import Stream
    from tasks.deploy.overlay import Overlay
    from tasks.fleet.model import Cluster
    from tasks.model.command import Shell
    from tasks.run.context import RunContext


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """
    One component of one cluster.

    Attributes:
        objects: how many were rendered
        complaints: why it must not be applied; empty where it may
        stand_ins: charts that are the lab's own

    """

    cluster: str
    component: str
    objects: int
    complaints: tuple[str, ...]
    stand_ins: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """
    The whole tree's verdict.

    Attributes:
        rows: one per component and cluster, in the order in which they are deployed
        mistakes: what is wrong beside the renderings: pins, exceptions

    """

    rows: tuple[Row, ...]
    mistakes: tuple[str, ...]

    @property
    def good(self) -> bool:
        """Something was rendered, and nothing is wrong."""
        return bool(self.rows) and not self.mistakes and not any(row.complaints for row in self.rows)


def overlays_of(ctx: RunContext, names: Collection[str] = ()) -> tuple[Overlay, ...]:
    """
    What the clusters have, in the order in which it is deployed.

    Arguments:
        names: only these clusters; empty: all

    """
    return tuple(
        overlay
        for cluster in ctx.fleet.clusters
        if not names or cluster.name in names
        for overlay in components_of_cluster(ctx.root, cluster, ctx.settings.traits)
    )


def wanted_of(ctx: RunContext, names: Collection[str] = ()) -> tuple[tuple[Cluster, str], ...]:
    """Those of ``overlays_of``, as ``render_all`` takes them."""
    return tuple((ctx.fleet.cluster(it.cluster), it.component) for it in overlays_of(ctx, names))


def check(ctx: RunContext, shell: Shell, names: Collection[str] = ()) -> Checked:
    """
    Render and judge; nothing is contacted but where charts and schemas come from.

    Raises:
        InventoryError: the tree cannot be read
        SettingsError: there is no kubeconform
        CommandFailed: kubeconform failed

    """
    wanted = wanted_of(ctx, names)
    built = render_all(ctx, wanted, shell)
    subjects = subjects_of(ctx, [it for it in built if not isinstance(it, Exception)])
    exceptions = exceptions_of(ctx.root)
    said: dict[tuple[str, str], list[str]] = {(cluster.name, component): [] for cluster, component in wanted}
    for (cluster, component), it in zip(wanted, built, strict=True):
        if isinstance(it, Exception):
            said[cluster.name, component] += lines_of(it)
    used: set[Exempt] = set()
    for subject in subjects:
        judged = judge(subject, exceptions)
        said[_key(subject)] += map(str, judged.complaints)
        used |= set(judged.used)
    for subject, complaint in judge_fleet(subjects):
        said[_key(subject)].append(str(complaint))
    for key, complaints in _unfit(ctx, subjects, shell).items():
        said[key] += complaints
    return Checked(
        rows=tuple(_row(key, complaints, subjects) for key, complaints in said.items()),
        mistakes=tuple(
            map(str, (*judge_tree(ctx.root), *_unused(ctx, exceptions, frozenset(used), subjects, whole=not names)))
        ),
    )


def subjects_of(ctx: RunContext, built: Sequence[tuple[Overlay, Stream]]) -> tuple[Subject, ...]:
    """Renderings as what rules are asked about."""
    return tuple(
        Subject(overlay=overlay, stream=stream, cluster=ctx.fleet.cluster(overlay.cluster), fleet=ctx.fleet)
        for overlay, stream in built
    )


def _key(subject: Subject) -> tuple[str, str]:
    return subject.cluster.name, subject.overlay.component


def lines_of(error: Exception) -> list[str]:
    """Why something could not be rendered: a line for each mistake."""
    if isinstance(error, InventoryError):
        return list(map(str, error.mistakes))
    return str(error).splitlines() if isinstance(error, FleetError) else [f"{type(error).__name__}: {error}"]


def _unfit(ctx: RunContext, subjects: Sequence[Subject], shell: Shell) -> dict[tuple[str, str], tuple[str, ...]]:
    if not subjects:
        return {}
    given = ctx.settings.schemas
    schemas = schema_folder((it.stream for it in subjects), given, ctx.state / "build" / "schemas")
    streams = {"/".join(_key(subject)): subject.stream for subject in subjects}
    found = conform(streams, schemas, given=given, kubernetes=ctx.fleet.versions.kubernetes, shell=shell)
    return {_key(subject): found["/".join(_key(subject))] for subject in subjects}


def _unused(
    ctx: RunContext, exceptions: Sequence[Exempt], used: frozenset[Exempt], subjects: Sequence[Subject], *, whole: bool
) -> tuple[object, ...]:
    """Exceptions that nothing needs; where a trait or a stand-in has changed a component, one cannot tell."""
    plain = [
        subject.overlay
        for subject in subjects
        if not subject.overlay.stand_ins and not components_of(ctx.root, subject.overlay, ctx.settings.traits)
    ]
    return tuple(unused(exceptions, used, plain)) if whole else ()


def _row(key: tuple[str, str], complaints: Sequence[str], subjects: Sequence[Subject]) -> Row:
    found = [subject for subject in subjects if _key(subject) == key]
    return Row(
        cluster=key[0],
        component=key[1],
        objects=len(found[0].stream.documents) if found else 0,
        complaints=tuple(complaints),
        stand_ins=found[0].overlay.stand_ins if found else (),
    )
