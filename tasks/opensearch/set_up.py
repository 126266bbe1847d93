"""Sets what OpenSearch is told through its own API: looked at first, changed where it differs, verified after."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from tasks.deploy.identity import open_cluster
from tasks.deploy.left_out import left_out
from tasks.model.finding import Finding, Outcome, Row, Verdict, skipped
from tasks.opensearch.accounts import ACCOUNTS, CHECK, hold_accounts
from tasks.opensearch.client import SearchError, open_opensearch
from tasks.opensearch.compare import as_diff, differences, shown
from tasks.opensearch.wishes import NAMES, read_settings
from tasks.run.change import Gate
from tasks.run.step import done
from tasks.run.wait import watch

if TYPE_CHECKING:
    from nornir.core.task import Result, Task

    from tasks.fleet.model import Fleet
    from tasks.opensearch.client import OpenSearch
    from tasks.opensearch.wishes import Setting
    from tasks.run.context import RunContext

SETTING = "opensearch.setting"
PATIENCE_S = 420.0
"""Its image may have to be pulled first; and it answers some seconds after its port is open, with its accounts."""


def declares(fleet: Fleet) -> tuple[Row, ...]:
    """One row per setting, and one per account."""
    name = fleet.central.name
    return (*(Row(SETTING, name, it) for it in NAMES), *(Row(CHECK, name, it) for it in ACCOUNTS))


def set_up(task: Task, *, ctx: RunContext) -> Result:
    """
    Bring settings and accounts of the central OpenSearch to what is wanted; other clusters have none.

    Returns:
        Result with ``result`` = Outcome(findings=one per row of ``declares``, changes)

    Raises:
        WrongCluster: the API server is not the inventory's cluster
        SearchError: OpenSearch does not answer

    """
    if task.host.name != ctx.fleet.central.name:
        return done(task, Outcome())
    rows = declares(ctx.fleet)
    if reason := left_out(ctx.root, ctx.settings.traits, "opensearch"):
        return done(task, Outcome(findings=skips(rows, reason)))
    search, gate = open_opensearch(ctx), Gate(task.host.name, plan=ctx.plan)
    there = open_cluster(ctx, ctx.fleet.central) is not None
    if said := await_answer(ctx, search) if there else "there is no cluster yet":
        if not ctx.plan:
            return done(task, Outcome(findings=tuple(_silent(row, said) for row in rows)))
        _foresee(ctx, search, gate)
        return done(task, Outcome(findings=skips(rows, f"planned: {said}"), changes=gate.changes))
    plugins = plugins_of(search)
    findings = [_converge(ctx, search, gate, setting, plugins) for setting in read_settings(ctx.root)]
    findings += hold_accounts(search, ctx.settings, gate, task.host.name, plan=ctx.plan)
    return done(task, Outcome(findings=tuple(findings), changes=gate.changes))


def skips(rows: tuple[Row, ...], why: str) -> tuple[Finding, ...]:
    """Rows of what is not there to be asked."""
    return tuple(skipped(row, why) for row in rows)


def _foresee(ctx: RunContext, search: OpenSearch, gate: Gate) -> None:
    """Every setting, for an OpenSearch that is not there yet; its accounts come with its first start."""
    for setting in read_settings(ctx.root):
        if not left_out(ctx.root, ctx.settings.traits, setting.plugin):
            _send(search, gate, setting, None, None)


def await_answer(ctx: RunContext, search: OpenSearch) -> str:
    """Wait until OpenSearch lets the operator in; what it said last where it does not. A plan asks once."""

    def once() -> str:
        try:
            search.get("/")
        except SearchError as error:
            return str(error)
        return ""

    return watch(
        "OpenSearch to answer",
        once,
        done=lambda said: not said,
        timeout_s=0.0 if ctx.plan else PATIENCE_S,
        say=lambda text: ctx.progress.doing(ctx.fleet.central.name, text),
    )


def plugins_of(search: OpenSearch) -> frozenset[str]:
    """Names of the plugins that OpenSearch has loaded."""
    return frozenset(it["component"] for it in search.get("/_cat/plugins?format=json"))


def look(search: OpenSearch, setting: Setting) -> tuple[Any | None, Any | None]:
    """A setting as OpenSearch has it, and the whole answer it stands in; None where it is not there."""
    answer = search.find(setting.path)
    return (None, None) if answer is None else (shown(setting, answer), answer)


def inapplicable(ctx: RunContext, setting: Setting, plugins: frozenset[str], row: Row) -> Finding | None:
    """The row of a setting whose plugin is not there: fine only where a trait leaves it out; None where it is."""
    if not setting.plugin or setting.plugin in plugins:
        return None
    if reason := left_out(ctx.root, ctx.settings.traits, setting.plugin):
        return skipped(row, f"{setting.plugin} is {reason}")
    return Finding(
        row=row,
        verdict=Verdict.FAIL,
        observed=f"plugin {setting.plugin} is not loaded",
        wanted=setting.what,
        remedy="kubectl -n opensearch logs opensearch-0; deploy an image that has the plugin",
    )


def _converge(ctx: RunContext, search: OpenSearch, gate: Gate, setting: Setting, plugins: frozenset[str]) -> Finding:
    row = Row(SETTING, ctx.fleet.central.name, setting.name)
    if finding := inapplicable(ctx, setting, plugins, row):
        return finding
    try:
        live, answer = look(search, setting)
        differ = ["it is not there"] if answer is None else differences(setting, live)
        if differ:
            _send(search, gate, setting, live, answer)
            if ctx.plan:
                return skipped(row, f"planned: {'; '.join(differ)}")
            live, answer = look(search, setting)
            differ = ["it was set, and is not there"] if answer is None else differences(setting, live)
    except (SearchError, ValueError) as error:
        differ = [str(error)]
    return judge_setting(row, setting, differ, search)


def judge_setting(row: Row, setting: Setting, differ: list[str], search: OpenSearch) -> Finding:
    """A setting by what differs of it, in words."""
    if not differ:
        return Finding(row=row, verdict=Verdict.PASS, observed=f"as wanted: {setting.what}")
    return Finding(
        row=row,
        verdict=Verdict.FAIL,
        observed="; ".join(differ),
        wanted=setting.what,
        remedy="python runbooks/full_deploy.py --only set-up-opensearch",
        reproduce=search.by_hand("GET", setting.path),
    )


def _send(search: OpenSearch, gate: Gate, setting: Setting, live: Any | None, answer: Any | None) -> None:
    path, method, undo = setting.path, setting.method, search.by_hand("DELETE", setting.path)
    if answer is not None:
        method, undo = "PUT", search.by_hand("PUT", path, json.dumps(live))
        if setting.versioned:
            path += f"?if_seq_no={answer['_seq_no']}&if_primary_term={answer['_primary_term']}"
            undo = ""
    gate.make(
        f"{'set' if answer is None else 'change'} {setting.name} of OpenSearch: {method} {setting.path}",
        lambda: search.send(method, path, setting.body),
        undo=undo,
        diff=as_diff(setting, live),
    )


def _silent(row: Row, said: str) -> Finding:
    return Finding(
        row=row,
        verdict=Verdict.FAIL,
        observed=said,
        wanted="OpenSearch answers the operator",
        remedy="kubectl -n opensearch logs statefulset/opensearch; port 9200 of the VIP must be open to this machine",
    )
