"""The task that judges one host by one round trip."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tasks.model.finding import Outcome
from tasks.preflight.checks_dns import dns_findings
from tasks.preflight.facts import gather_facts
from tasks.preflight.host_checks import HOST_CHECKS
from tasks.preflight.judge import Wish
from tasks.preflight.recorded import recorded_cas
from tasks.run.step import done
from tasks.transport.shell_of import shell_of

if TYPE_CHECKING:
    from nornir.core.task import Result, Task

    from tasks.model.finding import Finding
    from tasks.preflight.host_facts import HostFacts
    from tasks.run.context import RunContext


def check_host(task: Task, *, ctx: RunContext) -> Result:
    """
    Judge whether one host may become, or is, its cluster. Changes nothing.

    Returns:
        Result object with the following attributes set:
          * result (``Outcome``): ``findings`` one per declared row of this host, ``value`` the ``HostFacts``
          * failed (``bool``): at least one finding is bad

    Raises:
        TransportError: the host could not be asked

    """
    name = task.host.name
    facts = gather_facts(shell_of(task), ctx.fleet)
    wish = Wish(
        cluster=ctx.fleet.cluster(name),
        fleet=ctx.fleet,
        recorded_ca=recorded_cas(ctx.settings.kubeconfig).get(name, ""),
    )
    return done(task, Outcome(findings=host_findings(facts, wish), value=facts))


def host_findings(facts: HostFacts, wish: Wish) -> tuple[Finding, ...]:
    """Everything that the facts of one host alone can show."""
    return (*(check.find(facts, wish) for check in HOST_CHECKS), *dns_findings(facts, wish))
