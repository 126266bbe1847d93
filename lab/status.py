"""`lab status`: every part of the lab, asked now."""

import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass

from rich.console import Console
from rich.table import Table

from lab.faults.journal import active_faults
from lab.machine import ssh
from lab.machine.power import PoweredMachine
from lab.plan import Machine
from lab.record import Record
from lab.services import Service, all_services
from lab.state import State

_MIB = 1 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class MachineStatus:
    """One machine; `memory_mib` is what its control group holds, caches included; None where it is off."""

    name: str
    address: str
    system: str
    failed_units: tuple[str, ...]
    ssh: bool
    containerd: bool
    memory_mib: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceStatus:
    """One service, as seen from the operator's seat."""

    name: str
    answers: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class LabStatus:
    """The whole lab."""

    instance: str
    machines: tuple[MachineStatus, ...]
    services: tuple[ServiceStatus, ...]
    faults: tuple[str, ...]

    @property
    def sound(self) -> bool:
        """Whether every part does what it is there for; a fault in force makes no lab unsound by itself."""
        machines = all(machine.system in {"running", "degraded"} and machine.ssh for machine in self.machines)
        return machines and all(service.answers for service in self.services)

    def to_json(self) -> str:
        """For machines."""
        return json.dumps(asdict(self) | {"sound": self.sound}, indent=2)


def ask(booted_with: Record, state: State) -> LabStatus:
    """Ask every machine and every service, all at once."""
    plan = booted_with.plan
    with ThreadPoolExecutor(max_workers=32) as pool:
        machines = pool.map(lambda machine: _ask_machine(state, machine), plan.machines)
        services = pool.map(_ask_service, all_services(booted_with, state))
        return LabStatus(
            instance=state.instance,
            machines=tuple(machines),
            services=tuple(services),
            faults=tuple(fault.title for fault in active_faults(state)),
        )


def _ask_machine(state: State, machine: Machine) -> MachineStatus:
    powered = PoweredMachine(machine.name, state)
    system = powered.system_state()
    on = system != "off"
    return MachineStatus(
        name=machine.name,
        address=str(machine.address.ip),
        system=system,
        failed_units=powered.failed_units() if on else (),
        ssh=on and ssh.answers(state, machine),
        containerd=on and powered.run(["systemctl", "is-active", "--quiet", "containerd"]).returncode == 0,
        memory_mib=powered.memory_bytes() // _MIB if on else None,
    )


def _ask_service(service: Service) -> ServiceStatus:
    return ServiceStatus(name=service.daemon.name, answers=service.answers())


def show(status: LabStatus, console: Console) -> None:
    """For people."""
    table = Table(box=None, title=f"lab {status.instance}", title_justify="left")
    for column in ("machine", "address", "systemd", "SSH", "containerd", "memory", "failed units"):
        table.add_column(column, no_wrap=column != "failed units")
    for machine in status.machines:
        memory = "" if machine.memory_mib is None else f"{machine.memory_mib} MiB"
        answers = (_yes(value=machine.ssh), _yes(value=machine.containerd))
        table.add_row(machine.name, machine.address, machine.system, *answers, memory, " ".join(machine.failed_units))
    console.print(table)
    console.print("services: " + ", ".join(f"{each.name} {_yes(value=each.answers)}" for each in status.services))
    console.print("faults: " + ("; ".join(status.faults) or "none"))


def _yes(*, value: bool) -> str:
    return "answers" if value else "silent"
