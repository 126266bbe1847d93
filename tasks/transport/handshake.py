"""The part of an SSH connection before anybody says who they are: version, key exchange, the server's proof."""

from __future__ import annotations

import logging
from contextlib import ExitStack
from typing import TYPE_CHECKING

from tasks.model.errors import Unreachable
from tasks.transport.hostkeys import HostKey
from tasks.transport.ssh_library import paramiko

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tasks.transport.access import Access
    from tasks.transport.deadline import Deadline
    from tasks.transport.dial import PromptSocket

# paramiko logs every dropped connection with a traceback; what matters of it is raised as ``Unreachable``
logging.getLogger("paramiko").addHandler(logging.NullHandler())

ANSWER_S = 30.0
"""Seconds that paramiko's own timers run longer than ours, so that it is ours that says what was late."""


class Dropped(Unreachable):
    """The server hung up before it asked who we are, as sshd does beyond its MaxStartups: worth another try."""


class NoCommonAlgorithm(Unreachable):
    """The server offers nothing of what was asked for."""


def shake_hands(
    access: Access,
    sock: PromptSocket | paramiko.Channel,
    deadline: Deadline,
    *,
    prefer: Sequence[str] = (),
    only: Sequence[str] = (),
) -> paramiko.Transport:
    """
    Exchange keys with the server, by the cheapest method both know; nothing is offered to it.

    Arguments:
        access: the host, for its name and address
        sock: an open connection; closed where this fails
        deadline: for this and what follows
        prefer: host key algorithms to ask for first
        only: host key algorithms to ask for at all, where any are named

    Raises:
        Unreachable: no-banner, deadline, login-dropped (``Dropped``), login-refused (``NoCommonAlgorithm``)

    """
    with ExitStack() as undo:
        undo.callback(sock.close)
        transport = paramiko.Transport(sock)
        undo.callback(hang_up, transport)
        transport.banner_timeout = transport.handshake_timeout = deadline.remaining_s + ANSWER_S
        options = transport.get_security_options()
        options.kex = sorted(options.kex, key=lambda name: not name.startswith("curve25519"))
        options.key_types = [
            name for name in sorted(options.key_types, key=lambda name: name not in prefer) if not only or name in only
        ]
        try:
            with deadline.enforced_by(sock.close):
                transport.start_client()
        except (paramiko.SSHException, EOFError, OSError) as error:
            raise _explained(access, transport, deadline, error) from error
        undo.pop_all()
    return transport


def hang_up(transport: paramiko.Transport) -> None:
    """Close a transport and its timer, which otherwise holds the process up when a handshake did not finish."""
    transport.close()
    transport.packetizer.complete_handshake()


def presented_key(access: Access, transport: paramiko.Transport) -> HostKey:
    """The key by which the server has just proved itself."""
    key = transport.get_remote_server_key()
    return HostKey(access.endpoint, key.get_name(), key.asbytes())


def late(access: Access, transport: paramiko.Transport) -> Unreachable:
    """What to say when the time for connecting is over."""
    where, budget = f"{access.address} port {access.port}", f"within {access.connect_timeout_s:g} s"
    if not transport.remote_version:
        return Unreachable(access.name, "no-banner", f"{where} accepts connections and says nothing {budget}")
    return Unreachable(access.name, "deadline", f"{where} did not finish key exchange and login {budget}")


def _explained(access: Access, transport: paramiko.Transport, deadline: Deadline, error: Exception) -> Unreachable:
    where = f"{access.address} port {access.port}"
    if deadline.expired:
        return late(access, transport)
    if isinstance(error, paramiko.ssh_exception.IncompatiblePeer):
        return NoCommonAlgorithm(access.name, "login-refused", f"{where} shares no algorithm with this side: {error}")
    return Dropped(access.name, "login-dropped", f"{where} hung up: {str(error) or 'end of file'}")
