"""
A stand-in for whoever takes a site's alerts: it keeps what is posted to it, and shows it to who knows its path.

A program of its own, run as `python -I receive.py ADDRESS PORT`; RECEIVER_PATH in its environment is the secret path.
"""

import json
import os
import sys
import time
from collections import deque
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

HEALTH = "/healthy"
_KEPT = 1000
_LONGEST = 1 << 20


class Receiver(ThreadingHTTPServer):
    """Takes messages; the oldest go when there are too many."""

    daemon_threads = True

    def __init__(self, address: tuple[str, int], path: str) -> None:
        """
        Listen.

        Arguments:
            path: where messages are posted to and read from; any other path is refused

        """
        super().__init__(address, _Handler)
        self.path = path
        self.kept: deque[dict[str, object]] = deque(maxlen=_KEPT)


class _Handler(BaseHTTPRequestHandler):
    server: Receiver

    def do_POST(self) -> None:
        """Keep a message, whatever it is."""
        length = int(self.headers.get("Content-Length") or 0)
        if self.path != self.server.path or not 0 < length <= _LONGEST:
            self._say(404 if self.path != self.server.path else 413, {})
            return
        try:
            message = json.loads(self.rfile.read(length))
        except ValueError:
            self._say(400, {})
            return
        self.server.kept.append({"at": time.time(), "message": message})
        self._say(200, {})

    def do_GET(self) -> None:
        """Show all that is kept, the oldest first."""
        if self.path == HEALTH:
            self._say(200, {})
        elif self.path == self.server.path:
            self._say(200, {"stand-in": "the lab's receiver of alerts", "received": list(self.server.kept)})
        else:
            self._say(404, {})

    def log_message(self, *_: object) -> None:
        """Say nothing: the path is secret."""

    def _say(self, status: int, answer: dict[str, object]) -> None:
        body = json.dumps(answer).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


if __name__ == "__main__":
    Receiver((sys.argv[1], int(sys.argv[2])), os.environ["RECEIVER_PATH"]).serve_forever()
