"""A headless Chromium, spoken to over its own debugging protocol: as small as the tests need it."""

from __future__ import annotations

import json
import shutil
import subprocess
import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest
from websocket import WebSocket

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

PROGRAMS = ("chromium", "chromium-browser", "google-chrome")
START_S = 60.0


@dataclass
class Tab:
    """
    One page.

    Attributes:
        asked: URLs that the page asked for, its own first

    """

    socket: WebSocket
    asked: list[str] = field(default_factory=list)
    _number: int = 0

    def call(self, method: str, **parameters: Any) -> dict[str, Any]:
        """One command; raises what the browser refuses."""
        self._number += 1
        self.socket.send(json.dumps({"id": self._number, "method": method, "params": parameters}))
        while (said := self._next()).get("id") != self._number:
            pass
        assert "error" not in said, said
        result: dict[str, Any] = said["result"]
        return result

    def _next(self) -> dict[str, Any]:
        said: dict[str, Any] = json.loads(self.socket.recv())
        if said.get("method") == "Network.requestWillBeSent":
            self.asked.append(said["params"]["request"]["url"])
        self._loaded = said.get("method") == "Page.loadEventFired"
        return said

    def open(self, page: Path, *, width: int, height: int = 800) -> None:
        """Load a file as a phone or a desktop of this width shows it, without any network."""
        self.call("Network.enable")
        self.call("Network.emulateNetworkConditions", offline=True, latency=0, downloadThroughput=0, uploadThroughput=0)
        self.call(
            "Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=width < 600
        )
        self.call("Page.enable")
        self.call("Page.navigate", url=page.as_uri())
        while not self._loaded:
            self._next()

    def evaluate(self, expression: str) -> Any:
        """The value of a JavaScript expression; the page's own policy does not apply to it."""
        return self.call("Runtime.evaluate", expression=expression, returnByValue=True)["result"].get("value")


@contextmanager
def open_tab(folder: Path) -> Iterator[Tab]:
    """
    Start a browser with a profile of its own, and end it.

    Skips where there is none, with the package that has it.
    """
    program = next((found for name in PROGRAMS if (found := shutil.which(name))), None)
    if program is None:
        pytest.skip("no Chromium is on the PATH; on Debian: apt-get install chromium")
    options = ("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run")
    with (folder / "browser.log").open("w") as log:
        process = subprocess.Popen(
            (program, *options, f"--user-data-dir={folder / 'profile'}", "--remote-debugging-port=0", "about:blank"),
            stdout=log,
            stderr=log,
        )
        try:
            socket = WebSocket()
            socket.settimeout(START_S)
            socket.connect(_page(folder, process), suppress_origin=True)
            yield Tab(socket)
            socket.close()
        finally:
            process.terminate()
            process.wait(30)


def _page(folder: Path, process: subprocess.Popen[bytes]) -> str:
    """The debugging address of the browser's first page."""
    import requests  # noqa: PLC0415

    port, deadline = folder / "profile" / "DevToolsActivePort", time.monotonic() + START_S
    while time.monotonic() < deadline and process.poll() is None:
        if port.exists() and (lines := port.read_text().splitlines()):
            pages = requests.get(f"http://127.0.0.1:{lines[0]}/json/list", timeout=START_S).json()
            found = [page["webSocketDebuggerUrl"] for page in pages if page["type"] == "page"]
            if found:
                return str(found[0])
        time.sleep(0.1)
    pytest.fail(f"the browser did not start: {(folder / 'browser.log').read_text()[-2000:]}")
