"""OpenSearch over HTTPS at the central VIP, verified by the fleet's own authority."""

from __future__ import annotations

import json
from dataclasses import dataclass
from threading import Lock
from typing import TYPE_CHECKING, Any

from tasks.deploy.files import read_text
from tasks.model.errors import FleetError, PlanViolation
from tasks.run.files import write_atomically

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from tasks.run.context import RunContext

PORT = 9200
ADMIN = "fleetproof-admin"
"""Common name of the operator's certificate; OpenSearch's configuration names it as the one that may do everything."""

CERTIFICATE, KEY = "admin.crt", "admin.key"

CONNECT_TIMEOUT_S = 10.0
READ_TIMEOUT_S = 30.0
_OK = range(200, 300)


class SearchError(FleetError):
    """OpenSearch could not be asked, or it refused; ``status`` is its HTTP status, 0 where there was none."""

    def __init__(self, said: str, status: int = 0) -> None:
        super().__init__(said)
        self.status = status


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What came back: HTTP status and text."""

    status: int
    text: str

    @property
    def json(self) -> Any:
        """The text as JSON; ``SearchError`` where it is none."""
        try:
            return json.loads(self.text)
        except ValueError:
            raise SearchError(f"OpenSearch answered no JSON: {self.text[:200]!r}", self.status) from None


class OpenSearch:
    """One OpenSearch; every connection is verified by the fleet's authority, and shows the operator's certificate."""

    def __init__(self, address: str, *, folder: Path, plan: bool = False) -> None:
        """
        Make ready to ask; nothing is sent yet.

        Arguments:
            address: of the VIP
            folder: of the authority's certificate, and of the operator's own certificate and key
            plan: refuse what changes something

        """
        from urllib3 import PoolManager, Timeout  # noqa: PLC0415  keeps `--help` light

        self.url = f"https://{address}:{PORT}"
        self._folder, self._plan = folder, plan
        common: dict[str, Any] = {
            "ca_certs": str(folder / "ca.crt"),
            "cert_reqs": "CERT_REQUIRED",
            "timeout": Timeout(connect=CONNECT_TIMEOUT_S, read=READ_TIMEOUT_S),
            "retries": False,
        }
        self._operator = PoolManager(cert_file=str(folder / CERTIFICATE), key_file=str(folder / KEY), **common)
        self._others = PoolManager(**common)

    def get(self, path: str) -> Any:
        """Read JSON; raises ``SearchError`` where there is no answer, or another than 2xx."""
        return self._good("GET", path, None)

    def find(self, path: str) -> Any | None:
        """Read JSON; None where there is nothing."""
        try:
            return self.get(path)
        except SearchError as error:
            if error.status == 404:  # noqa: PLR2004  HTTP's
                return None
            raise

    def search(self, indices: str, query: Mapping[str, Any]) -> Any:
        """Ask ``_search`` of indices that may not be there yet; see ``get``."""
        return self._good("POST", f"/{indices}/_search?ignore_unavailable=true", query)

    def send(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> Any:
        """
        Change something; see ``get``.

        Raises:
            PlanViolation: while planning

        """
        if self._plan:
            raise PlanViolation(f"{method} {path} reached OpenSearch while planning")
        return self._good(method, path, body)

    def ask_as(self, user: str, password: str, path: str, lines: str = "") -> Answer:
        """
        Ask as one of the accounts, without the operator's certificate; any HTTP status is an answer.

        Arguments:
            lines: body of a bulk request; empty: a plain GET

        Raises:
            SearchError: no answer
            PlanViolation: lines while planning

        """
        if lines and self._plan:
            raise PlanViolation(f"POST {path} reached OpenSearch while planning")
        from urllib3 import make_headers  # noqa: PLC0415  keeps `--help` light

        headers = {**make_headers(basic_auth=f"{user}:{password}"), "Content-Type": "application/x-ndjson"}
        return self._ask(self._others, "POST" if lines else "GET", path, lines.encode() or None, headers)

    def by_hand(self, method: str, path: str, body: str = "") -> str:
        """The same as a command."""
        data = f" -H 'Content-Type: application/json' -d '{body}'" if body else ""
        who = f"--cacert {self._folder / 'ca.crt'} --cert {self._folder / CERTIFICATE} --key {self._folder / KEY}"
        return f"curl {who} -X {method} {self.url}{path}{data}"

    def _good(self, method: str, path: str, body: Mapping[str, Any] | None) -> Any:
        data = json.dumps(body).encode() if body is not None else None
        answer = self._ask(self._operator, method, path, data, {"Content-Type": "application/json"})
        if answer.status not in _OK:
            raise SearchError(f"{method} {path}: HTTP {answer.status}: {answer.text[:300]}", answer.status)
        return answer.json

    def _ask(self, pool: Any, method: str, path: str, body: bytes | None, headers: Mapping[str, str]) -> Answer:
        from urllib3.exceptions import HTTPError  # noqa: PLC0415  keeps `--help` light

        try:
            answer = pool.request(method, self.url + path, body=body, headers=headers)
        except HTTPError as error:
            raise SearchError(f"{self.url} does not answer: {error}") from error
        return Answer(status=answer.status, text=answer.data.decode(errors="replace"))


def open_opensearch(ctx: RunContext) -> OpenSearch:
    """
    The fleet's OpenSearch, with the operator's certificate, which the authority makes and which lies beside its key.

    Raises:
        SettingsError: the authority cannot be read

    """
    address = str(ctx.fleet.central.vip.address)
    return OpenSearch(address, folder=_certified(ctx.state / "authority"), plan=ctx.plan)


_MAKING = Lock()
"""Every cluster's step asks for the certificate at once."""


def _certified(folder: Path) -> Path:
    """The folder, with the operator's certificate in it."""
    from tasks.deploy.certificates import certificate_for, open_authority  # noqa: PLC0415  as in tasks/deploy/apply.py

    files = {"tls.crt": folder / CERTIFICATE, "tls.key": folder / KEY}
    with _MAKING:
        authority = open_authority(folder)
        live = {name: read_text(path) for name, path in files.items()}
        made = certificate_for(authority, (ADMIN,), addresses=(), live=live | {"ca.crt": authority.certificate_pem})
        for name, path in files.items():
            if live[name] != made[name]:
                write_atomically(path, made[name])
    return folder
