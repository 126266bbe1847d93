"""Nornir's view of an SSH connection."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from tasks.model.errors import SettingsError
from tasks.transport.access import CONNECT_TIMEOUT_S, Access
from tasks.transport.deadline import Deadline
from tasks.transport.dial import dial
from tasks.transport.hostkeys import SSH_PORT

if TYPE_CHECKING:
    from nornir.core.configuration import Config

    from tasks.transport.connection import NodeConnection

CONNECTION_NAME = "node_shell"


class NodeShell:
    """
    Connection plugin ``node_shell``: one SSH login per host and run; ``connection`` is the ``Shell``.

    Reads from ``connection_options.node_shell.extras``:
        known_hosts: path of the enrolled host keys; required
        ssh_key: path of a private key; without it, or where it is refused, the password is used
        proxy_jump: bastion, ``[user@]address[:port]``
        connect_timeout_s: seconds for TCP, banner, key exchange and login together
        name: the host's name in messages; ``shell_of`` sets it
    """

    connection: NodeConnection

    def open(
        self,
        hostname: str | None,
        username: str | None,
        password: str | None,
        port: int | None,
        platform: str | None,  # noqa: ARG002  Nornir's signature
        extras: dict[str, Any] | None = None,
        configuration: Config | None = None,  # noqa: ARG002  Nornir's signature
    ) -> None:
        """
        Log in.

        Raises:
            Unreachable: with the reason
            SettingsError: an option is missing or the key cannot be read

        """
        access = access_of(hostname, username, password, port, extras or {})
        deadline = Deadline(access.connect_timeout_s)
        # in this order the servers work on their side of the login while this process imports its libraries
        sock = None if access.proxy_jump else dial(access, deadline)
        from tasks.transport.reach import reach  # noqa: PLC0415  imports paramiko

        reached = reach(access, deadline, sock)
        from tasks.transport.connection import NodeConnection  # noqa: PLC0415  imports netmiko

        self.connection = NodeConnection(access, reached)

    def close(self) -> None:
        """Log out; never raises."""
        self.connection.disconnect()


def access_of(
    hostname: str | None, username: str | None, password: str | None, port: int | None, extras: dict[str, Any]
) -> Access:
    """Read Nornir's connection parameters; raises ``SettingsError`` where one is missing."""
    name = extras.get("name") or hostname or "a host"
    if not hostname:
        raise SettingsError(f"{name}: the inventory gives it no hostname")
    if not extras.get("known_hosts"):
        raise SettingsError(f"{name}: connection_options.node_shell.extras names no known_hosts")
    return Access(
        name=name,
        address=hostname,
        port=port or SSH_PORT,
        user=username or "",
        password=password or "",
        ssh_key=Path(extras["ssh_key"]) if extras.get("ssh_key") else None,
        known_hosts=Path(extras["known_hosts"]),
        proxy_jump=extras.get("proxy_jump") or "",
        connect_timeout_s=float(extras.get("connect_timeout_s") or CONNECT_TIMEOUT_S),
    )
