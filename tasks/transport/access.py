"""How to get into a host: where it listens, who logs in, and by which keys it is known."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

CONNECT_TIMEOUT_S = 15.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    """
    Everything that one login needs; comes from the inventory and from the operator's environment.

    Attributes:
        name: the host's name in the inventory, for messages
        address, port: where its SSH server listens
        user: who logs in
        password: for the login where there is no key, and for sudo where it asks
        key_file: private key, without passphrase
        known_hosts: the file that ``runbooks/enrol.py`` writes
        proxy_jump: ``[user@]address[:port]`` of a bastion, or empty
        connect_timeout_s: seconds for TCP, banner, key exchange and login together

    """

    name: str
    address: str
    port: int = 22
    user: str
    password: str = field(default="", repr=False)
    key_file: Path | None = None
    known_hosts: Path
    proxy_jump: str = ""
    connect_timeout_s: float = CONNECT_TIMEOUT_S
