"""What the operator's machine sees; no privilege is needed for any of it."""

from __future__ import annotations

import socket
import ssl
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from tasks.deploy.api import ApiError
from tasks.model.finding import FLEET, Row
from tasks.probes.names import judge_names
from tasks.probes.path import Layer, Seen, with_neighbour
from tasks.probes.scripts import ANSWER_S, CONNECT_S
from tasks.probes.targets import OPERATOR
from tasks.probes.vantage import cell, site_names

if TYPE_CHECKING:
    from tasks.deploy.api import KubeApi
    from tasks.fleet.model import Fleet
    from tasks.model.finding import Finding
    from tasks.probes.targets import Target


def operator_api_cell(target: Target, api: KubeApi) -> Finding:
    """The operator's way to one API server, over TLS that is verified by the cluster's own CA."""
    began = time.monotonic()
    try:
        seen = target.wanted.judge(200, api.text("/readyz"), (time.monotonic() - began) * 1000)
    except ApiError as error:
        seen = with_neighbour(read_failure(error), target.address, kernel_neighbours())
    return cell(target.row(OPERATOR, FLEET), target, seen, f"curl -kv --connect-timeout {CONNECT_S} {target.url}")


def operator_cell(target: Target) -> Finding:
    """One cell of the operator's row of the matrix."""
    return cell(
        target.row(OPERATOR, FLEET), target, reach(target), f"curl -v --connect-timeout {CONNECT_S} {target.url}"
    )


def reach(target: Target) -> Seen:
    """Ask one target over HTTP, past every proxy, and say how far it got."""
    import requests  # noqa: PLC0415  its import time is only the proof's

    session = requests.Session()
    session.trust_env = False
    try:
        answer = session.get(target.url, timeout=(CONNECT_S, ANSWER_S), allow_redirects=False)
    except requests.RequestException as error:
        return with_neighbour(read_failure(error), target.address, kernel_neighbours())
    return target.wanted.judge(answer.status_code, answer.text, answer.elapsed.total_seconds() * 1000)


def read_failure(error: Exception) -> Seen:
    """At which layer a request ended, from the operating system's own error at its root."""
    import requests  # noqa: PLC0415  as above
    import urllib3  # noqa: PLC0415  as above

    said = _root_of(error)
    text = f"{type(said).__name__}: {said}" if not str(said) else str(said)
    match said:
        case socket.gaierror():
            return Seen(layer=Layer.NAME, said=text)
        case OSError(errno=int(number)) if number in _NO_ROUTE:
            return Seen(layer=Layer.ROUTE, said=text)
        case ConnectionRefusedError():
            return Seen(layer=Layer.TCP, said=text)
        case ssl.SSLError():
            return Seen(layer=Layer.TLS, said=text)
    if isinstance(error, requests.ConnectTimeout | urllib3.exceptions.ConnectTimeoutError):
        return Seen(layer=Layer.TCP, said=f"no connection within {CONNECT_S} s")
    return Seen(layer=Layer.HTTP, said=text)


_NO_ROUTE = frozenset({101, 113})
"""ENETUNREACH and EHOSTUNREACH on Linux."""


def _root_of(error: BaseException) -> BaseException:
    """The first error of a chain: urllib3 and requests wrap the operating system's."""
    seen: BaseException = error
    while True:
        below = seen.__cause__ or seen.__context__ or getattr(seen, "reason", None)
        below = below or next((arg for arg in seen.args if isinstance(arg, BaseException)), None)
        if not isinstance(below, BaseException):
            return seen
        seen = below


def kernel_neighbours(table: str = "/proc/net/arp") -> dict[str, str]:
    """The kernel's neighbour table: address to FAILED where an entry is incomplete; empty where it cannot be read."""
    try:
        lines = Path(table).read_text(encoding="utf-8").splitlines()[1:]
    except OSError:
        return {}
    return {
        fields[0]: "REACHABLE" if int(fields[2], 16) & 2 else "FAILED" for fields in map(str.split, lines) if fields
    }


def mac_seen(address: str, table: str = "/proc/net/arp") -> str:
    """The MAC that this machine's kernel has for an address on its LAN; empty where it has none."""
    try:
        lines = Path(table).read_text(encoding="utf-8").splitlines()[1:]
    except OSError:
        return ""
    for fields in map(str.split, lines):
        if fields and fields[0] == address and int(fields[2], 16) & 2:
            return fields[3].lower()
    return ""


def operator_names(fleet: Fleet) -> Finding:
    """The site's names as the operator's machine resolves them."""
    wanted = site_names(fleet)
    return judge_names(
        Row("reach.operator.dns", FLEET), wanted, {name: resolve(name) for name in wanted}, "getent ahostsv4 NAME"
    )


def resolve(name: str) -> tuple[str, ...]:
    """The IPv4 addresses of a name as this machine resolves it; empty where it does not."""
    try:
        found = socket.getaddrinfo(name, None, family=socket.AF_INET, type=socket.SOCK_STREAM)
    except OSError:
        return ()
    return tuple(dict.fromkeys(str(entry[4][0]) for entry in found))


def certificate_expiry(url: str, ca: str) -> datetime:
    """
    When the certificate of a TLS server ends, which has to be signed by ``ca`` (PEM).

    Raises:
        OSError: no connection, or no trust

    """
    where = urlsplit(url)
    context = ssl.create_default_context(cadata=ca)
    with (
        socket.create_connection((where.hostname or "", where.port or 443), timeout=CONNECT_S) as plain,
        context.wrap_socket(plain, server_hostname=where.hostname) as secure,
    ):
        certificate = secure.getpeercert() or {}
    return datetime.fromtimestamp(ssl.cert_time_to_seconds(str(certificate["notAfter"])), UTC)
