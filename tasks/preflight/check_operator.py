"""The operator's seat: does it reach every host, has it its tools, and do the object store's keys work."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tasks.model.command import Command
from tasks.model.finding import FLEET, Outcome, Row
from tasks.preflight.canary import CanaryDied, open_store, send_canary
from tasks.preflight.checks_operator import TOOL_CHECKS, read_version, tool_findings
from tasks.preflight.checks_store import bucket_finding, canary_died, endpoint_finding, keys_missing, only_planned
from tasks.preflight.judge import bad, finding, good, moot
from tasks.preflight.object_store import ask_alive
from tasks.preflight.remedies import mend
from tasks.preflight.values import Version
from tasks.run.change import Gate
from tasks.run.step import done
from tasks.transport.local import LocalShell

if TYPE_CHECKING:
    from collections.abc import Mapping

    from nornir.core.task import Result, Task

    from tasks.fleet.model import Cluster
    from tasks.model.finding import Finding
    from tasks.preflight.judge import Judgement
    from tasks.run.context import RunContext

SEAT = "reach.from-operator"
KNOCK_TIMEOUT_S = 3
"""Long enough for two lost SYN packets, which are sent again after 1 s."""


def knock(task: Task, *, ctx: RunContext) -> Result:
    """
    See whether the host's SSH port answers the operator at all, before a login spends its longer deadline on it.

    Returns:
        Result object with the following attributes set:
          * result (``Outcome``): ``findings`` the one row of this host
          * failed (``bool``): nobody answered

    """
    cluster = ctx.fleet.cluster(task.host.name)
    seen = finding(
        Row(SEAT, cluster.name),
        _judge_knock(task, cluster),
        wanted=f"TCP {cluster.ssh_port} answers within {KNOCK_TIMEOUT_S} s",
        reproduce=f"timeout {KNOCK_TIMEOUT_S} bash -c '</dev/tcp/{cluster.address}/{cluster.ssh_port}'",
    )
    return done(task, Outcome(findings=(seen,)))


def _judge_knock(task: Task, cluster: Cluster) -> Judgement:
    from nornir_utils.plugins.tasks.networking import tcp_ping  # noqa: PLC0415  keeps `--help` light

    if cluster.proxy_jump:
        return moot(f"reached through {cluster.proxy_jump}")
    port = cluster.ssh_port
    open_ports = task.run(tcp_ping, ports=[port], timeout=KNOCK_TIMEOUT_S, host=str(cluster.address))[0].result
    if open_ports[port]:
        return good(f"{cluster.address}:{port} answers")
    return bad(f"{cluster.address}:{port} does not answer", mend(f"ping -c3 {cluster.address}", "network"))


def check_operator(outcomes: Mapping[str, Outcome], ctx: RunContext) -> Outcome:  # noqa: ARG001  a fleet step
    """Judge tools and object store from the operator's machine; the canaries are the one thing that is ever written."""
    shell = LocalShell(plan=ctx.plan)
    ctx.progress.doing(FLEET, "asking kubectl, kustomize and helm for their versions")
    versions = {check.name: read_version(shell.run(Command(argv=check.argv))) for check in TOOL_CHECKS}
    tools = tool_findings(versions, Version.find(ctx.fleet.versions.kubernetes))
    ctx.progress.doing(FLEET, f"asking {ctx.fleet.s3.endpoint}")
    endpoint = endpoint_finding(ctx.fleet.s3, ask_alive(ctx.fleet.s3))
    gate = Gate(FLEET, plan=ctx.plan)
    buckets = tuple(_try_bucket(bucket, gate, ctx) for bucket in ctx.fleet.s3.buckets)
    return Outcome(findings=(*tools, endpoint, *buckets), changes=gate.changes)


def _try_bucket(bucket: str, gate: Gate, ctx: RunContext) -> Finding:
    ctx.progress.doing(FLEET, f"sending a canary through bucket {bucket}")
    return bucket_finding(bucket, _judge_bucket(bucket, gate, ctx))


def _judge_bucket(bucket: str, gate: Gate, ctx: RunContext) -> Judgement:
    s3, name = ctx.fleet.s3, f"fleet-preflight/{ctx.run_id}"
    if not (ctx.settings.s3_access_key and ctx.settings.s3_secret_key):
        return keys_missing()
    try:
        proven = gate.make(
            f"write, read back and delete {bucket}/{name}",
            lambda: send_canary(open_store(s3, ctx.settings), bucket, name),
            undo=f"mc rm SITE/{bucket}/{name}",
            temporary=True,
        )
    except CanaryDied as error:
        return canary_died(bucket, str(error), error.code)
    return good(proven) if proven else only_planned()
