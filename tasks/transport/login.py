"""From a connection to a logged-in SSH transport, with the host's key verified before anything is offered to it."""

from __future__ import annotations

import threading
from contextlib import ExitStack
from functools import lru_cache
from typing import TYPE_CHECKING

from tasks.model.errors import SettingsError, Unreachable
from tasks.transport.handshake import ANSWER_S, hang_up, late, presented_key, shake_hands
from tasks.transport.hostkeys import HostKey, algorithms_of, enrolled_keys
from tasks.transport.ssh_library import paramiko

if TYPE_CHECKING:
    from pathlib import Path

    from tasks.transport.access import Access
    from tasks.transport.deadline import Deadline
    from tasks.transport.dial import PromptSocket

_HUNG_UP = "saw EOF"
"""In the text of the ``AuthenticationException`` that stands for a closed connection, not for a refusal."""
_key_lock = threading.Lock()


def log_in(access: Access, sock: PromptSocket | paramiko.Channel, deadline: Deadline) -> paramiko.Transport:
    """
    Exchange keys, verify the server, log in: once, in this order.

    Raises:
        Unreachable: login-refused, login-dropped, host-key-unknown, host-key-changed, deadline; and ``shake_hands``
        SettingsError: no user is given, or the private key or the file of enrolled keys cannot be read

    """
    with ExitStack() as undo:
        undo.callback(sock.close)
        enrolled = enrolled_keys(access.known_hosts, access.endpoint)
        transport = shake_hands(access, sock, deadline, prefer=algorithms_of(key.keytype for key in enrolled))
        undo.callback(hang_up, transport)
        verify(access, enrolled, presented_key(access, transport))
        try:
            with deadline.enforced_by(sock.close):
                _authenticate(access, transport, deadline)
        except (paramiko.SSHException, EOFError, OSError) as error:
            raise _explained(access, transport, deadline, error) from error
        undo.pop_all()
    return transport


def verify(access: Access, enrolled: tuple[HostKey, ...], presented: HostKey) -> None:
    """Raise ``Unreachable`` with both fingerprints and the remedy unless the server's key is an enrolled one."""
    if presented in enrolled:
        return
    known = ", ".join(f"{key.keytype} {key.fingerprint}" for key in enrolled) or "nothing"
    raise Unreachable(
        access.name,
        "host-key-changed" if enrolled else "host-key-unknown",
        f"{access.endpoint} presents {presented.keytype} {presented.fingerprint}, enrolled is {known}; compare with "
        f"the machine's own, then: python runbooks/enrol.py --host {access.name}{' --replace' if enrolled else ''}",
    )


def _authenticate(access: Access, transport: paramiko.Transport, deadline: Deadline) -> None:
    """The key where there is one, then the password where there is one; each once."""
    if not access.user:
        raise SettingsError(f"{access.name}: who is to log in? NODE_USER is not set")
    refusal = paramiko.AuthenticationException("neither a key (NODE_SSH_KEY) nor a password (NODE_PASSWORD) is set")
    transport.auth_timeout = deadline.remaining_s + ANSWER_S
    if access.ssh_key:
        try:
            transport.auth_publickey(access.user, load_key(access.ssh_key))
        except paramiko.AuthenticationException as error:
            refusal = error
    if not transport.is_authenticated() and access.password and transport.is_active():
        transport.auth_password(access.user, access.password)
    if not transport.is_authenticated():
        raise refusal


def load_key(path: Path) -> paramiko.PKey:
    """Load a private key, once per run; raises ``SettingsError`` where that fails."""
    with _key_lock:
        return _load_key(path)


@lru_cache
def _load_key(path: Path) -> paramiko.PKey:
    try:
        return paramiko.PKey.from_path(path)
    except (OSError, ValueError, TypeError, paramiko.SSHException) as error:
        raise SettingsError(f"NODE_SSH_KEY: {path} is no private key without passphrase: {error}") from error


def _explained(access: Access, transport: paramiko.Transport, deadline: Deadline, error: Exception) -> Unreachable:
    if deadline.expired:
        return late(access, transport)
    if isinstance(error, paramiko.AuthenticationException) and _HUNG_UP not in str(error):
        tried = [what for what, given in (("key", access.ssh_key), ("password", access.password)) if given]
        offered = " and ".join(tried) or "nothing"
        return Unreachable(access.name, "login-refused", f"user {access.user}, {offered} offered: {error}")
    return Unreachable(access.name, "login-dropped", f"{access.address} hung up during the login: {error}")
