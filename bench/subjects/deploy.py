"""From four bare machines to the whole monitored fleet, held against what its own steps take."""

from collections.abc import Callable, Iterator
from importlib.metadata import version
from pathlib import Path

from bench.model import Contender, Subject, Target, Took
from bench.record import Report, played
from bench.rounds import must_exit
from bench.seat import ground
from bench.subjects import readers
from bench.subjects.clusters import Clusters

REPETITIONS = 3
_WHOLE_S = 480.0
_OVER_PATH = 1.05
_TIMEOUT_S = 1800.0


def measure(folder: Path, repetitions: int | None, say: Callable[[str], None]) -> Iterator[Report]:
    """Measure on the lab's four machines, bare before every run."""
    with ground(say, folder) as here:
        clusters = Clusters(here=here, say=say)
        yield played(subject(clusters), repetitions or REPETITIONS, clusters.run, say)


def subject(clusters: Clusters) -> Subject:
    """The whole runbook; nobody else does the whole of it."""
    count = len(clusters.fleet.clusters)
    return Subject(
        name="deploy",
        title=f"{count} bare machines become a monitored fleet, proven",
        reference="ours",
        unit="cluster",
        unit_count=count,
        contenders=(
            Contender(
                name="ours",
                title="fleetproof, full_deploy.py as a whole",
                version=version("fleetproof"),
                order=lambda folder: clusters.deployment(folder, timeout_s=_TIMEOUT_S),
                gathered=_gathered,
                before=clusters.start_bare,
            ),
        ),
        targets=(
            Target(who="ours", limit=_WHOLE_S, says="the whole deployment, seconds"),
            Target(
                who="ours", figure="over_critical_path", limit=_OVER_PATH,
                says="the whole deployment, times the sum of its stages' slowest hosts",
            ),
        ),
        notes=(
            "The critical path waits in every stage for the slowest host; the longest chain is one host's steps alone.",
            "The lab is taken down and booted anew before every run, which is not timed.",
        ),
    )  # fmt: skip


def _gathered(folder: Path, took: Took) -> dict[str, int]:
    must_exit(took)
    report = (folder / "stdout").read_text()
    return {**readers.of_report(report), **readers.of_stages(report)}
