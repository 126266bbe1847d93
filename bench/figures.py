"""Medians, ratios round by round, and whether what was promised holds. Pure."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from statistics import median

from bench.model import Sample, Target

CRITICAL_PATH, LONGEST_CHAIN = "critical path, ms", "longest chain, ms"
"""Of what a run of ours says of itself; see ``bench.subjects.readers.of_stages``."""

_KIB = 1024.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Spread:
    """Smallest, middle and largest of several measurements."""

    min: float
    median: float
    max: float


def spread(values: Sequence[float]) -> Spread:
    """Of at least one value; raises ``ValueError`` where there is none, for nothing was measured then."""
    if not values:
        raise ValueError("no measurement")
    return Spread(min=min(values), median=median(values), max=max(values))


FIGURES: dict[str, Callable[[Sample], float]] = {
    "wall_s": lambda sample: sample.took.wall_s,
    "cpu_s": lambda sample: sample.took.cpu_s,
    "peak_rss_mib": lambda sample: sample.took.peak_rss_kib / _KIB,
    "tree_mib": lambda sample: sample.took.tree_kib / _KIB,
    "over_critical_path": lambda sample: sample.took.wall_s * 1000 / sample.gathered[CRITICAL_PATH],
    "over_longest_chain": lambda sample: sample.took.wall_s * 1000 / sample.gathered[LONGEST_CHAIN],
}


def figure_of(name: str, samples: Sequence[Sample]) -> Spread:
    """One of ``FIGURES`` over several samples."""
    return spread([FIGURES[name](sample) for sample in samples])


def ratio(samples: Sequence[Sample], reference: Sequence[Sample], figure: str = "wall_s") -> Spread:
    """
    How many times as much, round by round: both of a pair ran within the same minute on the same machine.

    Raises:
        ValueError: the two did not run in the same rounds

    """
    value = FIGURES[figure]
    return spread(
        [value(one) / value(other) for one, other in zip(samples, _same_rounds(samples, reference), strict=True)]
    )


def _same_rounds(samples: Sequence[Sample], reference: Sequence[Sample]) -> Sequence[Sample]:
    if [one.round for one in samples] != [one.round for one in reference]:
        raise ValueError("not measured in the same rounds")
    return reference


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """A target and what was measured."""

    says: str
    limit: float
    measured: float
    met: bool


def judge(target: Target, samples: Mapping[str, Sequence[Sample]], warm: Mapping[str, Sample]) -> Judged:
    """Compare the median with the limit; memory of whole trees is known from the warm-up round alone."""
    seen = {name: [sample] for name, sample in warm.items()} if target.figure == "tree_mib" else samples
    ours = seen[target.who]
    measured = ratio(ours, seen[target.than], target.figure) if target.than else figure_of(target.figure, ours)
    return Judged(says=target.says, limit=target.limit, measured=measured.median, met=measured.median <= target.limit)
