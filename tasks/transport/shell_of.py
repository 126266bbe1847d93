"""From a Nornir task to the shell of its host."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tasks.transport.plan import PlanningShell
from tasks.transport.plugin import CONNECTION_NAME

if TYPE_CHECKING:
    from nornir.core.task import Task

    from tasks.model.command import Shell


def shell_of(task: Task) -> Shell:
    """
    Hand out the host's kept connection, opened at first use; in a dry run it refuses whatever mutates.

    Raises:
        Unreachable: the host cannot be asked; the reason says why
        SettingsError: the inventory or the environment lacks what a login needs

    """
    host = task.host
    if CONNECTION_NAME not in host.connections:
        options = host.get_connection_parameters(CONNECTION_NAME).extras or {}
        host.open_connection(CONNECTION_NAME, task.nornir.config, extras={**options, "name": host.name})
    shell: Shell = host.connections[CONNECTION_NAME].connection
    return PlanningShell(shell) if task.is_dry_run() else shell
