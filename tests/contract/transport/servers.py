"""Servers that misbehave in exactly one way, on the loopback interface."""

from __future__ import annotations

import socket
import threading
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Self

import paramiko

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType


@dataclass
class Listener:
    """
    Hands every connection to ``serve``, each in a thread of its own.

    Attributes:
        port: on 127.0.0.1
        count: connections so far

    """

    serve: Callable[[socket.socket, int], None]
    port: int = 0
    count: int = 0
    _kept: list[socket.socket] = field(default_factory=list)
    _serving: list[threading.Thread] = field(default_factory=list)

    def __enter__(self) -> Self:
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.port = self._socket.getsockname()[1]
        self._accepting = threading.Thread(target=self._accept, daemon=True)
        self._accepting.start()
        return self

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                connection, _ = self._socket.accept()
                self._kept.append(connection)
                self.count += 1
                self._serving.append(threading.Thread(target=self._serve, args=(connection, self.count), daemon=True))
                self._serving[-1].start()

    def _serve(self, connection: socket.socket, count: int) -> None:
        with suppress(OSError):
            self.serve(connection, count)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._socket.shutdown(socket.SHUT_RDWR)
        self._accepting.join()
        self._socket.close()
        for connection in self._kept:
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        for thread in self._serving:
            thread.join()
        for connection in self._kept:
            connection.close()


def mute(_: socket.socket, __: int) -> None:
    """Accept, and never say anything."""


def banner_then_mute(connection: socket.socket, _: int) -> None:
    """Say hello like an SSH server, and nothing more."""
    connection.sendall(b"SSH-2.0-OpenSSH_9.2\r\n")


def hang_up(connection: socket.socket, _: int) -> None:
    """Close at once, as sshd does beyond its MaxStartups."""
    connection.sendall(b"Exceeded MaxStartups\r\n")
    connection.shutdown(socket.SHUT_RDWR)


def banner_then_hang_up(connection: socket.socket, _: int) -> None:
    """Close in the middle of the key exchange."""
    connection.sendall(b"SSH-2.0-OpenSSH_9.2\r\n")
    connection.recv(100)
    connection.shutdown(socket.SHUT_RDWR)


def hang_up_at_first(drops: int, port: int) -> Callable[[socket.socket, int], None]:
    """Drop the first connections, then pass everything on to a real server."""

    def serve(connection: socket.socket, count: int) -> None:
        if count <= drops:
            hang_up(connection, count)
            return
        with socket.create_connection(("127.0.0.1", port)) as onward:
            back = threading.Thread(target=_pump, args=(onward, connection), daemon=True)
            back.start()
            _pump(connection, onward)
            back.join()

    return serve


def _pump(source: socket.socket, sink: socket.socket) -> None:
    with suppress(OSError):
        while data := source.recv(1 << 16):
            sink.sendall(data)
    with suppress(OSError):
        sink.shutdown(socket.SHUT_WR)


class Recorder(paramiko.ServerInterface):
    """
    An SSH server that notes everything that is offered to it, and lets nobody in.

    Attributes:
        offered: (method, user, password or key type), in order

    """

    def __init__(self, host_key: paramiko.PKey) -> None:
        self.offered: list[tuple[str, str, str]] = []
        self._host_key = host_key
        self._transports: list[paramiko.Transport] = []

    def serve(self, connection: socket.socket, _: int) -> None:
        """Serve one connection, as ``Listener`` asks for it."""
        transport = paramiko.Transport(connection)
        self._transports.append(transport)
        transport.add_server_key(self._host_key)
        transport.start_server(event=threading.Event(), server=self)

    def stop(self) -> None:
        """End all connections."""
        for transport in self._transports:
            transport.close()
            if transport is not threading.current_thread():
                transport.join()
            transport.packetizer.complete_handshake()

    def get_allowed_auths(self, username: str) -> str:  # noqa: ARG002  paramiko's signature
        """Offer both methods that this project uses."""
        return "publickey,password"

    def check_auth_none(self, username: str) -> int:
        """Note and refuse."""
        self.offered.append(("none", username, ""))
        return paramiko.AUTH_FAILED

    def check_auth_password(self, username: str, password: str) -> int:
        """Note and refuse."""
        self.offered.append(("password", username, password))
        return paramiko.AUTH_FAILED

    def check_auth_publickey(self, username: str, key: paramiko.PKey) -> int:
        """Note and refuse."""
        self.offered.append(("publickey", username, key.get_name()))
        return paramiko.AUTH_FAILED
