"""Which host keys a server has, asked without logging in."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tasks.transport.deadline import Deadline
from tasks.transport.handshake import NoCommonAlgorithm, hang_up, presented_key, shake_hands
from tasks.transport.hostkeys import HostKey, algorithms_of
from tasks.transport.reach import BASTIONS, connect, persist

if TYPE_CHECKING:
    from tasks.transport.access import Access

_FAMILIES = (
    ("ssh-ed25519",),
    ("ecdsa-sha2-nistp256", "ecdsa-sha2-nistp384", "ecdsa-sha2-nistp521"),
    ("ssh-rsa",),
)
"""A server proves itself by one key per connection, so each family is asked for on a connection of its own."""


def scan_host_keys(access: Access) -> tuple[HostKey, ...]:
    """
    Every key by which the host proves itself, over its bastion where it has one.

    Raises:
        Unreachable: see ``reach``; with login-refused where the host has no key of a kind that is known here

    """
    deadline = Deadline(access.connect_timeout_s)
    try:
        keys = [key for family in _FAMILIES if (key := _key_of(access, family, deadline))]
    finally:
        BASTIONS.leave(access)
    if not keys:
        raise NoCommonAlgorithm(access.name, "login-refused", "it has neither an ed25519, an ecdsa nor an rsa key")
    return tuple(keys)


def _key_of(access: Access, family: tuple[str, ...], deadline: Deadline) -> HostKey | None:
    def attempt() -> HostKey:
        transport = shake_hands(access, connect(access, deadline), deadline, only=algorithms_of(family))
        try:
            return presented_key(access, transport)
        finally:
            hang_up(transport)

    try:
        return persist(attempt, deadline)[0]
    except NoCommonAlgorithm:
        return None
