"""What the operator's machine keeps of a cluster that is gone, and proof that no other cluster was touched."""

from __future__ import annotations

import shutil
from functools import partial
from typing import TYPE_CHECKING

from tasks.deploy.files import read_text
from tasks.deploy.identity import open_cluster, uid_of
from tasks.deploy.kubeconfig import folder_of, without
from tasks.model.errors import FleetError
from tasks.model.finding import FLEET, Finding, Outcome, Row, Verdict, skipped
from tasks.run.change import Gate
from tasks.run.files import write_atomically
from tasks.run.step import done

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from nornir.core.task import Result, Task

    from tasks.fleet.model import Cluster, Fleet
    from tasks.run.context import RunContext

FORGOTTEN_ROW = "reset.state"
OTHERS_ROW = "reset.others"

_BEFORE: dict[str, dict[str, str]] = {}
"""Run id to what ``survey`` saw: cluster to its fingerprint."""


def forget_declares(fleet: Fleet) -> tuple[Row, ...]:
    """The row of ``forget``."""
    return tuple(Row(FORGOTTEN_ROW, cluster.name) for cluster in fleet.clusters)


def survey_declares(fleet: Fleet) -> tuple[Row, ...]:
    """The row of ``survey``."""
    del fleet
    return (Row("reset.survey", FLEET),)


def others_declares(fleet: Fleet) -> tuple[Row, ...]:
    """The row of ``compare_others``."""
    del fleet
    return (Row(OTHERS_ROW, FLEET),)


def forget(task: Task, *, ctx: RunContext) -> Result:
    """
    Remove the kubeconfig, the identity and everything else that is kept here of one cluster.

    Returns:
        Result with ``result`` = Outcome(findings=(reset.state,), changes)

    """
    name = task.host.name
    gate = Gate(name, plan=ctx.plan)
    for path in _kept(ctx, name):
        gate.make(f"remove {path}", partial(shutil.rmtree, path))
    merged = read_text(ctx.settings.kubeconfig)
    if merged and (less := without(merged, name)) != merged:
        gate.make(
            f"remove context {name} from {ctx.settings.kubeconfig}",
            lambda: write_atomically(ctx.settings.kubeconfig, less),
        )
    row = Row(FORGOTTEN_ROW, name)
    if ctx.plan and gate.changes:
        finding = skipped(row, "planned")
    else:
        finding = Finding(row=row, verdict=Verdict.PASS, observed="nothing of it is kept here")
    return done(task, Outcome(findings=(finding,), changes=gate.changes))


def survey(outcomes: Mapping[str, Outcome], ctx: RunContext) -> Outcome:
    """Note what tells every other cluster apart, before anything is done."""
    seen = {cluster.name: _fingerprint(ctx, cluster) for cluster in ctx.fleet.clusters if cluster.name not in outcomes}
    _BEFORE[ctx.run_id] = seen
    observed = "; ".join(f"{name}: {said}" for name, said in seen.items()) or "there is no other cluster"
    return Outcome(findings=(Finding(row=Row("reset.survey", FLEET), verdict=Verdict.PASS, observed=observed),))


def compare_others(outcomes: Mapping[str, Outcome], ctx: RunContext) -> Outcome:
    """Hold every other cluster against what ``survey`` noted."""
    del outcomes
    row = Row(OTHERS_ROW, FLEET)
    before = _BEFORE.pop(ctx.run_id, None)
    if before is None:
        return Outcome(findings=(Finding(row=row, verdict=Verdict.ERROR, observed="nothing was noted before"),))
    after = {name: _fingerprint(ctx, ctx.fleet.cluster(name)) for name in before}
    differ = [f"{name}: was {before[name]}, is {after[name]}" for name in before if before[name] != after[name]]
    if differ:
        return Outcome(
            findings=(Finding(row=row, verdict=Verdict.FAIL, observed="; ".join(differ), wanted="unchanged"),)
        )
    return Outcome(findings=(Finding(row=row, verdict=Verdict.PASS, observed=f"unchanged: {', '.join(before)}"),))


def _fingerprint(ctx: RunContext, cluster: Cluster) -> str:
    """UIDs of the cluster and of its node; in words where there is no cluster, or none that answers."""
    try:
        api = open_cluster(ctx, cluster)
        if api is None:
            return "not known here"
        node = api.get(f"/api/v1/nodes/{cluster.node_name}")
        return f"cluster {uid_of(api)}, node {node['metadata']['uid']}"
    except FleetError as error:
        return f"cannot be asked ({type(error).__name__})"


def _kept(ctx: RunContext, name: str) -> tuple[Path, ...]:
    folders = (folder_of(ctx.state, name), ctx.state / "cache" / name, ctx.state / "build" / name)
    return tuple(folder for folder in folders if folder.exists())
