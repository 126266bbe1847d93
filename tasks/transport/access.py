"""How to get into a host: where it listens, who logs in, and by which keys it is known."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from tasks.model.errors import SettingsError
from tasks.transport.hostkeys import SSH_PORT, endpoint_of

if TYPE_CHECKING:
    from pathlib import Path

CONNECT_TIMEOUT_S = 15.0
_JUMP = re.compile(r"(?:(?P<user>[^@\s]+)@)?(?P<address>\[[^]\s]+]|[^][@:\s]+)(?::(?P<port>[0-9]+))?")


@dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    """
    Everything that one login needs; comes from the inventory and from the operator's environment.

    Attributes:
        name: the host's name in the inventory, for messages
        address, port: where its SSH server listens
        user: who logs in
        password: for the login where there is no key or it is refused, and for sudo where it asks
        ssh_key: path of a private key without passphrase
        known_hosts: the file that ``runbooks/enrol.py`` writes
        proxy_jump: ``[user@]address[:port]`` of a bastion, or empty
        connect_timeout_s: seconds for TCP, banner, key exchange and login together

    """

    name: str
    address: str
    port: int = SSH_PORT
    user: str
    password: str = field(default="", repr=False)
    ssh_key: Path | None = None
    known_hosts: Path
    proxy_jump: str = ""
    connect_timeout_s: float = CONNECT_TIMEOUT_S

    @property
    def endpoint(self) -> str:
        """The server's name in ``known_hosts``."""
        return endpoint_of(self.address, self.port)

    @property
    def bastion(self) -> Access:
        """How to get into the bastion: same credentials, own host key; ``SettingsError`` where it is no address."""
        jump = _JUMP.fullmatch(self.proxy_jump)
        if not jump:
            raise SettingsError(f"{self.name}: proxy_jump is {self.proxy_jump!r}, wanted [user@]address[:port]")
        address, port = jump["address"].strip("[]"), int(jump["port"] or SSH_PORT)
        name, user = endpoint_of(address, port), jump["user"] or self.user
        return replace(self, name=name, address=address, port=port, user=user, proxy_jump="")
