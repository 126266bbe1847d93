"""A machine's power button, and the way into a running one."""

import os
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from lab import processes
from lab.cgroups import Group, host_hierarchies
from lab.machine.boot import BootSpec
from lab.processes import ProcessId
from lab.state import State

_PROJECT = Path(__file__).resolve().parents[2]
_BOOTED = frozenset({"running", "degraded"})
_ENVIRONMENT = {
    "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
    "HOME": "/root",
    "LANG": "C.UTF-8",
    "TERM": os.environ.get("TERM", "dumb"),
}


class MachineError(RuntimeError):
    """A machine does not do what it is told; the text says what was seen last."""


@dataclass(frozen=True, slots=True)
class PoweredMachine:
    """One machine of one lab, on or off."""

    name: str
    state: State

    @property
    def process(self) -> ProcessId | None:
        """Its systemd as the host sees it; None while it is off."""
        return processes.remembered(self.state.machine(self.name).pid)

    @property
    def environment(self) -> dict[str, str]:
        """What a program inside gets: nothing of the caller's but the terminal's kind."""
        return _ENVIRONMENT

    @property
    def group(self) -> Group:
        """Its control group."""
        return Group(f"{self.state.title}/{self.name}", host_hierarchies())

    def switch_on(self, root_file_system: Path, lock: int) -> None:
        """
        Start systemd over the machine's disk; returns at once, long before it has booted.

        Arguments:
            lock: the lab's; a start that outlives this program keeps it until systemd runs

        Raises:
            MachineError: a step before systemd failed

        """
        folder = self.state.machine(self.name)
        spec = BootSpec(
            name=self.name,
            root_file_system=str(root_file_system),
            folder=str(folder.root),
            network=str(self.state.network(self.name)),
            group=self.group.name,
        )
        with folder.console.open("w") as console:
            started = subprocess.run(
                [sys.executable, "-m", "lab.machine.boot", spec.to_json()],
                cwd=_PROJECT, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=console, text=True, check=False,
                pass_fds=(lock,), start_new_session=True,
            )  # fmt: skip
        process = processes.find(int(started.stdout)) if started.returncode == 0 else None
        if process is None:
            raise MachineError(f"{self.name} does not start: {folder.console.read_text().strip()}")
        process.save(folder.pid)

    def switch_off(self) -> None:
        """Pull the plug: every process of the machine ends now."""
        self.group.remove()
        self.state.machine(self.name).pid.unlink(missing_ok=True)

    def way_in(self) -> list[str]:
        """
        The start of an argv that runs a program inside, as root but without power over the clock: it is the host's.

        Raises:
            MachineError: the machine is off

        """
        process = self.process
        if process is None:
            raise MachineError(f"{self.name} is off; `python -m lab up` starts it")
        enter = ["nsenter", f"--target={process.pid}", "--all", "--root", "--wd", "--"]
        return [*enter, "setpriv", "--bounding-set=-sys_time", "--inh-caps=-sys_time", "--"]

    def run(self, argv: Sequence[str], *, stdin: str = "", timeout_s: float = 60.0) -> subprocess.CompletedProcess[str]:
        """
        Run a program inside, as root, with an environment of its own; its exit code is not judged.

        Raises:
            MachineError: the machine is off, or the program has not ended after `timeout_s`

        """
        try:
            return subprocess.run(
                [*self.way_in(), *argv],
                input=stdin, env=self.environment, capture_output=True, text=True, timeout=timeout_s, check=False,
            )  # fmt: skip
        except subprocess.TimeoutExpired as error:
            raise MachineError(f"{self.name}: `{' '.join(argv)}` has not ended after {timeout_s:.0f} s") from error

    def system_state(self) -> str:
        """What `systemctl is-system-running` says; `off` or `starting` before there is a systemd to ask."""
        if self.process is None:
            return "off"
        said = self.run(["systemctl", "is-system-running"]).stdout.strip()
        return said if said and said != "offline" else "starting"

    def failed_units(self) -> tuple[str, ...]:
        """Names of the units that systemd calls failed."""
        listed = self.run(["systemctl", "list-units", "--failed", "--plain", "--no-legend", "--no-pager"]).stdout
        return tuple(line.split()[0] for line in listed.splitlines() if line.strip())

    def memory_bytes(self) -> int:
        """What its control group holds, caches included; 0 where no hierarchy counts memory."""
        for folder in self.group.folders:
            for name in ("memory.current", "memory.usage_in_bytes"):
                if (folder / name).exists():
                    return int((folder / name).read_text())
        return 0

    def wait_booted(self, deadline_s: float) -> str:
        """
        Wait until systemd has finished booting and return how: `running` or `degraded`.

        Raises:
            MachineError: the deadline passed, or the machine went off

        """
        deadline = time.monotonic() + deadline_s
        while (seen := self.system_state()) not in _BOOTED:
            if seen == "off":
                console = self.state.machine(self.name).console.read_text().strip()
                raise MachineError(f"{self.name} went off while booting: {console or 'it left no word'}")
            if time.monotonic() > deadline:
                jobs = self.run(["systemctl", "list-jobs", "--no-pager", "--plain", "--no-legend"]).stdout.strip()
                raise MachineError(
                    f"{self.name} is still {seen!r} after {deadline_s:.0f} s; it waits for: {jobs or 'nothing'}"
                )
            time.sleep(0.15)
        return seen
