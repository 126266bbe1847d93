"""All overlays of all clusters, rendered and guarded: ours cold and again, and a loop over the literal command."""

import json
import os
import shutil
import sys
from collections.abc import Callable, Iterator
from functools import partial
from importlib.metadata import version
from pathlib import Path

from bench.model import BenchError, Contender, Order, Subject, Target, Took
from bench.record import ROOT, Report, played
from bench.rounds import must_exit
from bench.stopwatch import measure as on_this_machine
from bench.subjects.tree import chart_folders, copied_tree
from lab.build.cache import default_cache
from lab.build.recipes import BIN
from lab.build.sources import SOURCES
from lab.build.toolsets import KUSTOMIZE
from tasks.deploy.overlay import components_of_cluster
from tasks.fleet.load import load_fleet

REPETITIONS = 5
_COLD_S, _AGAIN_S = 20.0, 5.0
_LOOP = 'for overlay; do kustomize build "$overlay" --enable-helm || exit 1; done'


def measure(folder: Path, repetitions: int | None, say: Callable[[str], None]) -> Iterator[Report]:
    """Measure here; no lab is needed, but what it builds."""
    cache = default_cache()
    if not cache.has(BIN) or not cache.has(SOURCES):
        raise BenchError("kustomize, helm and the charts are wanted: python -m lab build")
    plain = copied_tree(folder / "plain")
    environment = {
        "PATH": f"{cache.path(BIN)}{os.pathsep}{os.environ['PATH']}",
        "FLEETPROOF_CHARTS": os.pathsep.join(map(str, chart_folders())),
        "FLEETPROOF_SCHEMAS": str(cache.path(SOURCES)),
        "FLEETPROOF_TRAITS": "lab,audit",
    }
    yield played(subject(plain, environment, folder / "kept"), repetitions or REPETITIONS, on_this_machine, say)


def subject(plain: Path, environment: dict[str, str], kept: Path) -> Subject:
    """Ours twice, and the loop."""
    fleet = load_fleet(ROOT / "inventory")
    overlays = tuple(
        str(it.path) for cluster in fleet.clusters for it in components_of_cluster(plain, cluster, ("audit",))
    )
    ours = partial(_ours, environment, len(overlays))
    return Subject(
        name="render",
        title=f"{len(overlays)} overlays of {len(fleet.clusters)} clusters",
        reference="cold",
        unit="overlay",
        unit_count=len(overlays),
        contenders=(
            ours(
                "cold",
                "fleetproof's check: built twice, guarded, held against schemas",
                lambda: _empty(kept),
                kept,
            ),
            ours("again", "fleetproof's check, with what it has kept", lambda: None, kept),
            Contender(
                name="loop",
                title="a shell loop over `kustomize build --enable-helm`: each once, nothing checked",
                version=f"kustomize {KUSTOMIZE.version.removeprefix('v')}",
                order=lambda folder: Order(
                    argv=("sh", "-c", _LOOP, "sh", *overlays),
                    env=environment,
                    cwd=str(plain),
                    stdout=str(folder / "stdout"),
                    stderr=str(folder / "stderr"),
                ),
                gathered=_looped,
            ),
        ),
        targets=(
            Target(who="cold", limit=_COLD_S, says="all overlays, seconds"),
            Target(who="again", limit=_AGAIN_S, says="all overlays the second time, seconds"),
        ),
        notes=("The lab's small charts; whole upstream charts take longer, for all alike.",),
    )


def _empty(kept: Path) -> None:
    shutil.rmtree(kept, ignore_errors=True)


def _ours(
    environment: dict[str, str], count: int, name: str, title: str, before: Callable[[], None], kept: Path
) -> Contender:
    def order(folder: Path) -> Order:
        return Order(
            argv=(sys.executable, "-m", "tasks.deploy", "check", "--json"),
            env={**environment, "FLEETPROOF_STATE": str(kept)},
            cwd=str(ROOT),
            stdout=str(folder / "stdout"),
            stderr=str(folder / "stderr"),
        )

    def gathered(folder: Path, took: Took) -> dict[str, int]:
        must_exit(took)
        rendered = json.loads((folder / "stdout").read_text())["rows"]
        if len(rendered) != count:
            raise BenchError(f"{len(rendered)} of {count} overlays were rendered")
        return {"overlays": len(rendered)}

    return Contender(
        name=name, title=title, version=version("fleetproof"), order=order, gathered=gathered, before=before
    )


def _looped(folder: Path, took: Took) -> dict[str, int]:
    must_exit(took)
    return {"objects": (folder / "stdout").read_text().count("\nkind: ")}
