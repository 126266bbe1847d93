"""A fleet that is what it should be, deployed once more: ours, and a loop over the literal command."""

import json
import sys
from collections.abc import Callable, Iterator
from functools import partial
from importlib.metadata import version
from pathlib import Path

from bench.model import BenchError, Contender, Subject, Target, Took
from bench.record import ROOT, Report, played
from bench.rounds import must_exit
from bench.subjects.deployed import KUBECTL, deployed, lay_down, looping, order_of
from tasks.fleet.load import load_fleet

REPETITIONS = 5
STAGES = (
    "define-kinds,install-cilium,announce-addresses,close-kube-system,provide-storage,deploy-opensearch,"
    "deploy-monitoring,deploy-thanos,ship-logs,deploy-grafana,schedule-the-audit"
)
_UNCHANGED_S = 10.0
_APPLY = f'{KUBECTL} apply --server-side --force-conflicts --field-manager=fleetproof -f "$built" >/dev/null || exit 2'


def measure(folder: Path, repetitions: int | None, say: Callable[[str], None]) -> Iterator[Report]:
    """Measure on the lab, which is deployed where it is not yet."""
    overlays = lay_down(folder)
    with deployed(say, folder) as seat:
        yield played(subject(overlays), repetitions or REPETITIONS, seat.run, say)


def subject(overlays: Path) -> Subject:
    """Ours and the loop."""
    names = tuple(cluster.name for cluster in load_fleet(ROOT / "inventory").clusters)
    ours = (sys.executable, "runbooks/full_deploy.py", "--json", "--only", STAGES)
    return Subject(
        name="apply",
        title=f"every component of {len(names)} clusters applied once more, where nothing differs",
        reference="ours",
        unit="cluster",
        unit_count=len(names),
        contenders=(
            Contender(
                name="ours",
                title="fleetproof, full_deploy.py with the stages that apply",
                version=version("fleetproof"),
                order=partial(order_of, ours),
                gathered=_changed_nothing,
            ),
            looping("kustomize build --enable-helm, kubectl apply", overlays, _APPLY),
        ),
        targets=(Target(who="ours", limit=_UNCHANGED_S, says="four unchanged clusters, seconds"),),
        notes=("Ours also compares every Secret, and says that nothing was changed; the loop sends everything.",),
    )


def _changed_nothing(folder: Path, took: Took) -> dict[str, int]:
    must_exit(took)
    stages = json.loads((folder / "stdout").read_text())["stages"]
    if changes := [change["sentence"] for stage in stages for change in stage["changes"]]:
        raise BenchError(f"{len(changes)} changes were made where nothing differed: {changes[0]}")
    return {"components": sum(finding["verdict"] == "PASS" for stage in stages for finding in stage["findings"])}
