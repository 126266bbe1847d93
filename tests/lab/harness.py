"""A running lab, as tests use it."""

import os
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from paramiko import Ed25519Key, Transport

from lab import faults, linux, wire
from lab.credentials import Credentials
from lab.faults import RunningLab
from lab.locking import changing
from lab.machine.power import PoweredMachine
from lab.plan import LabPlan, Machine
from lab.progress import Progress
from lab.record import Materials, Record
from lab.state import State, open_state
from lab.status import LabStatus, ask

ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True, slots=True)
class Lab:
    """A running lab, as tests use it."""

    record: Record
    state: State

    @property
    def plan(self) -> LabPlan:
        """Its machines and addresses."""
        return self.record.plan

    @property
    def machines(self) -> tuple[Machine, ...]:
        """Its machines."""
        return self.plan.machines

    @property
    def credentials(self) -> Credentials:
        """What it made up for itself."""
        return Credentials(self.state.secrets)

    @property
    def environment(self) -> dict[str, str]:
        """For a `python -m lab ...` that is to mean this instance, from any folder."""
        return {**os.environ, "FLEETPROOF_LAB": self.state.instance, "PYTHONPATH": str(ROOT)}

    def exec(
        self,
        argv: Sequence[str | Path],
        *,
        stdin: str = "",
        environment: Mapping[str, str] | None = None,
        folder: Path = ROOT,
        timeout_s: float = 120.0,
    ) -> subprocess.CompletedProcess[str]:
        """Run a program at the operator's seat, through `python -m lab exec`; its exit code is not judged."""
        return subprocess.run(
            [sys.executable, "-m", "lab", "exec", "--", *map(str, argv)],
            input=stdin, capture_output=True, text=True, check=False, cwd=folder, timeout=timeout_s,
            env={**self.environment, **(environment or {})},
        )  # fmt: skip

    def on(self, machine: str, argv: Sequence[str], *, stdin: str = "", timeout_s: float = 60.0) -> str:
        """Run a program on a machine, as root, and return its output; it has to succeed."""
        done = self.running.machine(machine).run(argv, stdin=stdin, timeout_s=timeout_s)
        assert done.returncode == 0, f"{machine}: {argv}: {done.stderr or done.stdout}"
        return done.stdout

    @contextmanager
    def login(
        self, machine: str, how: str, *, user: str | None = None, secret: str | None = None
    ) -> Iterator[Transport]:
        """An SSH connection from the operator's seat, by `password` or `key`, without this library's own transport."""
        environment = self.credentials.environment()
        address = str(self.plan.machine(machine).address.ip)
        with linux.inside_network(self.state.network(wire.SEAT)):
            plain = socket.create_connection((address, 22), timeout=10)
        transport = Transport(plain)
        try:
            transport.start_client(timeout=20)
            name = user or environment["NODE_USER"]
            if how == "password":
                transport.auth_password(name, secret or environment["NODE_PASSWORD"], fallback=False)
            else:
                transport.auth_publickey(name, Ed25519Key.from_private_key_file(environment["NODE_SSH_KEY"]))
            yield transport
        finally:
            transport.close()
            transport.join(10)
            plain.close()

    @contextmanager
    def fault(self, name: str, *words: str) -> Iterator[None]:
        """Break one thing for the length of a block."""
        with changing(self.state.root, Progress()):
            title = faults.break_it(self.running, name, words)
        try:
            yield
        finally:
            with changing(self.state.root, Progress()):
                faults.heal(self.running, name, title.split()[1:])

    def status(self) -> LabStatus:
        """Every part, asked now."""
        return ask(self.record, self.state)

    @property
    def running(self) -> RunningLab:
        """The same lab, as faults know it."""
        return RunningLab(plan=self.plan, materials=self.record.materials, state=self.state)


class Small:
    """A lab of its own beside the one that all tests share, for what a shared one must not suffer."""

    def __init__(self, plan: LabPlan, materials: Materials, instance: str) -> None:
        self.state: State = open_state({**os.environ, "FLEETPROOF_LAB": instance})
        self.record = Record(plan=plan.only(("cluster-01", "cluster-02")), materials=materials)
        self.environment = {**os.environ, "FLEETPROOF_LAB": instance, "PYTHONPATH": str(ROOT)}

    def command(self, *words: str) -> list[str]:
        """`python -m lab` for this instance."""
        return [sys.executable, "-m", "lab", *words]

    def run(self, *words: str) -> subprocess.CompletedProcess[str]:
        """The same, run to its end."""
        return subprocess.run(
            self.command(*words), capture_output=True, text=True, check=False, env=self.environment, cwd=ROOT
        )

    def machine(self, name: str) -> PoweredMachine:
        """One of its machines."""
        return PoweredMachine(name, self.state)
