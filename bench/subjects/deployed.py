"""The lab with the whole fleet deployed on it, for what is measured of a fleet that is there."""

import shutil
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from bench.model import Order
from bench.record import ROOT
from bench.rounds import must_exit
from bench.seat import Seat, ground
from lab.build.cache import default_cache
from lab.build.sources import SOURCES
from tasks.deploy.charts import Sources, lay_in_place
from tasks.deploy.overlay import buildable, components_of_cluster
from tasks.fleet.load import load_fleet
from tasks.transport.local import LocalShell

_DEPLOY_S = 1800.0
_ENROL = f'{sys.executable} runbooks/enrol.py --expect "$FLEETPROOF_FINGERPRINTS"'

KUBECTL = 'kubectl --kubeconfig "$FLEETPROOF_STATE/clusters/$cluster/admin.conf"'
"""For ``loop``: with the cluster's own administrator."""
_TRAITS = ("lab", "audit")


def loop(overlays: Path, work: str) -> tuple[str, ...]:
    """
    A shell loop that builds every overlay of every cluster, clusters side by side, and fails where one step did.

    Arguments:
        overlays: see ``lay_down``
        work: what is done with each rendering, the file ``$built``

    """
    script = f"""\
overlays=$1; shift
for cluster; do (
  for overlay in "$overlays/$cluster"/*/; do
    built="$overlays/$cluster.yaml"
    kustomize build "$overlay" --enable-helm >"$built" || exit 2
    {work}
  done
) & pids="$pids $!"; done
for pid in $pids; do wait "$pid" || exit 2; done
"""
    return ("sh", "-c", script, "sh", str(overlays), *(it.name for it in load_fleet(ROOT / "inventory").clusters))


def lay_down(folder: Path) -> Path:
    """Every overlay with the lab's component, by cluster, over a copy of the tree that has its charts in place."""
    plain, overlays = folder / "plain", folder / "overlays"
    charts = (ROOT / "lab" / "charts", default_cache().path(SOURCES) / "charts")
    shutil.copytree(ROOT / "kustomize", plain / "kustomize", ignore=shutil.ignore_patterns("charts"))
    lay_in_place(plain, LocalShell(), Sources(folders=charts, stand_ins=True))
    for cluster in load_fleet(ROOT / "inventory").clusters:
        for overlay in components_of_cluster(plain, cluster, _TRAITS):
            built = buildable(plain, overlay, _TRAITS, overlays)
            if not built.is_relative_to(overlays):
                (overlays / cluster.name).mkdir(parents=True, exist_ok=True)
                (overlays / cluster.name / overlay.component).symlink_to(built)
    return overlays


@contextmanager
def deployed(say: Callable[[str], None], folder: Path) -> Iterator[Seat]:
    """The seat of the lab of this environment, where the fleet is deployed by now."""
    with ground(say, folder), Seat() as seat:
        say("deploying, where that is not done")
        for name, argv in (("enrol", ("sh", "-c", _ENROL)), ("deploy", (sys.executable, "runbooks/full_deploy.py"))):
            (folder / name).mkdir()
            must_exit(seat.run(replace(order_of(argv, folder / name), timeout_s=_DEPLOY_S)))
        yield seat


def order_of(argv: tuple[str, ...], folder: Path) -> Order:
    """A program at the seat, in the project's folder, with the site's own state."""
    return Order(argv=argv, cwd=str(ROOT), stdout=str(folder / "stdout"), stderr=str(folder / "stderr"))
