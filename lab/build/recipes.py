"""Every artefact of the lab, and in which order to build what is missing."""

import os
from collections.abc import Collection, Mapping
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from graphlib import TopologicalSorter
from pathlib import Path

from lab.build import toolsets
from lab.build.cache import Cache, Recipe
from lab.build.images_audit import NEEDS as AUDIT
from lab.build.images_logs import NEEDS as LOGS
from lab.build.prime import CILIUM_BASE, CONTAINERD
from lab.build.rootfs import DEBIAN, ROOTFS
from lab.build.workshop import Workshop

_PROGRAMS = {
    "kubectl": "kubernetes",
    "kustomize": "kustomize",
    "helm": "helm",
    "kubeconform": "kubeconform",
    "promtool": "prometheus",
    "amtool": "alertmanager",
    "minio": "minio",
    "coredns": "coredns",
}
"""The operator's and the lab's own, each from which tool set."""

#: a compiler run and a package installation, or one program's linking and another's compiling, side by side
_AT_ONCE = 2


def _gather_programs(_workshop: Workshop, draft: Path, needs: Mapping[str, Path]) -> None:
    for program, tools in _PROGRAMS.items():
        os.link(needs[tools] / "bin" / program, draft / program)


BIN = Recipe(
    name="bin",
    build=_gather_programs,
    inputs=tuple(_PROGRAMS),
    needs=tuple(tools.recipe for tools in toolsets.ALL if tools.name in _PROGRAMS.values()),
)
EVERYTHING = (DEBIAN, *(it.recipe for it in toolsets.ALL), *LOGS, *AUDIT, CILIUM_BASE, ROOTFS, CONTAINERD, BIN)


def build_missing(cache: Cache, recipes: Collection[Recipe], workshop: Workshop) -> None:
    """
    Build what is not there, two artefacts at a time, each after those it is made from.

    Raises:
        BuildError: one failed; what was under way beside it is abandoned

    """
    missing = [recipe for recipe in recipes if not cache.has(recipe)]
    order = TopologicalSorter({recipe: [need for need in recipe.needs if need in missing] for recipe in missing})
    order.prepare()
    running: dict[Future[Path], Recipe] = {}
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        try:
            while order.is_active():
                running |= {pool.submit(cache.make, recipe, workshop): recipe for recipe in order.get_ready()}
                for future in wait(running, return_when=FIRST_COMPLETED).done:
                    future.result()
                    order.done(running.pop(future))
        except BaseException:
            workshop.stop.set()
            pool.shutdown(cancel_futures=True)
            raise
