"""One API server, over real connections: who is slow once is asked again, who is slow twice does not answer."""

from __future__ import annotations

import errno
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING

import pytest
from urllib3 import HTTPConnectionPool
from urllib3.connection import HTTPConnection
from urllib3.exceptions import ConnectTimeoutError, HTTPError, MaxRetryError, NewConnectionError, ReadTimeoutError

from tasks.deploy import api as api_module
from tasks.deploy.api import ApiError, KubeApi
from tasks.model.errors import Unreachable
from tests.unit.deploy.credentials import access_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

TOO_LATE_S = 0.2


@contextmanager
def server(slow: int, status: int = 200) -> Iterator[tuple[str, list[str]]]:
    """A server that is silent to its first ``slow`` questions; its URL, and the questions it was asked."""
    asked: list[str] = []
    ended = threading.Event()

    class Handler(BaseHTTPRequestHandler):
        def answer(self) -> None:
            asked.append(self.command)
            if len(asked) <= slow:
                ended.wait(5)
                return
            self.send_response(status)
            self.send_header("Retry-After", "1")
            self.end_headers()
            self.wfile.write(b'{"kind": "Namespace"}')

        do_GET = do_POST = answer  # noqa: N815  names of the library

        def log_message(self, *_: object) -> None:
            """Keep quiet."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as listening:
        thread = threading.Thread(target=listening.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{listening.server_port}", asked
        finally:
            ended.set()
            listening.shutdown()
            thread.join()


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody waits long here."""
    monkeypatch.setattr(api_module, "READ_TIMEOUT_S", TOO_LATE_S)


def test_a_server_that_was_busy_once_is_asked_again(tmp_path: Path) -> None:
    """What only reads may be asked twice."""
    with server(slow=1) as (url, asked):
        assert KubeApi("cluster-01", access_of(url), tmp_path).get("/api") == {"kind": "Namespace"}
    assert asked == ["GET", "GET"]


def test_one_that_stays_silent_does_not_answer(tmp_path: Path) -> None:
    """Twice, and no more."""
    with server(slow=9) as (url, asked):
        with pytest.raises(ApiError, match=r"cluster-01: http://127.0.0.1.* does not answer"):
            KubeApi("cluster-01", access_of(url), tmp_path).get("/api")
        assert asked == ["GET", "GET"]


def test_one_that_says_that_it_is_busy_is_quoted(tmp_path: Path) -> None:
    """Its status is what others go by; it is not taken for silence."""
    with server(slow=0, status=429) as (url, asked):
        with pytest.raises(ApiError, match="HTTP 429") as caught:
            KubeApi("cluster-01", access_of(url), tmp_path).get("/api")
        assert (caught.value.status, asked) == (429, ["GET"])


def test_what_may_change_something_is_said_once(tmp_path: Path) -> None:
    """Nobody knows whether the first one was heard."""
    with server(slow=9) as (url, asked):
        with pytest.raises(ApiError, match="does not answer"):
            KubeApi("cluster-01", access_of(url), tmp_path).post("/api", {})
        assert asked == ["POST"]


def lost(cause: Exception) -> MaxRetryError:
    """What urllib3 says after its last attempt, be it of the operating system's error or of one of its own."""
    if not isinstance(cause, HTTPError):
        below, cause = cause, NewConnectionError(HTTPConnection("192.168.101.197", 6443), "failed")
        cause.__cause__ = below
    return MaxRetryError(HTTPConnectionPool("192.168.101.197"), "/api", cause)


@pytest.mark.parametrize(
    ("cause", "reason"),
    [
        (OSError(errno.EHOSTUNREACH, "No route to host"), "no-route"),
        (OSError(errno.ENETUNREACH, "Network is unreachable"), "no-route"),
        (ConnectTimeoutError("timed out"), "connect-timeout"),
        (ConnectionRefusedError(errno.ECONNREFUSED, "Connection refused"), ""),
        (ReadTimeoutError(HTTPConnectionPool("192.168.101.197"), "/api", "read timed out"), ""),
    ],
)
def test_a_machine_that_is_gone_is_told_from_a_server_that_is(
    cause: Exception, reason: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where nobody is heard at the address the machine is unreachable; a closed port, or silence, is the server's."""
    api = KubeApi("cluster-03", access_of("https://192.168.101.197:6443"), tmp_path)

    def fail(*_: object, **__: object) -> None:
        raise lost(cause)

    monkeypatch.setattr(api._client, "call_api", fail)
    with pytest.raises(ApiError, match="does not answer") as caught:
        api.get("/api")
    assert getattr(caught.value, "reason", "") == reason
    assert isinstance(caught.value, Unreachable) == bool(reason)
