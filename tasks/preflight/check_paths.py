"""The task and the fleet step that prove every way from every vantage point, and that VIPs are free on the wire."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tasks.model.finding import Outcome
from tasks.preflight.checks_paths import path_findings
from tasks.preflight.checks_vips import vip_findings
from tasks.preflight.judge import Wish
from tasks.preflight.knock import must_answer
from tasks.preflight.paths import HostPaths, probe_paths
from tasks.preflight.recorded import recorded_cas
from tasks.run.step import done
from tasks.transport.shell_of import shell_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from nornir.core.task import Result, Task

    from tasks.run.context import RunContext


def check_paths(task: Task, *, ctx: RunContext) -> Result:
    """
    Probe every way from one host. Sends ICMP, ARP and empty connections, and changes nothing.

    Returns:
        Result object with the following attributes set:
          * result (``Outcome``): ``findings`` one per declared row of this host, ``value`` the ``HostPaths``
          * failed (``bool``): at least one finding is bad

    Raises:
        TransportError: the host could not be asked

    """
    cluster = ctx.fleet.cluster(task.host.name)
    must_answer(task, cluster)
    ctx.progress.doing(cluster.name, "probing peers, S3 and VIPs")
    paths = probe_paths(shell_of(task), ctx.fleet, cluster)
    return done(task, Outcome(findings=path_findings(paths, Wish(cluster=cluster, fleet=ctx.fleet)), value=paths))


def check_vips(outcomes: Mapping[str, Outcome], ctx: RunContext) -> Outcome:
    """Judge every VIP by what all hosts heard on the wire."""
    paths = {host: one.value for host, one in outcomes.items() if isinstance(one.value, HostPaths)}
    return Outcome(findings=vip_findings(paths, ctx.fleet, recorded_cas(ctx.settings.kubeconfig)))
