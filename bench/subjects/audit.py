"""The nightly audit: of the lab's four deployed clusters, and of made-up fleets of 4, 64 and 512 hosts."""

import json
import sys
from collections.abc import Callable, Iterator
from functools import partial
from importlib.metadata import version
from pathlib import Path

from bench.model import BenchError, Contender, Order, Subject, Target, Took
from bench.record import ROOT, Report, played
from bench.rounds import must_exit
from bench.stopwatch import measure as on_this_machine
from bench.subjects.deployed import KUBECTL, deployed, lay_down, looping, order_of
from bench.subjects.readers import of_stages
from lab.self_test.rounds import read_rounds
from tasks.fleet.load import load_fleet

REPETITIONS = 5
SIZES = (4, 64, 512)
_WHOLE_S = 20.0
_FLAT = 1.15
_OVER_CHAIN = 1.2
_ROWS = 500
"""An audit of four deployed clusters has more; one of bare machines, which asks nothing of clusters, has fewer."""
_COMPARE = (
    f"{KUBECTL} get pods -A >/dev/null || exit 2; {KUBECTL} diff --server-side --force-conflicts "
    '--field-manager=fleetproof -f "$built" >/dev/null; [ $? -lt 2 ] || exit 2'
)


def measure(folder: Path, repetitions: int | None, say: Callable[[str], None]) -> Iterator[Report]:
    """Measure the made-up fleets here, and the real one on the lab, which is deployed where it is not yet."""
    yield played(simulated(folder / "states"), repetitions or REPETITIONS, on_this_machine, say)
    overlays = lay_down(folder)
    with deployed(say, folder) as seat:
        yield played(real(overlays), repetitions or REPETITIONS, seat.run, say)


def simulated(states: Path) -> Subject:
    """The same night over and over, of fleets of three sizes."""
    first, middle, last = (str(size) for size in SIZES)
    return Subject(
        name="audit-simulated",
        title=f"the audit's engine over {', '.join(map(str, SIZES))} made-up hosts",
        reference=middle,
        unit="fleet",
        unit_count=1,
        contenders=tuple(_night(states, size) for size in SIZES),
        targets=(
            Target(
                who=last, than=middle, figure="cpu_s", limit=SIZES[2] / SIZES[1] * _FLAT,
                says=f"{last} hosts, times {middle}: the same cost per host and 15%",
            ),
            Target(who=last, figure="peak_rss_mib", limit=512, says=f"{last} hosts, MiB of memory"),
        ),
        notes=(
            "Every host answers what a real machine was recorded to say, and nothing is sent.",
            "Parsing, judging, consequences, comparison with the night before and the page are the product's own.",
            f"{first} hosts show what starting costs.",
        ),
    )  # fmt: skip


def _night(states: Path, size: int) -> Contender:
    def order(folder: Path) -> Order:
        state = states / str(size)
        state.mkdir(parents=True, exist_ok=True)
        return Order(
            argv=(sys.executable, "bench/contenders/audit_simulated.py", str(size), str(state)),
            env={"PYTHONPATH": str(ROOT / "runbooks")},
            cwd=str(ROOT),
            stdout=str(folder / "stdout"),
            stderr=str(folder / "stderr"),
        )

    def gathered(folder: Path, took: Took) -> dict[str, int]:
        must_exit(took)
        rows = int(json.loads((folder / "stdout").read_text())["rows"])
        if rows < size:
            raise BenchError(f"{rows} rows of {size} hosts")
        return {"rows": rows}

    return Contender(
        name=str(size), title=f"{size} hosts", version=version("fleetproof"), order=order, gathered=gathered
    )


def real(overlays: Path) -> Subject:
    """The whole audit of the deployed lab, and a loop that only compares and lists."""
    names = tuple(cluster.name for cluster in load_fleet(ROOT / "inventory").clusters)
    stages = ",".join(read_rounds().stages)
    audit = (sys.executable, "runbooks/nightly_audit.py", "--json", "--only", stages)
    return Subject(
        name="audit",
        title=f"the whole audit of {len(names)} deployed clusters",
        reference="audit",
        unit="cluster",
        unit_count=len(names),
        contenders=(
            Contender(
                name="audit",
                title="fleetproof, every stage of nightly_audit.py that looks",
                version=version("fleetproof"),
                order=partial(order_of, audit),
                gathered=_audited,
            ),
            looping("pods listed and every overlay compared, no more", overlays, _COMPARE),
        ),
        targets=(
            Target(who="audit", limit=_WHOLE_S, says="the audit of four clusters, seconds"),
            Target(
                who="audit", figure="over_longest_chain", limit=_OVER_CHAIN,
                says="the audit, times what its slowest host's own steps and the fleet's take",
            ),
        ),
        notes=("What it does not compare again is what nobody has written since the warm-up round.",),
    )  # fmt: skip


def _audited(folder: Path, took: Took) -> dict[str, int]:
    must_exit(took)
    report = (folder / "stdout").read_text()
    rows = sum(len(stage["findings"]) for stage in json.loads(report)["stages"])
    if rows < _ROWS:
        raise BenchError(
            f"{rows} rows: the lab's fleet is not deployed; `python -m lab exec -- python runbooks/full_deploy.py`"
        )
    return {"rows": rows, **of_stages(report)}
