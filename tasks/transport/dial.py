"""The TCP connection under an SSH connection."""

from __future__ import annotations

import socket
from contextlib import suppress
from typing import TYPE_CHECKING

from tasks.model.errors import Unreachable

if TYPE_CHECKING:
    from tasks.transport.access import Access
    from tasks.transport.deadline import Deadline

_STALL_S = 5.0
_KEEPALIVE = ((socket.TCP_KEEPIDLE, 10), (socket.TCP_KEEPINTVL, 5), (socket.TCP_KEEPCNT, 3))
_USER_TIMEOUT_MS = 25_000


class PromptSocket(socket.socket):
    """
    A TCP socket for many small messages in turn.

    Nagle's algorithm together with delayed acknowledgement costs 40 ms a message, so the one is switched off and
    quick acknowledgement, which the kernel takes back on its own, is asked for at every read. A peer that takes
    nothing for seconds or that has vanished from the network ends the connection instead of holding its user.
    """

    def tune(self) -> None:
        """Set every option; to be called once connected."""
        self.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        self.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, _USER_TIMEOUT_MS)
        for option, value in _KEEPALIVE:
            self.setsockopt(socket.IPPROTO_TCP, option, value)
        super().settimeout(_STALL_S)

    def settimeout(self, value: float | None) -> None:
        """Keep our own: paramiko asks for 0.1 s, which is ten wake-ups a second for every idle host."""

    def recv(self, size: int, flags: int = 0) -> bytes:
        """Read what comes, and have it acknowledged at once."""
        self.setsockopt(socket.IPPROTO_TCP, socket.TCP_QUICKACK, 1)
        return super().recv(size, flags)

    def send(self, data: bytes, flags: int = 0) -> int:  # type: ignore[override]
        """Write what the kernel takes; a peer that takes nothing for seconds is gone."""
        try:
            return super().send(data, flags)
        except TimeoutError as error:
            raise ConnectionAbortedError(f"the peer took no data for {_STALL_S:g} s") from error

    def close(self) -> None:
        """Close, and wake the thread that waits for data."""
        with suppress(OSError):
            self.shutdown(socket.SHUT_RDWR)
        super().close()


def dial(access: Access, deadline: Deadline) -> PromptSocket:
    """Open a TCP connection; raises ``Unreachable`` with connect-timeout, connection-refused or no-route."""
    try:
        plain = socket.create_connection((access.address, access.port), timeout=max(deadline.remaining_s, 0.001))
    except OSError as error:
        raise Unreachable(access.name, _reason(error), f"{access.address} port {access.port}: {error}") from error
    sock = PromptSocket(plain.family, plain.type, plain.proto, fileno=plain.detach())
    sock.tune()
    return sock


def _reason(error: OSError) -> str:
    match error:
        case TimeoutError():
            return "connect-timeout"
        case ConnectionRefusedError():
            return "connection-refused"
        case _:
            return "no-route"
