"""`lab up` and `lab down`: the whole lab, from any state to running, and from any state to gone."""

import shutil
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial

from lab import record, seat, wire
from lab.cgroups import Group, host_hierarchies
from lab.credentials import Credentials
from lab.locking import changing
from lab.machine import ssh
from lab.machine.accounts import Account, lab_accounts
from lab.machine.disk import make_disk
from lab.machine.files import machine_files
from lab.machine.power import PoweredMachine
from lab.plan import Machine
from lab.privilege import caller
from lab.progress import Progress
from lab.record import Record
from lab.services import Service, all_services
from lab.state import State
from lab.wire import namespaces

_SERVICE_DEADLINE_S = 60.0
_BOOT_DEADLINE_S = 120.0
_SSH_DEADLINE_S = 60.0


class LabError(RuntimeError):
    """A part of the lab did not come up; one line per part."""


def up(wanted: Record, state: State, say: Progress) -> None:
    """
    Bring the lab to what is wanted, whatever an earlier run left: what runs is kept, what is broken is made anew.

    Raises:
        LabError: with every part that failed; the others are up
        PlanError: it is up already, for another inventory

    """
    with changing(state.root, say) as lock:
        credentials = Credentials(state.secrets)
        credentials.create(wanted.plan)
        if (user := caller()) is not None:
            credentials.hand_over(*user)
        if wire.is_laid(state):
            wanted = record.joined(record.load(state), wanted)
            record.save(wanted, state)
        else:
            _clear(state)
            record.save(wanted, state)
            seat.furnish(wanted, state)
            wire.lay(wanted.plan, state)  # its last step is what a repeated `up` looks for
            say("wire: switch, gateway, object store's network and operator's seat are laid")
        _group(state).create()
        rise = _Rise(wanted, state, credentials, lab_accounts(credentials), lock, say)
        _all_at_once(
            [partial(rise.serve, service) for service in all_services(wanted, state)]
            + [partial(rise.boot, machine) for machine in wanted.plan.machines]
        )


def down(state: State, say: Progress) -> None:
    """End the lab and remove every trace of it; what is not there is no error."""
    if not state.root.exists():
        _group(state).remove()
        say(f"the lab {state.instance!r} is not up")
        return
    with changing(state.root, say):
        say("ending its processes")
        left = namespaces.inhabitants(state.network(wire.SEAT)) - _group(state).processes()
        if left:
            say(f"processes {sorted(left)} still sit at the seat; their network goes now")
        _clear(state)
        shutil.rmtree(state.root)
    if not any(state.root.parent.iterdir()):
        state.root.parent.rmdir()
    say(f"the lab {state.instance!r} is gone")


@dataclass(frozen=True, slots=True)
class _Rise:
    """One `up`, for the threads that share it."""

    wanted: Record
    state: State
    credentials: Credentials
    accounts: tuple[Account, ...]
    lock: int
    say: Progress

    def serve(self, service: Service) -> None:
        """Start one service and wait until it serves."""
        service.daemon.start(self.state)
        service.daemon.wait_until(service.answers, self.state, _SERVICE_DEADLINE_S)
        self.say(f"{service.daemon.name}: answers")

    def boot(self, machine: Machine) -> None:
        """Boot one machine, unless it runs, and wait until it can be worked on."""
        powered = PoweredMachine(machine.name, self.state)
        if powered.process is None:
            self._switch_on(machine, powered)
        system = powered.wait_booted(_BOOT_DEADLINE_S)
        ssh.wait_until_it_answers(self.state, machine, _SSH_DEADLINE_S)
        failed = f", failed: {' '.join(powered.failed_units())}" if system == "degraded" else ""
        self.say(f"{machine.name}: {system}{failed}; SSH answers on {machine.address.ip}")

    def _switch_on(self, machine: Machine, powered: PoweredMachine) -> None:
        powered.switch_off()
        materials = self.wanted.materials
        files = machine_files(self.wanted.plan, machine, self.credentials, self.accounts, materials.root_file_system)
        make_disk(self.state.machine(machine.name), files, materials.images, self.lock)
        wire.plug_in(self.wanted.plan, self.state, machine)
        powered.switch_on(materials.root_file_system, self.lock)
        self.say(f"{machine.name}: switched on")


def _clear(state: State) -> None:
    """Everything but the credentials: processes, namespaces, disks."""
    _group(state).remove()
    wire.take_up(state)
    for folder in (state.machines, state.services, state.faults):
        if folder.exists():
            shutil.rmtree(folder)


def _group(state: State) -> Group:
    return Group(state.title, host_hierarchies())


def _all_at_once(steps: Sequence[Callable[[], None]]) -> None:
    pool = ThreadPoolExecutor(max_workers=32)
    try:
        failures = [future.exception() for future in [pool.submit(step) for step in steps]]
    finally:
        pool.shutdown(wait=False, cancel_futures=True)  # all are done, or Ctrl-C is not to wait for them
    said = [str(failure) for failure in failures if failure is not None]
    if said:
        raise LabError("\n".join(said))
