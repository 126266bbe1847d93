"""The kept SSH connection to one host."""

from __future__ import annotations

import logging
import threading
from typing import TYPE_CHECKING, Any

import paramiko
from netmiko.linux.linux_ssh import LinuxSSH

from tasks.model.errors import Unreachable
from tasks.transport.deadline import Deadline
from tasks.transport.dial import PromptSocket, dial
from tasks.transport.execute import execute, remote_line
from tasks.transport.login import EnrolledKeysOnly, Login, prefer

if TYPE_CHECKING:
    from tasks.model.command import Command, CommandResult
    from tasks.transport.access import Access

# paramiko reports every dropped connection with a traceback; what matters of it is raised as ``Unreachable``
logging.getLogger("paramiko").addHandler(logging.NullHandler())


class NodeConnection(LinuxSSH):  # type: ignore[misc]  netmiko is untyped
    """
    Netmiko's Linux connection without its interactive shell: commands run on exec channels.

    That gives true exit codes, a separate standard error and one round trip per command, and needs no prompt.

    Attributes:
        attempts: logins tried until one succeeded; more than one where the server dropped some

    """

    def __init__(self, access: Access, sock: PromptSocket | None, deadline: Deadline) -> None:
        self._access = access
        self._dialled = sock
        self._deadline = deadline
        self.attempts = 0
        # netmiko is told no secret: it would keep them in a logging filter of the whole process
        super().__init__(host=access.address, port=access.port, username=access.user, device_type="linux_ssh")

    def establish_connection(self, width: int = 511, height: int = 1000) -> None:  # noqa: ARG002  netmiko's signature
        """Log in; opens no channel."""
        self.attempts += 1
        sock = self._dialled or dial(self._access, self._deadline)
        self._dialled = None
        self.remote_conn_pre = client = paramiko.SSHClient()
        policy = EnrolledKeysOnly(self._access)
        client.set_missing_host_key_policy(policy)
        with Deadline(self._deadline.remaining_s, sock.close) as deadline:
            try:
                client.connect(
                    self._access.address,
                    port=self._access.port,
                    username=self._access.user,
                    sock=sock,
                    banner_timeout=deadline.remaining_s,
                    timeout=deadline.remaining_s,
                    transport_factory=_transport_factory(policy),
                    auth_strategy=Login(self._access, deadline),
                )
            except paramiko.AuthenticationException as error:
                raise Unreachable(self._access.name, "login-refused", str(error)) from error
            except (paramiko.SSHException, OSError, EOFError) as error:
                if isinstance(error, Unreachable):
                    raise
                raise Unreachable(self._access.name, "login-dropped", str(error)) from error

    def _try_session_preparation(self, force_data: bool = True) -> None:  # noqa: FBT001, FBT002  netmiko's signature
        """There is no session to prepare."""

    def cleanup(self, command: str = "exit") -> None:
        """There is no session to leave."""

    def is_alive(self) -> bool:
        """Whether the connection still stands, as far as this side knows."""
        transport = self.remote_conn_pre and self.remote_conn_pre.get_transport()
        return bool(transport and transport.is_active())

    def run(self, command: Command) -> CommandResult:
        """Run one command to its end; see ``Shell.run``."""
        transport = self.remote_conn_pre.get_transport()
        elevate = ("sudo", "-n", "--") if command.sudo and self._access.user != "root" else ()
        return execute(transport, self._access.name, command, remote_line(command, elevate), command.stdin)


def _transport_factory(policy: EnrolledKeysOnly) -> Any:
    def make(sock: Any, **options: Any) -> paramiko.Transport:
        transport = paramiko.Transport(sock, **options)
        prefer(transport, policy.algorithms)
        return transport

    return make
