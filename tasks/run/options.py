"""A runbook's command line. Imports nothing heavy: `--help` is answered before anything else is loaded."""

from __future__ import annotations

import argparse
import textwrap
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tasks.run.runbook import Runbook

EXIT_CODES = """\
exit codes (where several hold, the first in this order):
  130  interrupted; the report says how far it came
  1    something was judged bad (FAIL)
  3    something could not be judged (ERROR, UNREACHABLE, a declared row that did not come, no row at all)
  4    --plan, and changes are pending
  0    all good; a waived row stays visible and does not count
before anything runs:
  2    wrong usage, inventory, settings or waivers
  5    another run holds the fleet
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What the operator chose; see ``--help``."""

    plan: bool
    only: tuple[str, ...]
    limit: tuple[str, ...]
    resume: bool
    json: bool
    yes: bool
    confirmed: tuple[str, ...]
    waive: tuple[str, ...]
    waivers: Path | None
    report_dir: Path | None
    deadline_s: float
    list: bool
    prune: bool = False
    canary: str = ""


def parse_options(runbook: Runbook, argv: Sequence[str] | None) -> Options:
    """Read the arguments; exits with 2 and one sentence where they are wrong, with 0 after `--help`."""
    parsed = _parser(runbook).parse_args(argv)
    return Options(
        plan=parsed.plan,
        only=tuple(parsed.only),
        limit=tuple(parsed.limit),
        resume=parsed.resume,
        json=parsed.json,
        yes=parsed.yes,
        confirmed=tuple(parsed.confirmed),
        waive=tuple(parsed.waive),
        waivers=parsed.waivers,
        report_dir=parsed.report_dir,
        deadline_s=parsed.deadline,
        list=parsed.list,
        prune=parsed.prune,
        canary=parsed.canary,
    )


def _parser(runbook: Runbook) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog=f"{runbook.name}.py",
        description=runbook.summary,
        epilog="examples:\n" + textwrap.indent("\n".join(runbook.examples), "  ") + "\n\n" + EXIT_CODES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.set_defaults(limit=[], yes=False, confirmed=[], prune=False, canary="")
    _add_choice(parser, runbook)
    _add_running(parser, runbook)
    _add_telling(parser)
    return parser


def _add_choice(parser: argparse.ArgumentParser, runbook: Runbook) -> None:
    group = parser.add_argument_group("what and where")
    slugs = ", ".join(stage.slug for stage in runbook.stages)
    group.add_argument(
        "--only", metavar="STAGE[,..]", type=_names, default=[], help=f"walk these stages alone: {slugs}"
    )
    if runbook.confirm:
        parser.add_argument("limit", metavar="HOST", nargs="+", help="exact name of a host; groups are not taken here")
    else:
        group.add_argument("--limit", metavar="HOST[,..]", type=_names, help="these hosts alone, by name or group")
    group.add_argument("--list", action="store_true", help="show the stages with the rows they owe, and run nothing")


def _add_running(parser: argparse.ArgumentParser, runbook: Runbook) -> None:
    group = parser.add_argument_group("how")
    group.add_argument("--plan", action="store_true", help="walk the same path, change nothing, say what would change")
    group.add_argument(
        "--resume", action="store_true", help="skip what a host has finished with the same inputs; check the last again"
    )
    if runbook.confirm:
        group.add_argument(
            "--yes", dest="confirmed", metavar="HOST[,..]", type=_names, help="the name that would be asked for"
        )
    else:
        asks = (
            "do not ask before --prune deletes" if runbook.prunes else "accepted for scripts; this runbook asks nothing"
        )
        group.add_argument("--yes", action="store_true", help=asks)
    _add_caution(group, runbook)
    group.add_argument(
        "--deadline", metavar="SECONDS", type=_seconds, default=7200.0, help="for the whole run; default: 7200"
    )
    group.add_argument(
        "--waive",
        metavar="CHECK[@TARGET]=REASON",
        action="append",
        default=[],
        help="live with one bad row; repeatable",
    )
    group.add_argument(
        "--waivers", metavar="FILE", type=Path, help="YAML list of check, target, reason, until; FLEETPROOF_WAIVERS"
    )


def _add_caution(group: argparse._ArgumentGroup, runbook: Runbook) -> None:
    if runbook.mutates and not runbook.confirm:
        group.add_argument(
            "--canary",
            metavar="HOST",
            default="",
            help="change and prove this host first; the others are touched only when all of its rows are good",
        )
    if runbook.prunes:
        group.add_argument(
            "--prune",
            action="store_true",
            help="delete what earlier versions left behind, never what holds data; asks, and --plan --prune shows it",
        )


def _add_telling(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("telling")
    group.add_argument("--json", action="store_true", help="the canonical report on standard output, nothing else")
    group.add_argument(
        "--report-dir", metavar="FOLDER", type=Path, help="where reports go; default: reports/ of the state folder"
    )


def _names(text: str) -> list[str]:
    names = [name.strip() for name in text.split(",") if name.strip()]
    if not names:
        raise argparse.ArgumentTypeError("holds no name")
    return names


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = 0.0
    if not 0 < seconds < float("inf"):
        raise argparse.ArgumentTypeError(f"{text!r} is no positive number of seconds")
    return seconds
