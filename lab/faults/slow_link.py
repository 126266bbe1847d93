"""One machine sits behind a long way: every packet arrives late, none is lost."""

import sys
from pathlib import Path
from typing import ClassVar

from lab import wire
from lab.faults.fault import MACHINE, Case, Fault, Parameter, a_whole_number
from lab.services.daemon import Daemon
from lab.wire import namespaces

_PROJECT = Path(__file__).resolve().parents[2]
_NEAR, _FAR = "slow-near", "slow-far"
_START_DEADLINE_S = 10.0


class SlowLink(Fault):
    """The machine's port leaves the switch; a program carries its frames there and back, each one MS later."""

    name: ClassVar[str] = "slow-link"
    parameters = (MACHINE, Parameter("MS", a_whole_number(1, 5000)))
    breaks: ClassVar[str] = "Every frame to and from the machine takes MS milliseconds longer, each way."

    def apply(self, case: Case) -> None:
        """Put the delay line between the switch and the port."""
        self.undo(case)
        near, far, switch = *_ends(case), case.lab.state.network(wire.SWITCH)
        namespaces.ip(
            switch,
            [
                f"link add {near} type veth peer name {far}",
                f"link set {near} master {wire.BRIDGE} up",
                f"link set {far} up",
                f"link set {case.machine} nomaster",
            ],
        )
        line = _delay_line(case)
        line.start(case.lab.state)
        line.wait_until(lambda: _carries(case, line), case.lab.state, _START_DEADLINE_S)

    def undo(self, case: Case) -> None:
        """Plug the port straight into the switch again."""
        _delay_line(case).stop(case.lab.state)
        namespaces.delete_link(case.lab.state.network(wire.SWITCH), _ends(case)[0])
        namespaces.ip(case.lab.state.network(wire.SWITCH), [f"link set {case.machine} master {wire.BRIDGE}"])


def _ends(case: Case) -> tuple[str, str]:
    index = case.lab.plan.machines.index(case.lab.plan.machine(case.machine))
    return f"{_NEAR}-{index}", f"{_FAR}-{index}"


def _delay_line(case: Case) -> Daemon:
    program = (sys.executable, "-m", "lab.faults.delay_line", case.machine, _ends(case)[1], case.words[1])
    return Daemon(
        name=f"slow-link-{case.machine}",
        network=wire.SWITCH,
        argv=program,
        environment={"PYTHONPATH": str(_PROJECT)},
    )


def _carries(case: Case, line: Daemon) -> bool:
    """It says so once both its sockets are open."""
    return "carrying" in (line.folder(case.lab.state) / "log").read_text()
