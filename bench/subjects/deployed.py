"""The lab with the whole fleet deployed on it, for what is measured of a fleet that is there."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path

from bench.model import Contender, Order, Took
from bench.record import ROOT
from bench.rounds import must_exit
from bench.seat import Seat, ground
from bench.subjects.tree import copied_tree, lay_overlay
from tasks.deploy.overlay import components_of_cluster
from tasks.fleet.load import load_fleet

_DEPLOY_S = 1800.0
_ENROL = f'{sys.executable} runbooks/enrol.py --expect "$FLEETPROOF_FINGERPRINTS"'

KUBECTL = 'kubectl --kubeconfig "$FLEETPROOF_STATE/clusters/$cluster/admin.conf"'
"""For ``looping``: with the cluster's own administrator."""
_TRAITS = ("lab", "audit")


def looping(title: str, overlays: Path, work: str) -> Contender:
    """
    A shell loop that builds every overlay of every cluster, clusters side by side, and fails where one step did.

    Arguments:
        overlays: see ``lay_down``
        work: what is done with each rendering, the file ``$built``

    """

    def ended(_folder: Path, took: Took) -> dict[str, int]:
        must_exit(took)
        return {}

    return Contender(
        name="loop",
        title=f"a shell loop, clusters side by side: {title}",
        version="Kubernetes as the lab has it",
        order=partial(order_of, loop(overlays, work)),
        gathered=ended,
    )


def loop(overlays: Path, work: str) -> tuple[str, ...]:
    """What ``looping`` runs."""
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
    plain, overlays = copied_tree(folder / "plain"), folder / "overlays"
    for cluster in load_fleet(ROOT / "inventory").clusters:
        for overlay in components_of_cluster(plain, cluster, _TRAITS):
            lay_overlay(plain, overlay, _TRAITS, overlays)
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
