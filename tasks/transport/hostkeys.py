"""Which host keys are enrolled: the project's own ``known_hosts``, read strictly."""

from __future__ import annotations

import base64
import binascii
import hashlib
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from tasks.model.errors import SettingsError

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

SSH_PORT = 22
_RSA = ("rsa-sha2-512", "rsa-sha2-256")


@dataclass(frozen=True, slots=True, order=True)
class HostKey:
    """
    One public key of one SSH server.

    Attributes:
        endpoint: the address, or ``[address]:port`` where the port is not 22
        keytype: ``ssh-ed25519``, ``ecdsa-sha2-nistp256``, ``ssh-rsa`` ...
        blob: the key in SSH's wire form

    """

    endpoint: str
    keytype: str
    blob: bytes

    @property
    def fingerprint(self) -> str:
        """``SHA256:`` and the unpadded base64 digest, as ``ssh-keygen -l`` prints it."""
        digest = hashlib.sha256(self.blob).digest()
        return "SHA256:" + base64.b64encode(digest).decode().rstrip("=")

    def __str__(self) -> str:
        """The line in ``known_hosts``."""
        return f"{self.endpoint} {self.keytype} {base64.b64encode(self.blob).decode()}"


def algorithms_of(keytypes: Iterable[str]) -> tuple[str, ...]:
    """The signature algorithms by which keys of these types prove themselves; RSA has two, and neither is its name."""
    return tuple(name for keytype in keytypes for name in (_RSA if keytype == "ssh-rsa" else (keytype,)))


def endpoint_of(address: str, port: int) -> str:
    """The name under which ``known_hosts`` files a server."""
    return address if port == SSH_PORT else f"[{address}]:{port}"


@lru_cache(maxsize=1)
def parse_known_hosts(text: str, *, source: str) -> tuple[HostKey, ...]:
    """
    Read a whole ``known_hosts`` file; raises ``SettingsError`` with one line per line that is not a plain key.

    Hashed names, markers and patterns are not understood on purpose: ``runbooks/enrol.py`` writes none.
    """
    keys, mistakes = [], []
    for number, line in enumerate(text.splitlines(), start=1):
        if not line.strip() or line.startswith("#"):
            continue
        try:
            name, keytype, encoded = line.split()
            keys.append(HostKey(name, keytype, base64.b64decode(encoded, validate=True)))
        except (ValueError, binascii.Error):
            mistakes.append(f"{source}:{number}: wanted `address keytype base64`; `runbooks/enrol.py` rewrites it")
    if mistakes:
        raise SettingsError("\n".join(mistakes))
    return tuple(keys)


def read_known_hosts(known_hosts: Path) -> tuple[HostKey, ...]:
    """Every enrolled key, none where the file does not exist yet; ``SettingsError`` where it cannot be read."""
    try:
        text = known_hosts.read_text()
    except FileNotFoundError:
        return ()
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f"{known_hosts}: {error}") from error
    return parse_known_hosts(text, source=str(known_hosts))


def enrolled_keys(known_hosts: Path, endpoint: str) -> tuple[HostKey, ...]:
    """The keys that were enrolled for one endpoint."""
    return tuple(key for key in read_known_hosts(known_hosts) if key.endpoint == endpoint)
