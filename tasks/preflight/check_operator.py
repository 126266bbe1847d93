"""The fleet step at the operator's seat: has it its tools, and do its resolver and the object store's keys work."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tasks.model.command import Command
from tasks.model.errors import CommandTimeout
from tasks.model.finding import FLEET, Outcome
from tasks.preflight.checks_dns import asked_names, operator_dns_finding
from tasks.preflight.checks_operator import TOOL_CHECKS, read_version, tool_findings
from tasks.preflight.checks_store import endpoint_finding
from tasks.preflight.object_store import ask_alive
from tasks.preflight.script import compose, read, split
from tasks.preflight.sections import NAMES
from tasks.preflight.try_store import try_store
from tasks.preflight.values import Unknown, Version
from tasks.run.change import Gate
from tasks.transport.local import LocalShell

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tasks.fleet.model import Fleet
    from tasks.model.command import Shell
    from tasks.model.finding import Finding
    from tasks.preflight.checks_operator import ToolCheck
    from tasks.preflight.values import Fact
    from tasks.preflight.values_services import Resolved
    from tasks.run.context import RunContext

TOOL_TIMEOUT_S = 10.0
"""A tool that has not told its version by then asks a network that it need not ask."""


def check_operator(outcomes: Mapping[str, Outcome], ctx: RunContext) -> Outcome:  # noqa: ARG001  a fleet step
    """Judge tools, resolver and object store from the operator's machine; canaries are all that is ever written."""
    gate = Gate(FLEET, plan=ctx.plan)
    seat = _seat(ctx)
    return Outcome(findings=(*seat, *try_store(ctx, gate)), changes=gate.changes)


def look_operator(outcomes: Mapping[str, Outcome], ctx: RunContext) -> Outcome:  # noqa: ARG001  a fleet step
    """Judge the same without a canary: whether the store lives, and nothing is written."""
    s3 = ctx.fleet.s3
    ctx.progress.doing(FLEET, f"asking {s3.endpoint}")
    return Outcome(findings=(*_seat(ctx), endpoint_finding(s3, ask_alive(s3))))


def _seat(ctx: RunContext) -> tuple[Finding, ...]:
    """The operator's own machine: tools and resolver."""
    shell = LocalShell(plan=ctx.plan)
    ctx.progress.doing(FLEET, "asking kubectl, kustomize and helm for their versions")
    versions = {check.name: _version(shell, check) for check in TOOL_CHECKS}
    tools = tool_findings(versions, Version.find(ctx.fleet.versions.kubernetes))
    ctx.progress.doing(FLEET, "asking this machine's resolver for the site's names")
    names = operator_dns_finding(_names(shell, ctx.fleet), ctx.fleet)
    return (*tools, names)


def _version(shell: Shell, check: ToolCheck) -> Fact[Version | None]:
    try:
        return read_version(shell.run(Command(argv=check.argv, timeout_s=TOOL_TIMEOUT_S)))
    except CommandTimeout as error:
        return Unknown(str(error))


def _names(shell: Shell, fleet: Fleet) -> Fact[dict[str, Resolved]]:
    script = compose((NAMES,), {"names": " ".join(asked_names(fleet))})
    try:
        result = shell.run(Command.script(script))
    except CommandTimeout as error:
        return Unknown(str(error))
    resolved: Fact[dict[str, Resolved]] = read(NAMES, split(result.stdout, result.stderr))
    return resolved
