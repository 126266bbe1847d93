"""`python -m lab`: words to calls, errors to sentences, results to exit codes."""

import argparse
import os
import sys
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path

from lab.plan import PlanError
from lab.privilege import NoRoot, become_root
from lab.progress import Progress
from lab.state import open_state

FAILED, WRONG_USE, INTERRUPTED = 1, 2, 130
_INVENTORY = Path(__file__).resolve().parents[1] / "inventory"

_DESCRIPTION = """\
Real machines inside one: four Debian hosts with their own systemd, OpenSSH and containerd on a network of their own,
with the DNS, the S3 server and the operator's seat that the inventory describes. Nothing outside changes.
"""
_EXAMPLES = """\
examples:
  python -m lab check                                  can this machine carry the lab?
  python -m lab up                                     boot it; repeat it after a crash
  python -m lab up --machines cluster-01,cluster-02    boot a part of it
  python -m lab status --json                          what runs, for programs
  python -m lab exec -- python runbooks/preflight.py   run a program at the operator's seat
  python -m lab shell cluster-02                       a root shell on a machine
  python -m lab fault partition cluster-03             pull a cable
  python -m lab heal                                   undo all faults
  python -m lab self-test                              does the audit of a deployed fleet find every fault?
  python -m lab down                                   leave no trace

environment:
  FLEETPROOF_LAB    name of the lab, `lab` without it: labs of different names run side by side
"""
_PURPOSES = {
    "up": "make namespaces, mounts and control groups for the lab's machines",
    "down": "remove the lab's namespaces, mounts and control groups",
    "status": "look into the lab's namespaces",
    "exec": "enter the network of the operator's seat; the program itself then runs as you",
    "shell": "enter one of the lab's machines",
    "fault": "break something inside the lab",
    "heal": "mend something inside the lab",
    "self-test": "break and mend things inside the lab",
    "check": "try whether this machine can make namespaces, mounts and control groups",
    "build": "make root file systems for the lab's machines",
}


def main(arguments: Sequence[str] | None = None) -> int:
    """
    Run one command.

    Returns:
        0 done; 1 it failed, or `status` or `check` found something wrong; 2 wrong use; 130 interrupted; `exec` and
        `shell` end with the program's own code

    """
    words = sys.argv[1:] if arguments is None else list(arguments)
    options = _parser().parse_args(words)
    os.umask(0o022)
    try:
        state = open_state()
        if not getattr(options, "list", False):
            become_root(words, _PURPOSES[options.command])
        # only now, so that --help and a slip of the finger are answered at once
        commands = import_module("lab.commands")
        word = options.command.replace("exec", "execute").replace("-", "_")
        code: int = getattr(commands, word)(options, state, Progress())
    except KeyboardInterrupt:
        print("interrupted; `python -m lab up` goes on from here, `python -m lab down` removes it", file=sys.stderr)
        return INTERRUPTED
    except (PlanError, NoRoot) as error:
        print(error, file=sys.stderr)
        return WRONG_USE
    except (OSError, RuntimeError) as error:
        print(error, file=sys.stderr)
        return FAILED
    return code


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m lab",
        description=_DESCRIPTION,
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    inventory = argparse.ArgumentParser(add_help=False)
    inventory.add_argument("--inventory", type=Path, default=_INVENTORY, metavar="DIR", help="the site to rebuild")
    inventory.add_argument("--machines", type=_names, default=(), metavar="A,B", help="these alone; all without it")

    commands.add_parser("up", parents=[inventory], help="boot the lab, or what is missing of it")
    commands.add_parser("down", help="end the lab and leave no trace")
    status = commands.add_parser("status", help="ask every part; exit code 1 unless all answer")
    status.add_argument("--json", action="store_true", help="for programs")
    seat = commands.add_parser("exec", help="run a program at the operator's seat")
    seat.add_argument("argv", nargs=argparse.REMAINDER, metavar="-- PROGRAM ...")
    shell = commands.add_parser("shell", help="a shell on a machine, or at the operator's seat")
    shell.add_argument("machine", nargs="?", help="the seat without it")
    _add_faults(commands)
    commands.add_parser("check", parents=[inventory], help="can this machine carry the lab?")
    commands.add_parser("build", help="build what the lab boots from, or find it built")
    return parser


def _add_faults(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """What breaks things, mends them, and tries whether it is noticed."""
    fault = commands.add_parser("fault", help="break something; --list tells what")
    fault.add_argument("--list", action="store_true", help="all faults and what they break")
    fault.add_argument("name", nargs="?")
    fault.add_argument("words", nargs="*", metavar="WORD")
    heal = commands.add_parser("heal", help="undo all faults, or those named")
    heal.add_argument("name", nargs="?")
    heal.add_argument("words", nargs="*", metavar="WORD")
    examination = commands.add_parser("self-test", help="every fault, and whether the audit finds it; 1 below 100 %%")
    examination.add_argument("--list", action="store_true", help="the rounds, with what each has to turn red")
    examination.add_argument("--only", action="append", default=[], metavar="TITLE", help="this round; repeatable")
    examination.add_argument("--json", action="store_true", help="for programs")


def _names(text: str) -> tuple[str, ...]:
    return tuple(name.strip() for name in text.split(",") if name.strip())
