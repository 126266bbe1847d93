"""The front of every runbook: options, lock, journal, engine, report, exit code."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, NoReturn

from tasks.model.errors import FleetError, InventoryError, Locked, SettingsError
from tasks.model.record import Exit
from tasks.run.options import parse_options

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from tasks.reports.report import Report
    from tasks.run.context import RunContext
    from tasks.run.stage import Stage


@dataclass(frozen=True, slots=True, kw_only=True)
class Runbook:
    """
    A named, literal tuple of stages.

    Attributes:
        name: of the script, without ``.py``
        summary: one sentence for `--help` and the report
        examples: command lines for `--help`
        stages: in the order in which they are walked
        mutates: takes the lock and keeps the journal; False where nothing is ever changed
        confirm: what will be lost: "destroys the cluster on this machine". Then hosts are named one by one, never by
            group, and each name is typed again. Empty where the runbook converges and asks nothing
        prunes: has stages that delete what earlier versions left behind, where --prune asks for it
        pages: makes further renderings of the report that has ended: file name to text

    """

    name: str
    summary: str
    examples: tuple[str, ...]
    stages: tuple[Stage, ...]
    mutates: bool
    confirm: str = ""
    prunes: bool = False
    pages: Callable[[Report, RunContext], Mapping[str, str]] | None = None


def main(runbook: Runbook, argv: Sequence[str] | None = None, *, root: Path | None = None) -> int:
    """
    Run a runbook from the command line; returns its exit code, see ``--help``.

    Arguments:
        argv: default: the process's arguments
        root: the project's folder; default: the one that holds this package

    """
    given = tuple(sys.argv[1:] if argv is None else argv)
    options = parse_options(runbook, given)
    # from here on the heavy libraries are loaded
    from tasks.run.session import masked_traceback, run_session  # noqa: PLC0415

    try:
        ended = run_session(runbook, options, given, root)
    except KeyboardInterrupt:
        return _refuse(Exit.INTERRUPTED, "interrupted before anything ran")
    except (InventoryError, SettingsError) as error:
        return _refuse(Exit.USAGE, str(error))
    except Locked as error:
        return _refuse(Exit.LOCKED, str(error))
    except FleetError as error:
        return _refuse(Exit.UNJUDGED, str(error))
    except Exception:  # noqa: BLE001  a traceback of Python's own would show secrets
        return _refuse(Exit.UNJUDGED, masked_traceback(root))
    if ended.left_behind and argv is None:
        _leave(ended.code)
    return ended.code


def _leave(code: int) -> NoReturn:
    """End the process although a step hangs in a thread that an ordinary exit might wait for."""
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


def _refuse(code: Exit, sentence: str) -> int:
    print(sentence, file=sys.stderr)  # noqa: T201  a command line program speaks
    return int(code)
