"""Who logs in, and by which host keys the server has to prove itself first."""

from __future__ import annotations

import threading
from contextlib import suppress
from functools import lru_cache
from typing import TYPE_CHECKING

import paramiko
from paramiko.auth_strategy import AuthStrategy

from tasks.model.errors import SettingsError, Unreachable
from tasks.transport.hostkeys import HostKey, endpoint, enrolled_keys

if TYPE_CHECKING:
    from pathlib import Path

    from tasks.transport.access import Access
    from tasks.transport.deadline import Deadline

_RSA = ("rsa-sha2-512", "rsa-sha2-256")
_one_at_a_time = threading.Lock()


class EnrolledKeysOnly(paramiko.MissingHostKeyPolicy):
    """
    Accepts the keys that were enrolled for this endpoint and nothing else.

    The client is given no host keys of its own, so paramiko asks here about every server, before any authentication.
    """

    def __init__(self, access: Access) -> None:
        self._access = access
        self._endpoint = endpoint(access.address, access.port)
        self._enrolled = tuple(key for key in enrolled_keys(access.known_hosts) if key.endpoint == self._endpoint)

    @property
    def algorithms(self) -> tuple[str, ...]:
        """Host key algorithms to ask for: those of the enrolled keys first, for the server may have several."""
        known = [key.keytype for key in self._enrolled]
        return tuple(name for keytype in known for name in (_RSA if keytype == "ssh-rsa" else (keytype,)))

    def missing_host_key(self, client: paramiko.SSHClient, hostname: str, key: paramiko.PKey) -> None:  # noqa: ARG002
        """Raise ``Unreachable`` with both fingerprints and the remedy unless ``key`` is an enrolled one."""
        presented = HostKey(self._endpoint, key.get_name(), key.asbytes())
        if presented in self._enrolled:
            return
        reason = "host-key-changed" if self._enrolled else "host-key-unknown"
        known = ", ".join(f"{it.keytype} {it.fingerprint}" for it in self._enrolled) or "none"
        raise Unreachable(
            self._access.name,
            reason,
            f"{self._endpoint} presents {presented.keytype} {presented.fingerprint}, enrolled: {known}; "
            f"compare out of band, then `python runbooks/enrol.py --host {self._access.name}"
            f"{' --replace' if self._enrolled else ''}`",
        )


class Login(AuthStrategy):
    """The key where there is one, then the password where there is one; each at most once."""

    def __init__(self, access: Access, deadline: Deadline) -> None:
        self._access = access
        self._deadline = deadline

    def authenticate(self, transport: paramiko.Transport) -> None:
        """Log in; raises ``paramiko.SSHException`` where the server refuses or hangs up."""
        refusal = paramiko.AuthenticationException("neither a key nor a password is configured")
        if self._access.key_file:
            try:
                transport.auth_timeout = self._deadline.remaining_s
                transport.auth_publickey(self._access.user, load_key(self._access.key_file))
            except paramiko.AuthenticationException as error:
                refusal = error
        if not transport.is_authenticated() and self._access.password and transport.is_active():
            transport.auth_timeout = self._deadline.remaining_s
            transport.auth_password(self._access.user, self._access.password)
        if not transport.is_authenticated():
            raise refusal


def load_key(path: Path) -> paramiko.PKey:
    """Load a private key once per run; raises ``SettingsError`` where that fails."""
    with _one_at_a_time:
        return _load_key(path)


@lru_cache
def _load_key(path: Path) -> paramiko.PKey:
    try:
        return paramiko.PKey.from_path(path)
    except (OSError, ValueError, TypeError, paramiko.SSHException) as error:
        raise SettingsError(f"{path}: not a usable private key without passphrase (NODE_SSH_KEY): {error}") from error


def prefer(transport: paramiko.Transport, host_key_algorithms: tuple[str, ...]) -> None:
    """Ask for the cheapest key exchange and for host keys that are enrolled."""
    options = transport.get_security_options()
    with suppress(ValueError):
        options.kex = sorted(options.kex, key=lambda name: not name.startswith("curve25519"))
    wanted = tuple(name for name in host_key_algorithms if name in options.key_types)
    options.key_types = wanted + tuple(name for name in options.key_types if name not in wanted)
