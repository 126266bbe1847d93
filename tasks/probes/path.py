"""What came of one attempt to reach something: how far up it got, and what was said."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum


class Layer(StrEnum):
    """Where a path ends. Each layer needs those before it."""

    NAME = "name"
    ROUTE = "route"
    ARP = "ARP"
    TCP = "TCP"
    TLS = "TLS"
    HTTP = "HTTP"
    GRPC = "gRPC"
    OPEN = "open"
    """all the way through: the wanted answer came"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """
    One attempt.

    Attributes:
        layer: where it ended
        said: the tool's own words, or what was answered
        ms: milliseconds until the answer; 0 where none came

    """

    layer: Layer
    said: str
    ms: float = 0.0

    @property
    def open(self) -> bool:
        """The path works."""
        return self.layer is Layer.OPEN

    def __str__(self) -> str:
        if self.open:
            return f"{self.said} in {self.ms:.0f} ms" if self.ms else self.said
        return f"ends at {self.layer}: {self.said}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """
    What a target has to answer.

    Attributes:
        statuses: acceptable HTTP status codes
        body: text that has to be in the answer; empty for any

    """

    statuses: frozenset[int]
    body: str = ""

    def judge(self, status: int, body: str, ms: float) -> Seen:
        """Judge an HTTP answer."""
        if status not in self.statuses:
            return Seen(layer=Layer.HTTP, said=f"HTTP {status}, wanted {_or(self.statuses)}", ms=ms)
        if self.body not in body:
            return Seen(layer=Layer.HTTP, said=f"HTTP {status}, but {body.strip()[:80]!r} answers, not {self.body!r}")
        return Seen(layer=Layer.OPEN, said=f"HTTP {status}" + (f" from {self.body}" if self.body else ""), ms=ms)


def _or(statuses: frozenset[int]) -> str:
    return " or ".join(map(str, sorted(statuses)))


WRITE_OUT = r"\n%{http_code} %{time_total}"
"""For curl's ``-w``: the last line of its output, behind the answer's body."""

_CURL_ENDS = {
    5: Layer.NAME,
    6: Layer.NAME,
    7: Layer.TCP,
    28: Layer.TCP,
    35: Layer.TLS,
    52: Layer.HTTP,
    56: Layer.HTTP,
    60: Layer.TLS,
}
"""curl's exit codes: no proxy, no host, no connection, time-out, TLS handshake, empty answer, no data, no trust."""


def parse_curl(exit_code: int, text: str, wanted: Wanted) -> Seen:
    """
    Read ``curl -sS -w WRITE_OUT`` (both streams together).

    Raises:
        ValueError: curl was not run, or did not end in the form asked for

    """
    body, _, last = text.rstrip("\n").rpartition("\n")
    figures = re.fullmatch(r"(\d{3}) ([\d.]+)", last.strip())
    if figures is None:
        raise ValueError(f"not the output of curl: {text[:200]!r}")
    status, ms = int(figures[1]), float(figures[2]) * 1000
    if exit_code == 0:
        return wanted.judge(status, body, ms)
    said = next((line for line in body.splitlines() if line.startswith("curl:")), f"curl ended with {exit_code}")
    said = re.sub(r"^curl: \(\d+\) ", "", said)
    if re.search(r"No route to host|Network is unreachable", said):
        return Seen(layer=Layer.ROUTE, said=said)
    # a time-out after the connection stood is the server's silence
    connected = exit_code == 28 and "Connection timed out" not in said and "Failed to connect" not in said  # noqa: PLR2004
    return Seen(layer=Layer.HTTP if connected else _CURL_ENDS.get(exit_code, Layer.HTTP), said=said)


def parse_wget(exit_code: int, text: str, wanted: Wanted) -> Seen:
    """
    Read BusyBox's ``wget -S -O -`` (both streams together, the status line among them).

    Raises:
        ValueError: wget was not run

    """
    if status := re.findall(r"(?:^\s*|server returned error: )HTTP/1\.[01] (\d{3})", text, re.MULTILINE):
        return wanted.judge(int(status[-1]), text, 0.0)
    if exit_code == _TIMEOUT:
        return Seen(layer=Layer.TCP, said="no answer before the time was up")
    said = next((line.strip() for line in reversed(text.splitlines()) if line.startswith("wget: ")), "")
    if not said:
        raise ValueError(f"not the output of wget: {text[:200]!r}")
    layer = next((layer for pattern, layer in _WGET_SAYS if re.search(pattern, said)), Layer.HTTP)
    return Seen(layer=layer, said=said.removeprefix("wget: "))


_WGET_SAYS = (
    (r"^wget: bad address", Layer.NAME),
    (r"No route to host|(Network|Host) is unreachable", Layer.ROUTE),
    (r"can't connect|timed out", Layer.TCP),
)
"""What BusyBox says, the more telling first."""

_TIMEOUT = 143
"""Exit code of a program that BusyBox's or coreutils' ``timeout`` has ended, as the shell sees it: 128 + SIGTERM."""


def with_neighbour(seen: Seen, address: str, neighbours: dict[str, str]) -> Seen:
    """
    Look one layer deeper where a connection did not come about: an address on the LAN that nobody answers for.

    Arguments:
        neighbours: address to the state of the kernel's entry for it, as ``ip neigh`` shows it

    """
    if seen.layer in {Layer.TCP, Layer.ROUTE} and neighbours.get(address) in {"FAILED", "INCOMPLETE"}:
        return Seen(layer=Layer.ARP, said=f"nobody on the LAN answers for {address}")
    return seen


def parse_neighbours(text: str) -> dict[str, str]:
    """Read ``ip neigh``: address to state (REACHABLE, STALE, FAILED ...)."""
    return {fields[0]: fields[-1] for line in text.splitlines() if len(fields := line.split()) > 1}
