"""The commands of `python -m lab`, each from parsed options to an exit code."""

import argparse
import os
import sys
from dataclasses import fields

from rich.console import Console
from rich.table import Table

from lab import build as artefacts
from lab import faults, record
from lab.check import obstacles
from lab.faults import RunningLab
from lab.inventory import plan_from_inventory
from lab.locking import changing
from lab.machine.kernel_files import PRODUCT_UUID
from lab.machine.power import PoweredMachine
from lab.plan import LabPlan, PlanError
from lab.progress import Progress
from lab.record import Materials, Record
from lab.seat import take_seat_and_run
from lab.self_test.examine import examine
from lab.self_test.rounds import read_rounds
from lab.self_test.show import as_json, percent, show_rounds, show_score, show_total
from lab.state import State
from lab.status import ask, show
from lab.up import down as take_down
from lab.up import up as bring_up

DONE, NOT_WELL = 0, 1
WHOLE = 100


def up(options: argparse.Namespace, state: State, say: Progress) -> int:
    """Boot the lab, or what is missing of it."""
    _refuse_at_the_seat(options.command)
    plan = _plan(options)
    if not _can_carry(plan, state):
        return NOT_WELL
    built = artefacts.ensure(say)
    materials = Materials(root_file_system=built.rootfs, images=built.containerd, tools=built.bin, charts=built.charts)
    bring_up(Record(plan=plan, materials=materials), state, say)
    if not PRODUCT_UUID.exists():
        say(f"this host has no {PRODUCT_UUID}, so the machines show none either")
    say(f"the lab {state.instance!r} is up: {', '.join(machine.name for machine in plan.machines)}")
    return DONE


def down(options: argparse.Namespace, state: State, say: Progress) -> int:
    """End the lab without a trace."""
    _refuse_at_the_seat(options.command)
    take_down(state, say)
    return DONE


def status(options: argparse.Namespace, state: State, _say: Progress) -> int:
    """Ask every part."""
    seen = ask(record.load(state), state)
    if options.json:
        print(seen.to_json())
    else:
        show(seen, Console())
    return DONE if seen.sound else NOT_WELL


def execute(options: argparse.Namespace, state: State, _say: Progress) -> int:
    """Become a program at the operator's seat."""
    argv = options.argv[1:] if options.argv[:1] == ["--"] else options.argv
    if not argv:
        raise PlanError("wanted: python -m lab exec -- PROGRAM [ARGUMENT ...]")
    take_seat_and_run(state, record.load(state).materials, argv, os.environ)


def shell(options: argparse.Namespace, state: State, _say: Progress) -> int:
    """Become a shell on a machine, or at the seat."""
    booted_with = record.load(state)
    if options.machine is None:
        take_seat_and_run(state, booted_with.materials, [os.environ.get("SHELL", "/bin/sh")], os.environ)
    name = booted_with.plan.machine(options.machine).name
    machine = PoweredMachine(name, state)
    way_in = machine.way_in()
    os.execvpe(way_in[0], [*way_in, "/bin/bash", "--login"], machine.environment)  # noqa: S606 - no shell line


def fault(options: argparse.Namespace, state: State, say: Progress) -> int:
    """Break something, or tell what can be broken."""
    if options.list or options.name is None:
        _list_faults()
        return DONE
    lab = _running(state)
    with changing(state.root, say):
        title = faults.break_it(lab, options.name, options.words)
    say(f"in force: {title}. {faults.CATALOGUE[options.name].breaks}")
    return DONE


def heal(options: argparse.Namespace, state: State, say: Progress) -> int:
    """Mend what was broken."""
    lab = _running(state)
    with changing(state.root, say):
        healed = faults.heal(lab, options.name, options.words)
    say("healed: " + ("; ".join(healed) or "nothing, no fault was in force"))
    return DONE


def self_test(options: argparse.Namespace, state: State, say: Progress) -> int:
    """Break everything, and see whether the audit of the deployed fleet finds it."""
    _refuse_at_the_seat(options.command)
    plan = read_rounds()
    plan = plan.only(options.only) if options.only else plan
    console = Console(stderr=options.json)
    if options.list:
        show_rounds(plan, console)
        return DONE
    scores = []
    for one in examine(_running(state), plan, say):
        scores.append(one)
        show_score(one, console)
    if options.json:
        print(as_json(scores))
    show_total(scores, console)
    return DONE if percent(scores) == WHOLE else NOT_WELL


def check(options: argparse.Namespace, state: State, say: Progress) -> int:
    """Tell whether this machine can carry the lab."""
    if not _can_carry(_plan(options), state):
        return NOT_WELL
    say("this machine can carry the lab")
    return DONE


def build(_options: argparse.Namespace, _state: State, say: Progress) -> int:
    """Build what the lab boots from."""
    built = artefacts.ensure(say)
    for field in fields(built):
        print(f"{field.name:13} {getattr(built, field.name)}")
    return DONE


def _plan(options: argparse.Namespace) -> LabPlan:
    plan = plan_from_inventory(options.inventory)
    return plan.only(options.machines) if options.machines else plan


def _can_carry(plan: LabPlan, state: State) -> bool:
    found = obstacles(plan, state)
    for obstacle in found:
        print(f"missing: {obstacle}", file=sys.stderr)
    return not found


def _running(state: State) -> RunningLab:
    booted_with = record.load(state)
    return RunningLab(plan=booted_with.plan, materials=booted_with.materials, state=state)


def _list_faults() -> None:
    table = Table(box=None)
    for column in ("fault", "what it breaks"):
        table.add_column(column)
    for kind in faults.CATALOGUE.values():
        table.add_row(faults.usage(kind), kind.breaks)
    Console().print(table)


def _refuse_at_the_seat(command: str) -> None:
    """What is mounted at the seat is gone with it, and so would be a lab that was booted there."""
    if "FLEETPROOF_SEAT" in os.environ:
        raise PlanError(f"`{command}` is not for the operator's seat: leave `lab exec` or `lab shell` first")
