"""The operator's work at the lab's seat: runbooks as programs, their reports as values."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest

from lab.self_test.score import name_of
from tests.lab.harness import ROOT

if TYPE_CHECKING:
    from pathlib import Path

    from tests.lab.harness import Lab

GOOD = {"PASS", "WARN", "SKIP"}


@dataclass(frozen=True, slots=True)
class Ran:
    """A runbook that ended."""

    code: int
    report: dict[str, Any]
    told: str

    @property
    def findings(self) -> list[dict[str, Any]]:
        """Every row of every stage."""
        return [finding for stage in self.report["stages"] for finding in stage["findings"]]

    @property
    def red(self) -> dict[str, str]:
        """The rows that stand for themselves and are bad: name to verdict."""
        return {
            name_of(finding["row"]): finding["verdict"]
            for finding in self.findings
            if finding["verdict"] not in GOOD and not finding["waiver"] and not finding["blocked_by"]
        }

    @property
    def verdicts(self) -> dict[str, str]:
        """Every row by name to its verdict."""
        return {name_of(finding["row"]): finding["verdict"] for finding in self.findings}

    def verdict(self, row: str) -> str:
        """How one row ended."""
        return str(self.finding(row)["verdict"])

    def finding(self, row: str) -> dict[str, Any]:
        """One row, as ``check@target->peer``."""
        (found,) = (finding for finding in self.findings if name_of(finding["row"]) == row)
        return found

    def changes(self, *, made: bool = True) -> list[str]:
        """The lasting changes, as ``target: sentence``."""
        return [
            f"{change['target']}: {change['sentence']}"
            for stage in self.report["stages"]
            for change in stage["changes"]
            if change["made"] is made and not change["temporary"]
        ]


@dataclass(frozen=True, slots=True)
class Operator:
    """Somebody at the seat, with a state folder of his own."""

    lab: Lab
    state: Path

    @property
    def environment(self) -> dict[str, str]:
        """What the operator has exported."""
        return {
            "FLEETPROOF_STATE": str(self.state),
            "FLEETPROOF_TRAITS": "lab,audit",
            "FLEETPROOF_WAIVERS": str(ROOT / "lab" / "waivers.yaml"),
        }

    def enrol(self) -> None:
        """Trust the machines' host keys, compared with the lab's own list."""
        script = f'{sys.executable} runbooks/enrol.py --expect "$FLEETPROOF_FINGERPRINTS"'
        done = self.lab.exec(["sh", "-c", script], environment=self.environment)
        assert done.returncode == 0, done.stderr

    def run(self, runbook: str, *words: str, timeout_s: float = 1800.0) -> Ran:
        """Run a runbook to its end."""
        argv = [sys.executable, f"runbooks/{runbook}.py", *words, "--json"]
        try:
            done = self.lab.exec(argv, environment=self.environment, timeout_s=timeout_s)
        except subprocess.TimeoutExpired as error:
            told = (error.stderr or b"").decode(errors="replace").splitlines()
            pytest.fail("\n".join([f"{runbook} did not end in {timeout_s:.0f} s; it said last:", *told[-40:]]))
        try:
            report = json.loads(done.stdout)
        except ValueError:
            report = {"stages": []}
        return Ran(done.returncode, report, done.stderr)

    def start(self, runbook: str, *words: str) -> subprocess.Popen[bytes]:
        """Start a runbook; the process is the runbook's own."""
        argv = [sys.executable, "-m", "lab", "exec", "--", sys.executable, f"runbooks/{runbook}.py", *words]
        own = {"FLEETPROOF_LAB": self.lab.state.instance, "PYTHONPATH": str(ROOT)}
        return subprocess.Popen(
            argv,
            cwd=ROOT,
            env={**os.environ, **self.environment, **own},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )

    def ended(self, process: subprocess.Popen[bytes], timeout_s: float = 600.0) -> Ran:
        """Wait for a runbook that was started, and read the report that it left."""
        code = process.wait(timeout_s)
        return Ran(code, json.loads((self.state / "reports" / "latest" / "report.json").read_text()), "")

    def kill_when(
        self, process: subprocess.Popen[bytes], cluster: str, stage: str, outcome: str, wait_s: float
    ) -> None:
        """SIGKILL a runbook some time after the journal says that it has begun or ended a cluster's stage."""
        page = self.state / "journal" / f"{cluster}.json"
        earlier = {entry["run_id"] for entry in _stages(page).values()}
        deadline = time.monotonic() + 600
        while process.poll() is None and time.monotonic() < deadline:
            entry = _stages(page).get(stage)
            if entry and entry["run_id"] not in earlier and entry["outcome"] == outcome:
                time.sleep(wait_s)
                assert process.poll() is None, f"it ended within {wait_s} s after {stage} was {outcome}"
                process.kill()
                process.wait(30)
                return
            time.sleep(0.01)
        pytest.fail(f"{stage} of {cluster} was never seen {outcome}; the runbook's exit code is {process.poll()}")

    def kubectl(self, cluster: str, *words: str, stdin: str = "") -> str:
        """Run kubectl with the merged kubeconfig; it has to succeed."""
        argv = ["kubectl", "--kubeconfig", str(self.state / "kubeconfig"), "--context", cluster, *words]
        done = self.lab.exec(argv, stdin=stdin)
        assert done.returncode == 0, f"{argv}: {done.stderr}"
        return done.stdout


def _stages(page: Path) -> dict[str, Any]:
    """A journal's entries; a cluster of which nothing is known has none."""
    stages: dict[str, Any] = json.loads(page.read_text())["stages"] if page.exists() else {}
    return stages
