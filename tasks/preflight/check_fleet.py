"""The fleet step beside ``check_host``: what only several hosts together can show."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tasks.model.finding import Outcome
from tasks.preflight.checks_clock import clock_findings
from tasks.preflight.checks_unique import unique_findings
from tasks.preflight.host_facts import HostFacts
from tasks.preflight.object_store import store_clock

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tasks.run.context import RunContext


def check_fleet(outcomes: Mapping[str, Outcome], ctx: RunContext) -> Outcome:
    """Compare identities of all hosts that answered, and their clocks with the operator's and the object store's."""
    facts = {host: one.value for host, one in outcomes.items() if isinstance(one.value, HostFacts)}
    clocks = clock_findings({host: one.clock for host, one in facts.items()}, store_clock(ctx.fleet.s3))
    return Outcome(findings=(*unique_findings(facts), *clocks))
