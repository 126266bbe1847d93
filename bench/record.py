"""The result of one subject: everything that a reader needs to believe it, as JSON."""

import os
import platform
import subprocess
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from pydantic import TypeAdapter

from bench.figures import Judged, Spread, figure_of, judge, ratio
from bench.model import BenchError, Contender, Run, Sample, Subject
from bench.rounds import play

ROOT = Path(__file__).resolve().parents[1]
RESULTS = ROOT / "bench" / "results"
NAMES = (
    "facts",
    "scale-64",
    "scale-256",
    "clusters",
    "deploy",
    "render",
    "apply",
    "audit-simulated",
    "audit",
    "imports",
)
"""Every subject's file name, in the order in which a reader wants them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Machine:
    """Where it was measured; the fleet's machines and the operator share it."""

    cores: int
    memory_gib: float
    kernel: str
    python: str
    load_before: float
    load_after: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """
    One contender's figures.

    Attributes:
        ratio: its wall time by that of the reference, round by round
        tree_mib: memory of all its processes at once, in the warm-up round
        gathered: what every run of it achieved, least and most over the runs

    """

    name: str
    title: str
    version: str
    wall_s: Spread
    cpu_s: Spread
    peak_rss_mib: Spread
    tree_mib: float
    ratio: Spread
    gathered: Mapping[str, tuple[int, int]]
    samples: tuple[Sample, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """One subject, measured."""

    name: str
    title: str
    measured_at: str
    revision: str
    repetitions: int
    unit: str
    unit_count: int
    reference: str
    machine: Machine
    standings: tuple[Standing, ...]
    targets: tuple[Judged, ...]
    notes: tuple[str, ...]


_ADAPTER = TypeAdapter(Report)


def report_of(
    subject: Subject, samples: Mapping[str, Sequence[Sample]], warm: Mapping[str, Sample], load_before: float
) -> Report:
    """Sum up what was measured just now."""
    return Report(
        name=subject.name,
        title=subject.title,
        measured_at=datetime.now(UTC).isoformat(timespec="seconds"),
        revision=_revision(),
        repetitions=len(samples[subject.reference]),
        unit=subject.unit,
        unit_count=subject.unit_count,
        reference=subject.reference,
        machine=_machine(load_before),
        standings=tuple(
            _standing(one, samples[one.name], samples[subject.reference], warm[one.name]) for one in subject.contenders
        ),
        targets=tuple(judge(target, samples, warm) for target in subject.targets),
        notes=subject.notes,
    )


def played(subject: Subject, repetitions: int, run: Run, say: Callable[[str], None]) -> Report:
    """Measure a subject and sum it up."""
    load_before = os.getloadavg()[0]
    samples, warm = play(subject.contenders, repetitions, run, say)
    return report_of(subject, samples, warm, load_before)


def save(report: Report, file: Path) -> None:
    """Write it, whole or not at all."""
    draft = file.with_suffix(".draft")
    file.parent.mkdir(parents=True, exist_ok=True)
    draft.write_bytes(_ADAPTER.dump_json(report, indent=1) + b"\n")
    draft.replace(file)


def load(file: Path) -> Report:
    """
    Read it back.

    Raises:
        BenchError: there is none, or it is none

    """
    try:
        return _ADAPTER.validate_json(file.read_bytes())
    except FileNotFoundError as error:
        raise BenchError(f"{file}: not measured yet; `python -m bench {file.stem.partition('-')[0]}` does") from error
    except ValueError as error:
        raise BenchError(f"{file}: {error}") from error


def _standing(contender: Contender, samples: Sequence[Sample], ours: Sequence[Sample], warm: Sample) -> Standing:
    keys = samples[0].gathered
    counts = {key: [sample.gathered[key] for sample in samples] for key in keys}
    return Standing(
        name=contender.name,
        title=contender.title,
        version=contender.version,
        wall_s=figure_of("wall_s", samples),
        cpu_s=figure_of("cpu_s", samples),
        peak_rss_mib=figure_of("peak_rss_mib", samples),
        tree_mib=figure_of("tree_mib", [warm]).max,
        ratio=ratio(samples, ours),
        gathered={key: (min(values), max(values)) for key, values in counts.items()},
        samples=tuple(samples),
    )


def _machine(load_before: float) -> Machine:
    return Machine(
        cores=os.cpu_count() or 0,
        memory_gib=round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30, 1),
        kernel=platform.release(),
        python=platform.python_version(),
        load_before=round(load_before, 2),
        load_after=round(os.getloadavg()[0], 2),
    )


def _revision() -> str:
    argv = ("git", "-C", str(ROOT), "describe", "--always", "--dirty=+dirty", "--exclude=*", "--abbrev=12")
    said = subprocess.run(argv, capture_output=True, text=True, check=False)
    return said.stdout.strip()
