"""Does a host's SSH port answer the operator at all? Asked before a login spends its longer deadline on it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tasks.model.errors import Unreachable
from tasks.model.finding import Outcome, Row
from tasks.preflight.judge import bad, finding, good, moot
from tasks.preflight.remedies import mend
from tasks.run.step import done

if TYPE_CHECKING:
    from nornir.core.task import Result, Task

    from tasks.fleet.model import Cluster
    from tasks.preflight.judge import Judgement
    from tasks.run.context import RunContext

SEAT = "reach.from-operator"
TIMEOUT_S = 3
"""Long enough for one lost SYN packet, which is sent again after 1 s."""


def knock(task: Task, *, ctx: RunContext) -> Result:
    """
    Judge whether the host's SSH port answers the operator.

    Returns:
        Result object with the following attributes set:
          * result (``Outcome``): ``findings`` the one row of this host
          * failed (``bool``): nobody answered

    """
    cluster = ctx.fleet.cluster(task.host.name)
    seen = finding(
        Row(SEAT, cluster.name),
        _judge(task, cluster),
        wanted=f"TCP {cluster.ssh_port} answers within {TIMEOUT_S} s",
        reproduce=f"timeout {TIMEOUT_S} bash -c '</dev/tcp/{cluster.address}/{cluster.ssh_port}'",
    )
    return done(task, Outcome(findings=(seen,)))


def must_answer(task: Task, cluster: Cluster) -> None:
    """Raise ``Unreachable`` where the port does not answer, in a fifth of the time that a login would wait."""
    if not _answers(task, cluster):
        raise Unreachable(cluster.name, "connect-timeout", f"{cluster.address} port {cluster.ssh_port} does not answer")


def _judge(task: Task, cluster: Cluster) -> Judgement:
    if cluster.proxy_jump:
        return moot(f"reached through {cluster.proxy_jump}")
    port = f"{cluster.address}:{cluster.ssh_port}"
    if _answers(task, cluster):
        return good(f"{port} answers")
    return bad(f"{port} does not answer", mend(f"ping -c3 {cluster.address}", "network"))


def _answers(task: Task, cluster: Cluster) -> bool:
    """Open a TCP connection; taken for granted behind a bastion, which alone can see the host."""
    from nornir_utils.plugins.tasks.networking import tcp_ping  # noqa: PLC0415  keeps `--help` light

    if cluster.proxy_jump:
        return True
    port = cluster.ssh_port
    return bool(task.run(tcp_ping, ports=[port], timeout=TIMEOUT_S, host=str(cluster.address))[0].result[port])
