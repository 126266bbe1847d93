"""The task that asks every web interface through its cluster's VIP, by its hostname. Changes nothing."""

from __future__ import annotations

import ssl
import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from tasks.deploy.build import render_whole
from tasks.deploy.check import wanted_of
from tasks.deploy.left_out import as_left_out, left_out
from tasks.model.finding import Finding, Outcome, Row, skipped
from tasks.probes import web
from tasks.probes.operator import read_failure, resolve
from tasks.probes.path import Wanted
from tasks.probes.scripts import ANSWER_S, CONNECT_S
from tasks.run.step import done
from tasks.transport.local import LocalShell

if TYPE_CHECKING:
    from collections.abc import Mapping

    from nornir.core.task import Result, Task

    from tasks.fleet.model import Cluster, Fleet
    from tasks.probes.path import Seen
    from tasks.run.context import RunContext

HOSTS, HTTP, NAME = "ingress.hosts", "ingress.http", "ingress.name"
CAUSES: Mapping[str, tuple[str, ...]] = {HTTP: ("vip.arp", HOSTS), NAME: (HOSTS,)}


def declares(fleet: Fleet) -> tuple[Row, ...]:
    """For every cluster: are the hostnames known, and for each whether it resolves and whether it answers."""
    return tuple(row for cluster in fleet.clusters for row in _rows(cluster))


def _rows(cluster: Cluster) -> tuple[Row, ...]:
    webs = web.webs_of(cluster)
    return (Row(HOSTS, cluster.name), *(Row(f"{it}.{one.name}", cluster.name) for one in webs for it in (NAME, HTTP)))


def ask(task: Task, *, ctx: RunContext) -> Result:
    """
    Ask all interfaces of one cluster, from the operator's machine.

    Returns:
        Result with ``result`` = Outcome(findings=one per row of ``declares``)

    """
    cluster = ctx.fleet.cluster(task.host.name)
    if ctx.plan:
        said = "planned: what is deployed by then is asked by a real run"
        rows = _rows(cluster)
        return done(task, Outcome(findings=tuple(skipped(it, said) for it in rows)))
    webs = web.webs_of(cluster)
    absent = {it.name: skip for it in webs if (skip := _absent(ctx, cluster, it))}
    rendered = _rendered(ctx, cluster)
    asked = [it for it in webs if it.name not in absent]
    with ThreadPoolExecutor(len(webs)) as pool:
        answers = list(pool.map(lambda it: _ask_one(ctx, cluster, it, rendered), asked))
    found = [web.judge_hosts(cluster, rendered, tuple(absent)), *(one for pair in answers for one in pair)]
    found += [one for skip in absent.values() for one in skip]
    return done(task, Outcome(findings=tuple(found)))


def _absent(ctx: RunContext, cluster: Cluster, one: web.Web) -> tuple[Finding, ...]:
    """Its rows where a trait's site goes without it; empty where it is to be there."""
    rows = [Row(f"{it}.{one.name}", cluster.name) for it in (NAME, HTTP)]
    return tuple(
        it for row in rows for key in (one.component, f"ingress.{one.name}") if (it := as_left_out(ctx, row, key))
    )


def _rendered(ctx: RunContext, cluster: Cluster) -> dict[str, bool]:
    """
    See ``web.rendered_hosts``, of all that the cluster has.

    Raises:
        FleetError: an overlay cannot be rendered

    """
    wanted = [it for it in wanted_of(ctx, (cluster.name,)) if not left_out(ctx.root, ctx.settings.traits, it[1])]
    return web.rendered_hosts([stream for _, stream in render_whole(ctx, wanted, LocalShell(plan=True))])


def _ask_one(ctx: RunContext, cluster: Cluster, one: web.Web, rendered: Mapping[str, bool]) -> tuple[Finding, Finding]:
    name, http = (Row(f"{it}.{one.name}", cluster.name) for it in (NAME, HTTP))
    host, vip = one.host(cluster), str(cluster.vip.address)
    if host not in rendered:
        said, cause = f"not asked: no overlay renders {host}", Row(HOSTS, cluster.name)
        missing = [skipped(it, said, cause) for it in (name, http)]
        return missing[0], missing[1]
    resolved = web.judge_name(name, host, resolve(host), vip)
    if skip := as_left_out(ctx, http, HTTP):
        return resolved, skip
    url = f"{'https' if rendered[host] else 'http'}://{host}{one.path}"
    return resolved, web.judge_answer(http, reach_by_name(url, vip), url, vip)


def reach_by_name(url: str, address: str, *, port: int | None = None) -> Seen:
    """
    Ask one URL at an address, whatever DNS says, and say how far it got.

    The certificate behind TLS is not verified: the question is whom the ingress hands the connection to.

    Arguments:
        port: None for the scheme's own

    """
    import urllib3  # noqa: PLC0415  its import time is only the proof's

    scheme, _, rest = url.partition("://")
    host, _, path = rest.partition("/")
    timeout = urllib3.Timeout(connect=CONNECT_S, read=ANSWER_S)
    if scheme == "https":
        context = ssl.create_default_context()
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        pool: urllib3.HTTPConnectionPool = urllib3.HTTPSConnectionPool(
            address, port, timeout=timeout, server_hostname=host, ssl_context=context
        )
    else:
        pool = urllib3.HTTPConnectionPool(address, port, timeout=timeout)
    began = time.monotonic()
    try:
        answer = pool.request("GET", f"/{path}", headers={"Host": host}, retries=False, redirect=False)
    except urllib3.exceptions.HTTPError as error:
        return read_failure(error)
    finally:
        pool.close()
    return Wanted(statuses=web.WELL).judge(answer.status, "", (time.monotonic() - began) * 1000)
