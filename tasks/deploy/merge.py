"""One kubeconfig for the operator, out of every cluster's own."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tasks.deploy.files import read_text
from tasks.deploy.identity import recorded, refuse_other
from tasks.deploy.kubeconfig import folder_of, parse_kubeconfig, render_kubeconfig
from tasks.model.errors import WrongCluster
from tasks.model.finding import FLEET, Finding, Outcome, Row, Verdict
from tasks.run.change import Gate
from tasks.run.files import write_atomically

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tasks.deploy.kubeconfig import AdminAccess
    from tasks.fleet.model import Cluster
    from tasks.run.context import RunContext

MERGED_ROW = "kubeconfig.merged"


def merge(outcomes: Mapping[str, Outcome], ctx: RunContext) -> Outcome:
    """
    Merge what was ever fetched into one kubeconfig with a context per cluster; other contexts in it stay.

    Returns:
        Outcome(findings=(kubeconfig.merged,), changes)

    """
    del outcomes
    accesses, refused = _kept(ctx)
    path, gate = ctx.settings.kubeconfig, Gate(FLEET, plan=ctx.plan)
    before = read_text(path)
    after = render_kubeconfig(accesses, keep=before, current=ctx.fleet.central.name)
    if after != before:
        gate.make(f"write {path}", lambda: write_atomically(path, after))
    return Outcome(findings=(_judge_merged(ctx, tuple(accesses), refused),), changes=gate.changes)


def _kept(ctx: RunContext) -> tuple[dict[str, AdminAccess], list[str]]:
    """Every kubeconfig that was ever fetched and is its cluster's; and a sentence for each that is not."""
    accesses, refused = {}, []
    for cluster in ctx.fleet.clusters:
        try:
            if access := _access(ctx, cluster):
                accesses[cluster.name] = access
        except (WrongCluster, ValueError) as error:
            refused.append(str(error))
    return accesses, refused


def _access(ctx: RunContext, cluster: Cluster) -> AdminAccess | None:
    path = folder_of(ctx.state, cluster.name) / "admin.conf"
    if not (text := read_text(path)):
        return None
    access, identity = parse_kubeconfig(text), recorded(ctx.state, cluster.name)
    if identity is None:
        raise WrongCluster(f"{path} has no recorded identity beside it")
    refuse_other(identity, access, cluster, str(path))
    return access


def _judge_merged(ctx: RunContext, names: tuple[str, ...], refused: list[str]) -> Finding:
    row, path = Row(MERGED_ROW, FLEET), ctx.settings.kubeconfig
    if refused:
        return Finding(
            row=row,
            verdict=Verdict.FAIL,
            observed="left out: " + "; ".join(refused),
            wanted="every kept kubeconfig is its own cluster's",
            remedy="remove what is named, then: python runbooks/full_deploy.py --only fetch-kubeconfigs",
        )
    if names:
        return Finding(row=row, verdict=Verdict.PASS, observed=f"{path}: contexts {', '.join(names)}")
    verdict = Verdict.SKIP if ctx.plan else Verdict.FAIL
    return Finding(row=row, verdict=verdict, observed="no cluster has a kubeconfig yet")
