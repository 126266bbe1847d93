"""What to run, what it took, and who is compared with whom. Values only."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path


class BenchError(RuntimeError):
    """A measurement cannot be made; the text says why and what to do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """
    One process to run and time.

    Attributes:
        argv: the program and its arguments
        env: added to the environment of whoever runs it
        cwd: its working directory
        stdin: file that is its standard input; none without it
        stdout, stderr: files that take its output
        timeout_s: after this it is killed, and the measurement is void
        watch_memory: add up the memory of the whole process tree, which costs time: never in a round that counts

    """

    argv: tuple[str, ...]
    env: Mapping[str, str] = field(default_factory=dict)
    cwd: str
    stdin: str = "/dev/null"
    stdout: str
    stderr: str
    timeout_s: float = 600.0
    watch_memory: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Took:
    """
    What one process cost.

    Attributes:
        exit_code: negative where a signal ended it
        wall_s: from before its start until it was gone, seconds
        cpu_s: user and system time of it and of all descendants that were waited for, seconds
        peak_rss_kib: the largest resident set of any single one of them (``ru_maxrss``)
        tree_kib: the largest sum over all of them at one moment, shared pages counted once (PSS); 0 where not watched

    """

    exit_code: int
    wall_s: float
    cpu_s: float
    peak_rss_kib: int
    tree_kib: int = 0


Run = Callable[[Order], Took]


@dataclass(frozen=True, slots=True, kw_only=True)
class Contender:
    """
    One way of doing the work.

    Attributes:
        name: short and stable: the key in the JSON file
        title: for tables
        version: of the program that does it
        order: given an empty folder of its own, what to run
        gathered: given that folder and the finished run, counts of what it achieved; raises ``BenchError`` where
            that is not what was asked for, and the run does not count
        before: makes the state from which it starts; not timed
        after: undoes what outlives the process; not timed

    """

    name: str
    title: str
    version: str
    order: Callable[[Path], Order]
    gathered: Callable[[Path, Took], dict[str, int]]
    before: Callable[[], None] = lambda: None
    after: Callable[[Path], None] = lambda _folder: None


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """
    What is promised: ``who`` takes at most ``limit`` times what ``than`` takes, or at most ``limit`` of the unit.

    Attributes:
        figure: one of ``bench.figures.FIGURES``
        than: another contender; empty where ``limit`` is absolute

    """

    who: str
    limit: float
    figure: str = "wall_s"
    than: str = ""
    says: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """
    One comparison.

    Attributes:
        name: the result's file name
        title: one line
        reference: the contender that all others are compared with
        unit_count: hosts, clusters or runbooks that the work is for
        notes: what a reader has to know to judge the comparison

    """

    name: str
    title: str
    reference: str
    unit: str
    unit_count: int
    contenders: tuple[Contender, ...]
    targets: tuple[Target, ...]
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """One timed run; ``round`` counts from 1, ``place`` is its turn within the round."""

    round: int
    place: int
    took: Took
    gathered: Mapping[str, int]
