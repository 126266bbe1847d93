"""One API server, over real connections: who is slow once is asked again, who is slow twice does not answer."""

from __future__ import annotations

import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING

import pytest

from tasks.deploy import api as api_module
from tasks.deploy.api import ApiError, KubeApi
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
