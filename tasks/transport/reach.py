"""A logged-in transport to a host: directly or through its bastion, tried again where the server dropped the login."""

from __future__ import annotations

import random
import threading
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeVar

from tasks.model.errors import Unreachable
from tasks.transport.dial import PromptSocket, dial
from tasks.transport.handshake import Dropped, hang_up
from tasks.transport.login import log_in
from tasks.transport.ssh_library import paramiko

if TYPE_CHECKING:
    from collections.abc import Callable

    from tasks.transport.access import Access
    from tasks.transport.deadline import Deadline

T = TypeVar("T")

_FIRST_PAUSE_S, _LONGEST_PAUSE_S = 0.1, 2.0


@dataclass(frozen=True, slots=True)
class Reached:
    """A logged-in transport, and how many logins it took."""

    transport: paramiko.Transport
    attempts: int


def reach(access: Access, deadline: Deadline, dialled: PromptSocket | None = None) -> Reached:
    """
    Log in within the deadline, however many attempts the server's drops make of it.

    Arguments:
        access: the host
        deadline: of all attempts together
        dialled: a TCP connection that is already open, for the first attempt

    Raises:
        Unreachable, SettingsError: see ``log_in``, ``dial`` and ``Bastions.channel``

    """
    opened = [dialled] if dialled else []

    def attempt() -> paramiko.Transport:
        return log_in(access, opened.pop() if opened else connect(access, deadline), deadline)

    try:
        return Reached(*persist(attempt, deadline))
    except BaseException:
        BASTIONS.leave(access)
        raise


def persist(attempt: Callable[[], T], deadline: Deadline) -> tuple[T, int]:
    """
    What ``attempt`` returns, and how many attempts it took; tried again after each ``Dropped``, with pauses.

    Where the time is over in the middle of an attempt, it is the drops before it that explain the host.
    """
    count, pause_s = 1, _FIRST_PAUSE_S
    drop: Dropped | None = None
    while True:
        wait_s = pause_s * random.uniform(0.5, 1.5)  # noqa: S311  spreads retries, guards nothing
        try:
            return attempt(), count
        except Dropped as error:
            drop = error
        except Unreachable:
            if drop is None or not deadline.expired:
                raise
        if wait_s >= deadline.remaining_s:
            raise Unreachable(drop.host, drop.reason, f"tried {count} times; {drop.detail}") from drop
        time.sleep(wait_s)
        count, pause_s = count + 1, min(2 * pause_s, _LONGEST_PAUSE_S)


def connect(access: Access, deadline: Deadline) -> PromptSocket | paramiko.Channel:
    """A byte stream to the host's SSH port."""
    return BASTIONS.channel(access, deadline) if access.proxy_jump else dial(access, deadline)


@dataclass(slots=True)
class _Bastion:
    lock: threading.Lock = field(default_factory=threading.Lock)
    transport: paramiko.Transport | None = None
    users: set[str] = field(default_factory=set)


class Bastions:
    """One login per bastion, shared by all hosts behind it; the last host to leave logs out."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._bastions: dict[Access, _Bastion] = {}

    def channel(self, access: Access, deadline: Deadline) -> paramiko.Channel:
        """
        Open a stream to ``access`` through its bastion, which is logged in to at first use.

        Raises:
            Unreachable: bastion-unreachable; no-route where the bastion cannot connect to the host

        """
        transport = self._transport(access, deadline)
        try:
            return transport.open_channel(
                "direct-tcpip", (access.address, access.port), ("127.0.0.1", 0), timeout=deadline.remaining_s
            )
        except (paramiko.SSHException, OSError, EOFError) as error:
            raise _refused(access, transport, error) from error

    def leave(self, access: Access) -> None:
        """Say that a host has no more use for its bastion, if it has one."""
        if not access.proxy_jump:
            return
        bastion = self._bastion(access)
        with bastion.lock:
            bastion.users.discard(access.name)
            if bastion.transport and not bastion.users:
                hang_up(bastion.transport)
                bastion.transport = None

    def _bastion(self, access: Access) -> _Bastion:
        with self._lock:
            return self._bastions.setdefault(access.bastion, _Bastion())

    def _transport(self, access: Access, deadline: Deadline) -> paramiko.Transport:
        bastion = self._bastion(access)
        if not bastion.lock.acquire(timeout=deadline.remaining_s):
            raise Unreachable(access.name, "bastion-unreachable", f"waited for the login on {access.proxy_jump}")
        try:
            if not (bastion.transport and bastion.transport.is_active()):
                bastion.transport = reach(access.bastion, deadline).transport
            bastion.users.add(access.name)
        except Unreachable as error:
            raise Unreachable(access.name, "bastion-unreachable", str(error)) from error
        else:
            return bastion.transport
        finally:
            bastion.lock.release()


BASTIONS = Bastions()
"""Those of this process."""


_CONNECT_FAILED = 2
"""SSH_OPEN_CONNECT_FAILED, RFC 4254 section 5.1: the bastion tried; any other code is the bastion's own refusal."""


def _refused(access: Access, transport: paramiko.Transport, error: Exception) -> Unreachable:
    if not transport.is_active():
        return Unreachable(access.name, "bastion-unreachable", f"{access.proxy_jump} was lost: {error}")
    if isinstance(error, paramiko.ChannelException) and error.code == _CONNECT_FAILED:
        # why the bastion could not connect is in its answer, and paramiko keeps that to its log
        where = f"{access.address} port {access.port}"
        return Unreachable(access.name, "no-route", f"{access.proxy_jump} cannot connect to {where}")
    return Unreachable(access.name, "bastion-unreachable", f"{access.proxy_jump} does not forward: {error}")
