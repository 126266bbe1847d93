"""Starts ``probe_runbook.py`` as a process of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

PROBE = Path(__file__).with_name("probe_runbook.py")
PATIENCE_S = 180.0


@dataclass(frozen=True)
class Probe:
    """The runbook's world and state, and how to run it there."""

    folder: Path

    @property
    def world(self) -> Path:
        """What the runbook converges."""
        return self.folder / "world"

    @property
    def state(self) -> Path:
        """Journal, lock and reports."""
        return self.folder / "state"

    def start(self, *argv: str, fault: str = "", **environment: str) -> subprocess.Popen[str]:
        """Start it and come back at once."""
        self.world.mkdir(exist_ok=True)
        added = {"PROBE_WORLD": str(self.world), "PROBE_FAULT": fault, "FLEETPROOF_STATE": str(self.state)}
        return subprocess.Popen(
            [sys.executable, str(PROBE), *argv],
            env={**os.environ, **added, **environment},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            cwd=self.folder,
        )

    def run(self, *argv: str, fault: str = "", **environment: str) -> subprocess.CompletedProcess[str]:
        """Run it to its end."""
        with self.start(*argv, fault=fault, **environment) as process:
            out, err = process.communicate(timeout=PATIENCE_S)
        return subprocess.CompletedProcess(process.args, process.returncode, out, err)

    def wait_until_reached(self) -> None:
        """Wait until the process stands where it was told to."""
        deadline = time.monotonic() + PATIENCE_S
        while not (self.world / "reached").exists():
            assert time.monotonic() < deadline, "the process did not come to its fault"
            time.sleep(0.02)

    def walked(self) -> list[str]:
        """`stage host` in the order in which steps ran, and forget them."""
        log = self.world / "walked"
        lines = log.read_text().split("\n")[:-1] if log.exists() else []
        log.unlink(missing_ok=True)
        return lines

    def report(self, run: str = "latest") -> dict[str, Any]:
        """The canonical JSON of the last run."""
        content: dict[str, Any] = json.loads((self.state / "reports" / run / "report.json").read_text())
        return content
