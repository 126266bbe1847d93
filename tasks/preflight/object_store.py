"""
Ask the object store from the operator's machine, without keys: is it alive, and what time has it.

It is asked at the inventory's address: a resolver that hangs knows no deadline, and its faults have rows of their own.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING

from tasks.model.errors import in_words
from tasks.preflight.clock import read_http_date
from tasks.preflight.values import Clock, Unknown

if TYPE_CHECKING:
    from tasks.fleet.model import S3
    from tasks.preflight.values import Fact

TIMEOUT_S = 5.0
"""Per connection and per answer; a store that needs longer for a kilobyte is no store."""

LIVE = "/minio/health/live"
HTTP_PORT = 80


@dataclass(frozen=True, slots=True, kw_only=True)
class Alive:
    """The store's answer to a HEAD request; ``clock`` is Unknown where it sends no usable ``Date``."""

    status: int
    clock: Fact[Clock]


def port_of(s3: S3) -> int:
    """The endpoint's TCP port."""
    return int(s3.endpoint.partition(":")[2] or HTTP_PORT)


def ask_alive(s3: S3) -> Fact[Alive]:
    """Send one HEAD request, past any proxy and any resolver; Unknown where no HTTP answer came."""
    import requests  # noqa: PLC0415  keeps `--help` light

    url = f"http://{s3.address}:{port_of(s3)}{LIVE}"
    with requests.Session() as session:
        session.trust_env = False
        sent = time.time()
        try:
            answer = session.head(url, headers={"Host": s3.endpoint}, timeout=TIMEOUT_S)
        except requests.RequestException as error:
            return Unknown(innermost(error))
        received = time.time()
    return Alive(status=answer.status_code, clock=read_date(answer.headers.get("Date", ""), sent, received))


def store_clock(s3: S3) -> Fact[Clock]:
    """The store's clock against the operator's."""
    alive = ask_alive(s3)
    return alive if isinstance(alive, Unknown) else alive.clock


def read_date(date: str, sent: float, received: float) -> Fact[Clock]:
    """Read a ``Date`` header (RFC 9110) between two readings of the operator's clock."""
    try:
        return read_http_date(parsedate_to_datetime(date).timestamp(), sent=sent, received=received)
    except ValueError:
        return Unknown(f"{date!r} is no HTTP date")


def innermost(error: BaseException) -> str:
    """The reason below all wrappers: refused, timed out, name not known."""
    while (cause := error.__cause__ or error.__context__) is not None:
        error = cause
    return in_words(error)
