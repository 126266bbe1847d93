"""From a TCP connection to a logged-in SSH transport, with the host's key verified before anything is offered to it."""

from __future__ import annotations

import logging
import threading
from contextlib import ExitStack
from functools import lru_cache
from typing import TYPE_CHECKING

from tasks.model.errors import SettingsError, Unreachable
from tasks.transport.hostkeys import HostKey, enrolled_keys
from tasks.transport.ssh_library import paramiko

if TYPE_CHECKING:
    from pathlib import Path

    from tasks.transport.access import Access
    from tasks.transport.deadline import Deadline
    from tasks.transport.dial import PromptSocket

# paramiko logs every dropped connection with a traceback; what matters of it is raised as ``Unreachable``
logging.getLogger("paramiko").addHandler(logging.NullHandler())

_RSA = ("rsa-sha2-512", "rsa-sha2-256")
_ANSWER_S = 5.0
"""Seconds that paramiko's own timers run longer than ours, so that it is ours that says what was late."""
_HUNG_UP = "saw EOF"
"""In the text of the ``AuthenticationException`` that stands for a closed connection, not for a refusal."""
_key_lock = threading.Lock()


def log_in(access: Access, sock: PromptSocket | paramiko.Channel, deadline: Deadline) -> paramiko.Transport:
    """
    Exchange keys, verify the server, log in: once, in this order.

    Raises:
        Unreachable: no-banner, login-dropped, login-refused, host-key-unknown, host-key-changed, deadline
        SettingsError: the private key cannot be read

    """
    with ExitStack() as undo:
        undo.callback(sock.close)
        enrolled = enrolled_keys(access.known_hosts, access.endpoint)
        transport = start_transport(sock, deadline, tuple(key.keytype for key in enrolled))
        undo.callback(end, transport)
        try:
            with deadline.enforced_by(sock.close):
                transport.start_client()
                verify(access, enrolled, transport)
                _authenticate(access, transport, deadline)
        except Unreachable:
            raise
        except (paramiko.SSHException, EOFError, OSError) as error:
            raise _explained(access, transport, deadline, error) from error
        undo.pop_all()
    return transport


def start_transport(
    sock: PromptSocket | paramiko.Channel, deadline: Deadline, keytypes: tuple[str, ...]
) -> paramiko.Transport:
    """Prepare a transport that asks for the cheapest key exchange, and for host keys of ``keytypes`` first."""
    transport = paramiko.Transport(sock)
    transport.banner_timeout = transport.handshake_timeout = deadline.remaining_s + _ANSWER_S
    options = transport.get_security_options()
    options.kex = sorted(options.kex, key=lambda name: not name.startswith("curve25519"))
    wanted = [name for keytype in keytypes for name in (_RSA if keytype == "ssh-rsa" else (keytype,))]
    options.key_types = sorted(options.key_types, key=lambda name: name not in wanted)
    return transport


def end(transport: paramiko.Transport) -> None:
    """Close a transport and its timer, which otherwise holds the process up when a handshake did not finish."""
    transport.close()
    transport.packetizer.complete_handshake()


def presented_key(access: Access, transport: paramiko.Transport) -> HostKey:
    """The key by which the server has just proved itself."""
    key = transport.get_remote_server_key()
    return HostKey(access.endpoint, key.get_name(), key.asbytes())


def verify(access: Access, enrolled: tuple[HostKey, ...], transport: paramiko.Transport) -> None:
    """Raise ``Unreachable`` with both fingerprints and the remedy unless the server's key is an enrolled one."""
    presented = presented_key(access, transport)
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
    refusal = paramiko.AuthenticationException("neither a key (NODE_SSH_KEY) nor a password (NODE_PASSWORD) is set")
    transport.auth_timeout = deadline.remaining_s + _ANSWER_S
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


class Dropped(Unreachable):
    """The server hung up before it asked who we are, as sshd does beyond its MaxStartups: worth another try."""


def _explained(access: Access, transport: paramiko.Transport, deadline: Deadline, error: Exception) -> Unreachable:
    where, budget = f"{access.address} port {access.port}", f"within {access.connect_timeout_s:g} s"
    if deadline.expired and not transport.remote_version:
        return Unreachable(access.name, "no-banner", f"{where} accepts connections and says nothing {budget}")
    if deadline.expired:
        return Unreachable(access.name, "deadline", f"{where} did not finish key exchange and login {budget}")
    match error:
        case paramiko.ssh_exception.IncompatiblePeer():
            return Unreachable(access.name, "login-refused", f"{where} shares no algorithm with this side: {error}")
        case paramiko.AuthenticationException() if _HUNG_UP not in str(error):
            tried = [what for what, given in (("key", access.ssh_key), ("password", access.password)) if given]
            offered = " and ".join(tried) or "nothing"
            return Unreachable(access.name, "login-refused", f"user {access.user}, {offered} offered: {error}")
        case _:
            kind = Unreachable if transport.initial_kex_done else Dropped
            return kind(access.name, "login-dropped", f"{where} hung up: {error}")
