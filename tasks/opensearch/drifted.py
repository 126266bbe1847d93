"""Does OpenSearch still have the settings of the tree? The deployment's own comparison, without the change."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tasks.deploy.identity import open_cluster
from tasks.deploy.left_out import left_out
from tasks.model.finding import Finding, Outcome, Row, Verdict
from tasks.opensearch.client import SearchError, open_opensearch
from tasks.opensearch.compare import as_diff, differences
from tasks.opensearch.set_up import inapplicable, look, plugins_of, skips
from tasks.opensearch.wishes import NAMES, read_settings
from tasks.run.step import done

if TYPE_CHECKING:
    from nornir.core.task import Result, Task

    from tasks.fleet.model import Fleet
    from tasks.opensearch.client import OpenSearch
    from tasks.opensearch.wishes import Setting
    from tasks.run.context import RunContext

CHECK = "drift.opensearch-setting"


def declares(fleet: Fleet) -> tuple[Row, ...]:
    """One row per setting."""
    return tuple(Row(CHECK, fleet.central.name, it) for it in NAMES)


def compare(task: Task, *, ctx: RunContext) -> Result:
    """
    Compare the settings of the central OpenSearch with the tree; other clusters have none. Changes nothing.

    Returns:
        Result with ``result`` = Outcome(findings=one per row of ``declares``)

    Raises:
        WrongCluster: the API server is not the inventory's cluster
        SearchError: OpenSearch does not answer

    """
    if task.host.name != ctx.fleet.central.name:
        return done(task, Outcome())
    if reason := left_out(ctx.root, ctx.settings.traits, "opensearch"):
        return done(task, Outcome(findings=skips(declares(ctx.fleet), reason)))
    open_cluster(ctx, ctx.fleet.central)
    search = open_opensearch(ctx)
    plugins = plugins_of(search)
    findings = []
    for setting in read_settings(ctx.root):
        row = Row(CHECK, task.host.name, setting.name)
        findings.append(inapplicable(ctx, setting, plugins, row) or _compared(search, setting, row))
    return done(task, Outcome(findings=tuple(findings)))


def _compared(search: OpenSearch, setting: Setting, row: Row) -> Finding:
    try:
        live, answer = look(search, setting)
    except (SearchError, ValueError) as error:
        return Finding(row=row, verdict=Verdict.ERROR, observed=f"could not compare: {error}")
    differ = ["it is not there"] if answer is None else differences(setting, live)
    if not differ:
        return Finding(row=row, verdict=Verdict.PASS, observed="nothing differs")
    return Finding(
        row=row,
        verdict=Verdict.FAIL,
        observed="; ".join(differ),
        wanted=f"what kustomize/base/opensearch/settings says: {setting.what}",
        remedy="python runbooks/full_deploy.py --only set-up-opensearch; or change the setting, if OpenSearch is right",
        reproduce=search.by_hand("GET", setting.path),
        evidence=tuple(as_diff(setting, live).splitlines()),
    )
