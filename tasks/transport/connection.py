"""The kept SSH connection to one host."""

from __future__ import annotations

import threading
from dataclasses import replace
from typing import TYPE_CHECKING

from tasks.model.errors import CommandTimeout, Unreachable
from tasks.transport.deadline import Deadline
from tasks.transport.execute import answers, execute, remote_line
from tasks.transport.handshake import hang_up
from tasks.transport.netmiko_library import LinuxSSH
from tasks.transport.reach import BASTIONS, Reached, reach
from tasks.transport.sudo import FREELY, NOT_NEEDED, Elevation, judge, may_be_refused, password_line, probe

if TYPE_CHECKING:
    import paramiko

    from tasks.model.command import Command, CommandResult
    from tasks.transport.access import Access

_SESSIONS = 8
"""Commands at once on one connection; sshd's MaxSessions allows 10 unless configured otherwise."""
_SETTLE_S = 0.2


class NodeConnection(LinuxSSH):
    """
    Netmiko's Linux connection without its interactive shell: commands run on exec channels of their own.

    That gives true exit codes, a separate standard error and one round trip per command, and needs no prompt. A
    connection that was lost or has frozen is replaced at the next command; what was running is never repeated.

    Attributes:
        attempts: logins tried so far; more than one where the server dropped some or the connection was replaced

    """

    def __init__(self, access: Access, reached: Reached) -> None:
        self._access = access
        self._transport = reached.transport
        self.attempts = reached.attempts
        self._elevation: Elevation | None = NOT_NEEDED if access.user == "root" else None
        self._lock, self._elevation_lock = threading.Lock(), threading.Lock()
        self._sessions = threading.BoundedSemaphore(_SESSIONS)
        # netmiko is told no secret: it would keep it in a filter on its logger
        super().__init__(
            host=access.address, port=access.port, username=access.user, device_type="linux_ssh", ssh_strict=True
        )

    def establish_connection(self, width: int = 511, height: int = 1000) -> None:
        """The transport is logged in already; no channel is opened before there is a command."""

    def _try_session_preparation(self, force_data: bool = True) -> None:  # noqa: FBT001, FBT002  netmiko's signature
        """There is no session to prepare."""

    def cleanup(self, command: str = "exit") -> None:
        """There is no session to leave."""

    def paramiko_cleanup(self) -> None:
        """Log out."""
        hang_up(self._transport)
        BASTIONS.leave(self._access)

    def is_alive(self) -> bool:
        """Whether the connection stands, as far as this side knows."""
        return bool(self._transport.is_active())

    def run(self, command: Command) -> CommandResult:
        """Run one command to its end; see ``Shell.run``. ``env`` is for programs on the operator's machine: refused."""
        if command.env:
            raise ValueError(f"`{command}`: a host's environment is its own, env is for programs on this machine")
        transport = self._standing()
        if not command.sudo:
            return self._execute(transport, command, NOT_NEEDED)
        if self._elevation is None and not self._access.password:
            return self._run_freely(transport, command)
        return self._execute(transport, command, self._elevated(transport))

    def _run_freely(self, transport: paramiko.Transport, command: Command) -> CommandResult:
        """Run the first command without asking sudo beforehand; only a result that may be sudo's is asked about."""
        result = self._execute(transport, command, FREELY)
        if may_be_refused(result):
            self._elevated(transport)
        else:
            self._elevation = FREELY
        return result

    def _standing(self) -> paramiko.Transport:
        with self._lock:
            if not self.is_alive():
                hang_up(self._transport)
                reached = reach(self._access, Deadline(self._access.connect_timeout_s))
                self._transport = reached.transport
                self.attempts += reached.attempts
            return self._transport

    def _elevated(self, transport: paramiko.Transport) -> Elevation:
        with self._elevation_lock:
            if self._elevation is None:
                answer = self._execute(transport, probe(self._access), Elevation(stdin=password_line(self._access)))
                self._elevation = judge(self._access, answer)
            return self._elevation

    def _execute(self, transport: paramiko.Transport, command: Command, elevation: Elevation) -> CommandResult:
        line, stdin = remote_line(command, elevation.argv), elevation.stdin + command.stdin
        try:
            with self._sessions:
                result = execute(transport, self._access.name, command, line, stdin)
        except CommandTimeout:
            if not answers(transport):
                hang_up(transport)
            raise
        except Unreachable:
            # a channel learns of the connection's end a moment before the connection itself counts as ended
            transport.join(_SETTLE_S)
            raise
        return replace(result, stderr=result.stderr.removeprefix(elevation.lecture))
