"""What a running lab was booted with, so that every later command means the same lab: its plan and its materials."""

from dataclasses import dataclass, replace
from pathlib import Path

from pydantic import TypeAdapter

from lab.plan import LabPlan, PlanError
from lab.state import State


@dataclass(frozen=True, slots=True, kw_only=True)
class Materials:
    """
    What was built for the lab, outside of it, and is only read by it.

    Attributes:
        root_file_system: every machine's lower layer
        images: a containerd root with all images imported; None for machines without any
        tools: the folder of programs for the operator's seat and the services
        charts: a folder of unpacked Helm charts beside the lab's own; None where nobody deploys

    """

    root_file_system: Path
    images: Path | None
    tools: Path
    charts: Path | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """One running lab."""

    plan: LabPlan
    materials: Materials


_ADAPTER = TypeAdapter(Record)


def joined(running: Record, wanted: Record) -> Record:
    """
    What runs and what is wanted besides, in one record.

    Raises:
        PlanError: they are for different sites, or a machine of that name has another address

    """
    known = {machine.name: machine for machine in running.plan.machines}
    machines = known | {machine.name: machine for machine in wanted.plan.machines}
    if any(machines[name] != machine for name, machine in known.items()) or (
        replace(running.plan, machines=()) != replace(wanted.plan, machines=())
    ):
        raise PlanError("the lab is up for another inventory; `python -m lab down` first")
    return replace(wanted, plan=replace(wanted.plan, machines=tuple(machines[name] for name in sorted(machines))))


def save(record: Record, state: State) -> None:
    """Write it, whole or not at all."""
    file = _file(state)
    draft = file.with_suffix(".draft")
    draft.write_bytes(_ADAPTER.dump_json(record, indent=2))
    draft.replace(file)


def load(state: State) -> Record:
    """
    The record of this instance.

    Raises:
        PlanError: it is not up

    """
    try:
        return _ADAPTER.validate_json(_file(state).read_bytes())
    except FileNotFoundError as error:
        raise PlanError(f"the lab {state.instance!r} is not up; `python -m lab up` boots it") from error


def _file(state: State) -> Path:
    return state.root / "lab.json"
