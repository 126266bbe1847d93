"""The lab that is measured on, and processes at its operator's seat."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

from bench.model import BenchError, Order, Took
from bench.record import ROOT
from lab import record
from lab.credentials import ROBOT_USER, Credentials
from lab.plan import LabPlan, PlanError
from lab.state import State, open_state

INSTANCE = "bench"
_LAB = (sys.executable, "-m", "lab")


class Seat:
    """A stopwatch at the operator's seat of the running lab, kept for many orders."""

    def __enter__(self) -> Self:
        self._process = subprocess.Popen(
            (*_LAB, "exec", "--", sys.executable, "-m", "bench.stopwatch"),
            cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )  # fmt: skip
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.communicate()

    def run(self, order: Order) -> Took:
        """Run and time one process there."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        try:
            self._process.stdin.write(json.dumps(asdict(order)) + "\n")
            self._process.stdin.flush()
        except BrokenPipeError:
            pass
        answer = self._process.stdout.readline()
        if not answer:
            raise BenchError(f"the operator's seat is gone; `python -m lab status` (FLEETPROOF_LAB={INSTANCE})")
        return Took(**json.loads(answer))


@dataclass(frozen=True, slots=True, kw_only=True)
class Ground:
    """
    The running lab as the contenders see it.

    Attributes:
        user: logs in by key, and sudo asks for nothing: what every contender does best with
        known_hosts: every machine's host keys, in OpenSSH's format

    """

    state: State
    plan: LabPlan
    known_hosts: Path

    user: str = ROBOT_USER

    @property
    def key(self) -> Path:
        """The operator's private key."""
        return Credentials(self.state.secrets).operator_key

    @property
    def environment(self) -> dict[str, str]:
        """What makes the product see the lab as this user; its state folder is the one of ``known_hosts``."""
        return {"NODE_USER": self.user, "NODE_PASSWORD": "", "FLEETPROOF_STATE": str(self.known_hosts.parent)}


def boot(say: Callable[[str], None]) -> None:
    """Boot the lab's four bare machines."""
    say("booting the lab's machines")
    _lab("up")


def clear() -> None:
    """Take the lab away."""
    _lab("down")


@contextmanager
def ground(say: Callable[[str], None], folder: Path) -> Iterator[Ground]:
    """
    The lab of this environment, booted where it is not up and taken away again then.

    Arguments:
        folder: an empty one, for what the operator keeps

    """
    state = open_state()
    borrowed = _is_up(state)
    try:
        if not borrowed:
            boot(say)
        yield survey(state, folder)
    finally:
        if not borrowed:
            clear()


def survey(state: State, folder: Path) -> Ground:
    """Look at the running lab, and enrol its host keys by the product's own means."""
    known_hosts = folder / "known_hosts"
    # a lab that was booted anew shows other keys under the same addresses
    enrol = (
        sys.executable,
        "runbooks/enrol.py",
        "--replace",
        "--expect",
        str(Credentials(state.secrets).fingerprints_file),
    )
    here = Ground(state=state, plan=record.load(state).plan, known_hosts=known_hosts)
    _lab("exec", "--", "env", *(f"{name}={value}" for name, value in here.environment.items()), *enrol)
    return here


def _is_up(state: State) -> bool:
    try:
        record.load(state)
    except PlanError:
        return False
    return True


def _lab(*words: str) -> None:
    done = subprocess.run((*_LAB, *words), cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode:
        raise BenchError(f"`python -m lab {words[0]}` ended with {done.returncode}: {done.stderr.strip()[-1500:]}")


def choose_lab() -> None:
    """A lab of the bench's own, unless the environment names another; through sudo, everything in it is root's."""
    os.environ.setdefault("FLEETPROOF_LAB", INSTANCE)
    for name in ("SUDO_UID", "SUDO_GID", "SUDO_USER", "SUDO_COMMAND"):
        os.environ.pop(name, None)


def addresses(plan: LabPlan) -> Sequence[tuple[str, str]]:
    """Name and address of every machine."""
    return [(machine.name, str(machine.address.ip)) for machine in plan.machines]
