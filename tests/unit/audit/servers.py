"""Servers that listen on this machine and remember what they were told."""

from __future__ import annotations

import socketserver
import threading
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator


@dataclass
class Heard:
    """
    What a server was told.

    Attributes:
        answers: HTTP status, or SMTP code for the recipient, for one request after the other; then the last one

    """

    port: int = 0
    answers: list[int] = field(default_factory=lambda: [200])
    told: list[str] = field(default_factory=list)

    def next(self) -> int:
        """The answer to this request."""
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]


@contextmanager
def http_server(*answers: int) -> Iterator[Heard]:
    """An HTTP server; ``told`` are the bodies of what it accepted or refused, a GET is its path."""
    heard = Heard(answers=list(answers) or [200])

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            heard.told.append(self.rfile.read(int(self.headers["Content-Length"])).decode())
            self._answer()

        def do_GET(self) -> None:
            heard.told.append(self.path)
            self._answer()

        def _answer(self) -> None:
            self.send_response(heard.next())
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with _serving(HTTPServer(("127.0.0.1", 0), Handler), heard):
        yield heard


@contextmanager
def smtp_server(*answers: int) -> Iterator[Heard]:
    """A mail server that offers nothing beyond SMTP; ``told`` are whole mails."""
    heard = Heard(answers=list(answers) or [250])

    class Handler(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            self._say("220 here")
            while line := self.rfile.readline().decode().strip():
                match line.split(" ")[0].upper():
                    case "DATA":
                        self._say("354 go on")
                        heard.told.append(self._mail())
                        self._say("250 taken")
                    case "RCPT":
                        self._say(f"{heard.next()} said so")
                    case "QUIT":
                        self._say("221 bye")
                        return
                    case _:
                        self._say("250 fine")

        def _mail(self) -> str:
            lines = []
            while (line := self.rfile.readline().decode().rstrip("\r\n")) != ".":
                lines.append(line)
            return "\n".join(lines)

        def _say(self, text: str) -> None:
            self.wfile.write(f"{text}\r\n".encode())

    with _serving(socketserver.TCPServer(("127.0.0.1", 0), Handler), heard):
        yield heard


@contextmanager
def _serving(server: socketserver.TCPServer, heard: Heard) -> Iterator[None]:
    heard.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
