"""While planning, no transport lets a mutation through."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tasks.model.errors import PlanViolation

if TYPE_CHECKING:
    from tasks.model.command import Command, CommandResult, Shell


def refuse_mutation(command: Command, *, plan: bool) -> None:
    """Raise ``PlanViolation`` where ``command`` would change something while planning."""
    if plan and command.mutates:
        raise PlanViolation(f"`{command}` is marked as mutating and reached a transport while planning")


@dataclass(frozen=True, slots=True)
class PlanningShell:
    """A shell that looks and never touches."""

    shell: Shell

    def run(self, command: Command) -> CommandResult:
        """Run ``command`` where it only reads; see ``Shell.run``."""
        refuse_mutation(command, plan=True)
        return self.shell.run(command)
