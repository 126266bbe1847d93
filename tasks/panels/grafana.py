"""Asks Grafana itself, as its administrator, through the central cluster's ingress."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING, Any

from tasks.deploy.left_out import left_out
from tasks.model.errors import FleetError
from tasks.model.finding import Row
from tasks.panels.dashboards import uids
from tasks.panels.judge_grafana import judge_datasource, judge_health, judge_provisioned
from tasks.preflight.judge import bad, finding, moot
from tasks.preflight.object_store import innermost

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tasks.deploy.api import KubeApi
    from tasks.fleet.model import Cluster, Fleet
    from tasks.model.finding import Finding
    from tasks.preflight.judge import Judgement
    from tasks.run.context import RunContext

HEALTH, DATASOURCE, PROVISIONED = "grafana.health", "grafana.datasource", "grafana.dashboards"
SOURCES = ("thanos", "opensearch")
"""Uids of its datasources, whose backends stand beside it."""

DEPLOYMENT = "/apis/apps/v1/namespaces/grafana/deployments/grafana"
TIMEOUT_S = 15.0

WANTED = {
    HEALTH: "Grafana and its database work",
    DATASOURCE: "Grafana reaches what it asks",
    PROVISIONED: "the tree's dashboards and no others",
}


class GrafanaSilent(FleetError):
    """Grafana did not answer, or refused."""


def declares(fleet: Fleet) -> tuple[Row, ...]:
    """Its health, that of each datasource, and its dashboards."""
    central = fleet.central.name
    return (
        Row(HEALTH, central),
        *(Row(f"{DATASOURCE}.{uid}", central) for uid in SOURCES),
        Row(PROVISIONED, central),
    )


def ask(ctx: RunContext, api: KubeApi) -> tuple[Finding, ...]:
    """Ask it, where it is deployed; where a site goes without it, say why."""
    rows = declares(ctx.fleet)
    reason = next(filter(None, (left_out(ctx.root, ctx.settings.traits, it) for it in ("grafana", HEALTH))), "")
    if reason:
        return tuple(_found(row, moot(reason), ctx.fleet.central) for row in rows)
    if api.find(DEPLOYMENT) is None:
        said = bad("there is no Deployment grafana", "python runbooks/full_deploy.py --only deploy-grafana")
        return tuple(_found(row, said, ctx.fleet.central) for row in rows)
    return tuple(_found(row, _judged(ctx, row.check), ctx.fleet.central) for row in rows)


def _question(ctx: RunContext, check: str) -> Judgement:
    if check == HEALTH:
        return judge_health(_get(ctx, "api/health"))
    if check == PROVISIONED:
        return judge_provisioned(uids(ctx.root), _get(ctx, "api/search?type=dash-db&limit=5000"))
    uid = check.removeprefix(f"{DATASOURCE}.")
    # each datasource has the name of its component
    if reason := left_out(ctx.root, ctx.settings.traits, uid):
        return moot(reason)
    return judge_datasource(_get(ctx, f"api/datasources/uid/{uid}/health", refused_is_an_answer=True))


def _judged(ctx: RunContext, check: str) -> Judgement:
    try:
        return _question(ctx, check)
    except (GrafanaSilent, ValueError) as error:
        return bad(str(error), "kubectl -n grafana get pods,ingress,events")


def _get(ctx: RunContext, path: str, *, refused_is_an_answer: bool = False) -> Any:
    import requests  # noqa: PLC0415  keeps `--help` light

    central = ctx.fleet.central
    with closing(requests.Session()) as session:
        session.trust_env = False
        session.auth = ("admin", ctx.settings.grafana_admin_password)
        url = f"http://{central.vip.address}/{path}"
        try:
            answer = session.get(url, headers={"Host": f"grafana.{central.domain}"}, timeout=TIMEOUT_S)
        except requests.RequestException as error:
            raise GrafanaSilent(f"grafana.{central.domain}: {innermost(error)}") from error
    if not answer.ok and not refused_is_an_answer:
        raise GrafanaSilent(f"/{path}: HTTP {answer.status_code}: {answer.text[:200]}")
    return answer.json()


def _found(row: Row, judgement: Judgement, central: Cluster) -> Finding:
    wanted = next(said for check, said in WANTED.items() if row.check.startswith(check))
    return finding(row, judgement, wanted=wanted, reproduce=f"curl http://grafana.{central.domain}/{_SHOWN[row.check]}")


_SHOWN: Mapping[str, str] = {
    HEALTH: "api/health",
    PROVISIONED: "api/search?type=dash-db",
    **{f"{DATASOURCE}.{uid}": f"api/datasources/uid/{uid}/health" for uid in SOURCES},
}
