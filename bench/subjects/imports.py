"""How long `--help` of every runbook takes: what is imported before anything is asked for."""

import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from functools import partial
from importlib.metadata import version
from pathlib import Path

from bench.model import BenchError, Contender, Order, Subject, Target, Took
from bench.record import ROOT, Report, played
from bench.rounds import must_exit
from bench.stopwatch import measure as on_this_machine

REPETITIONS = 9
_LIMIT_S = 0.3
_BARE = "interpreter"
_TOLD = 6
_LINE = re.compile(r"^import time:\s+(?P<own>\d+) \|\s+(?P<whole>\d+) \| (?P<indent>\s*)(?P<module>\S+)$", re.MULTILINE)


def measure(_folder: Path, repetitions: int | None, say: Callable[[str], None]) -> Iterator[Report]:
    """Measure here; no lab is needed."""
    yield played(subject(sorted((ROOT / "runbooks").glob("*.py"))), repetitions or REPETITIONS, on_this_machine, say)


def subject(runbooks: list[Path]) -> Subject:
    """Every runbook, and the bare interpreter to compare with."""
    bare = _contender(
        _BARE, "the interpreter alone", (sys.executable, "-c", "print('usage: none')"), sys.version.split()[0]
    )
    return Subject(
        name="imports",
        title="`--help` of every runbook",
        reference=_BARE,
        unit="runbook",
        unit_count=1,
        contenders=(
            bare,
            *(
                _contender(
                    file.stem, f"`{file.name} --help`", (sys.executable, str(file), "--help"), version("fleetproof")
                )
                for file in runbooks
            ),
        ),
        targets=tuple(
            Target(who=file.stem, limit=_LIMIT_S, says=f"`{file.name} --help`, seconds") for file in runbooks
        ),
        notes=tuple(_dearest(file) for file in runbooks),
    )


def import_times(text: str) -> list[tuple[str, int]]:
    """What `python -X importtime` wrote: modules with their own microseconds, the dearest first."""
    found = [(line["module"], int(line["own"])) for line in _LINE.finditer(text)]
    return sorted(found, key=lambda one: -one[1])


def _contender(name: str, title: str, argv: tuple[str, ...], release: str) -> Contender:
    return Contender(name=name, title=title, version=release, order=partial(_order, argv), gathered=_told_its_usage)


def _order(argv: tuple[str, ...], folder: Path) -> Order:
    return Order(argv=argv, cwd=str(ROOT), stdout=str(folder / "stdout"), stderr=str(folder / "stderr"))


def _told_its_usage(folder: Path, took: Took) -> dict[str, int]:
    must_exit(took)
    lines = (folder / "stdout").read_text().splitlines()
    if not lines or not lines[0].startswith("usage:"):
        raise BenchError("told no usage")
    return {"lines": len(lines)}


def _dearest(file: Path) -> str:
    argv = (sys.executable, "-X", "importtime", str(file), "--help")
    said = subprocess.run(argv, cwd=ROOT, capture_output=True, text=True, check=True)
    times = import_times(said.stderr)
    dearest = ", ".join(f"{module} {own / 1000:.1f}" for module, own in times[:_TOLD])
    return f"`{file.name} --help` imports {len(times)} modules; the dearest, in ms of their own: {dearest}"
