"""The TCP connection under SSH, on the loopback interface."""

from __future__ import annotations

import socket
import threading
import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tasks.transport.access import Access
from tasks.transport.deadline import Deadline
from tasks.transport.dial import PromptSocket, dial
from tests.contract.transport import servers

if TYPE_CHECKING:
    from collections.abc import Iterator


def connected(port: int) -> PromptSocket:
    """A tuned connection."""
    access = Access(name="h", address="127.0.0.1", port=port, user="u", known_hosts=Path("none"))
    return dial(access, Deadline(5))


def fill(sock: PromptSocket) -> None:
    """Send until there is an error."""
    while True:
        sock.send(b"x" * 65_536)


@pytest.fixture
def mute() -> Iterator[servers.Listener]:
    """A server that accepts, sends nothing and reads nothing."""
    with servers.Listener(servers.mute) as listener:
        yield listener


def test_small_messages_are_not_held_back(mute: servers.Listener) -> None:
    """Nagle's algorithm is off; probes find a peer that has vanished."""
    with connected(mute.port) as sock:
        assert sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
        assert sock.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE)


def test_closing_wakes_who_waits_for_data(mute: servers.Listener, monkeypatch: pytest.MonkeyPatch) -> None:
    """A thread that reads ends at once, not at its next time-out: every deadline of a login rests on this."""
    monkeypatch.setattr("tasks.transport.dial._STALL_S", 600)
    sock = connected(mute.port)

    def read() -> None:
        with suppress(OSError):
            sock.recv(1)

    reader = threading.Thread(target=read, daemon=True)
    reader.start()
    time.sleep(0.5)
    sock.close()
    reader.join(20)
    assert not reader.is_alive()


def test_a_peer_that_takes_nothing_is_given_up(mute: servers.Listener, monkeypatch: pytest.MonkeyPatch) -> None:
    """Sending into a full buffer ends in an error that paramiko takes for the end of the connection."""
    monkeypatch.setattr("tasks.transport.dial._STALL_S", 0.2)
    with connected(mute.port) as sock, pytest.raises(ConnectionAbortedError, match="took no data"):
        fill(sock)


def test_paramiko_does_not_get_its_wake_ups(mute: servers.Listener) -> None:
    """A time-out of 0.1 s, asked for by the library, is not set: an idle connection sleeps."""
    with connected(mute.port) as sock:
        before = sock.gettimeout()
        sock.settimeout(0.1)
        assert sock.gettimeout() == before
