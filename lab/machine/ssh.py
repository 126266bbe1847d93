"""Whether a machine's sshd answers, asked from the operator's seat."""

import socket
import time

from lab import linux, wire
from lab.machine.power import MachineError
from lab.plan import Machine
from lab.state import State

_PORT = 22
_POLL_S = 0.1
_PATIENCE_S = 2.0


def answers(state: State, machine: Machine) -> bool:
    """Whether the machine sends its SSH banner in time."""
    with linux.inside_network(state.network(wire.SEAT)):
        try:
            with socket.create_connection((str(machine.address.ip), _PORT), timeout=_PATIENCE_S) as connection:
                return connection.recv(4) == b"SSH-"
        except OSError:
            return False


def wait_until_it_answers(state: State, machine: Machine, deadline_s: float) -> None:
    """
    Wait for the banner.

    Raises:
        MachineError: the deadline passed

    """
    deadline = time.monotonic() + deadline_s
    while not answers(state, machine):
        if time.monotonic() > deadline:
            raise MachineError(f"{machine.name}: no SSH banner from {machine.address.ip} in {deadline_s:.0f} s")
        time.sleep(_POLL_S)
