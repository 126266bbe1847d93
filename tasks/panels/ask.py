"""The task that opens every dashboard as a browser does, but for the pixels: all of its queries, six at once."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING
from urllib.parse import quote

from tasks.deploy.api import ApiError
from tasks.deploy.identity import open_cluster
from tasks.model.errors import in_words
from tasks.model.finding import Measure, Outcome, Row, skipped
from tasks.monitoring.ask import get
from tasks.monitoring.patience import patiently
from tasks.opensearch.client import SearchError
from tasks.panels import grafana
from tasks.panels.dashboards import METRICS, read_dashboards, uids
from tasks.panels.judge import Shown, counted, judge_dashboard, shown
from tasks.panels.logs import SOURCE, count_lines
from tasks.preflight.judge import finding
from tasks.run.step import done
from tasks.settings import ROOT
from tasks.thanos.query import FRONTEND

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from nornir.core.task import Result, Task

    from tasks.deploy.api import KubeApi
    from tasks.fleet.model import Fleet
    from tasks.model.finding import Finding
    from tasks.panels.dashboards import Dashboard, Query
    from tasks.run.context import RunContext

CAUSES: Mapping[str, tuple[str, ...]] = {"panels.": ("query.answers", "query.view")}
AT_ONCE = 6
"""Connections that a browser opens to one server."""


def declares(fleet: Fleet) -> tuple[Row, ...]:
    """A row for each dashboard of the tree, and what Grafana itself owes, all on the central cluster."""
    return (*(Row(f"panels.{uid}", fleet.central.name) for uid in uids(ROOT)), *grafana.declares(fleet))


def ask(task: Task, *, ctx: RunContext, patience_s: float = 0.0) -> Result:
    """
    Ask every query of every dashboard, and Grafana itself. Nothing is done on other than the central cluster.

    Arguments:
        patience_s: how long a dashboard that is not good yet is opened again; a rate needs two scrapes

    Returns:
        Result with ``result`` = Outcome(findings=one per row of ``declares`` on the central cluster)

    Raises:
        InventoryError: a dashboard cannot be read, or a declaration is about no panel

    """
    cluster = ctx.fleet.cluster(task.host.name)
    if cluster.name != ctx.fleet.central.name:
        return done(task, Outcome())
    api = None if ctx.plan else open_cluster(ctx, cluster)
    if api is None:
        said = "planned: what is deployed by then is asked by a real run"
        rows = declares(ctx.fleet)
        return done(task, Outcome(findings=tuple(skipped(row, said) for row in rows)))
    dashboards = read_dashboards(ctx.root, ctx.settings.traits)
    until = time.monotonic() + patience_s
    found = [it for one in dashboards for it in patiently(ctx, cluster.name, partial(_open, ctx, api, one), until)]
    return done(task, Outcome(findings=(*found, *grafana.ask(ctx, api))))


def _open(ctx: RunContext, api: KubeApi, dashboard: Dashboard) -> list[Finding]:
    """Open one dashboard; the others wait, for nobody looks at two at once."""
    central = ctx.fleet.central.name
    ctx.progress.doing(central, f"opening dashboard {dashboard.uid}")
    began = time.monotonic()
    came = () if dashboard.absent else ask_queries(ctx, api, dashboard)
    took_s = time.monotonic() - began
    judgement = judge_dashboard(dashboard, came, took_s, (it.name for it in ctx.fleet.clusters))
    found = finding(
        Row(f"panels.{dashboard.uid}", central),
        replace(judgement, measured=(Measure(name="time", value=took_s, unit="s"),)) if came else judgement,
        wanted="series in every panel, of each cluster where it tells clusters apart, within 5 s in all",
        reproduce=_by_hand(central, dashboard, came),
    )
    return [found]


def _by_hand(central: str, dashboard: Dashboard, came: Sequence[Shown]) -> str:
    """The first query of metrics that shows nothing and should, for this moment; where there is none, the first."""
    empty = (it.query for it in came if it.failed or not (it.series or it.query.may_be_empty or it.query.absent))
    query = next((it for it in empty if it.source == METRICS), dashboard.queries[0])
    asked = f"/api/v1/namespaces/{FRONTEND}/proxy/api/v1/query?query={quote(query.text)}"
    return f"kubectl --context {central} get --raw '{asked}'"


def ask_queries(ctx: RunContext, api: KubeApi, dashboard: Dashboard) -> tuple[Shown, ...]:
    """Ask a dashboard's queries, each of its own datasource, over the dashboard's range up to now, six at once."""
    step = dashboard.step_s
    end = int(time.time()) // step * step  # as Grafana does, so that the frontend's cache serves both
    span = {"start": str(end - dashboard.span_s), "end": str(end), "step": str(step)}

    def one(query: Query) -> Shown:
        began = time.monotonic()
        try:
            if query.source == SOURCE:
                lines = count_lines(ctx, query.text, dashboard.span_s)
                return counted(query, time.monotonic() - began, lines)
            answer = get(api, FRONTEND, "api/v1/query_range", query=query.text, **span)
            return shown(query, time.monotonic() - began, answer)
        except (ApiError, SearchError, ValueError, KeyError, TypeError) as error:
            return Shown(query=query, took_s=time.monotonic() - began, failed=in_words(error))

    queries = [it for it in dashboard.queries if it.source in {METRICS, SOURCE}]
    with ThreadPoolExecutor(AT_ONCE) as pool:
        return tuple(pool.map(one, queries))
