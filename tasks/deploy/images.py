"""Every image that a cluster pulls, with what asks for it: what a site without internet has to mirror."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from tasks.deploy.guards.subject import words_of
from tasks.deploy.guards.workloads import images_of
from tasks.model.errors import InventoryError, Mistake

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from tasks.deploy.guards.subject import Subject, Workload
    from tasks.fleet.model import Fleet

_NAMED = re.compile(r"(?:--[\w.-]+=)?((?:[\w.-]+(?::\d+)?/)+[\w.-]+:[\w][\w.-]*(?:@sha256:[0-9a-f]{64})?)")
"""An image in a program's arguments or environment, alone or as a flag's value."""

_KUBEADM: dict[str, tuple[str, ...]] = {"1.33": ("coredns/coredns:v1.12.0", "etcd:3.5.24-0", "pause:3.10")}
"""What kubeadm of a minor version pulls besides the control plane; as ``kubeadm config images list`` says."""


def images_of_cluster(subjects: Iterable[Subject], fleet: Fleet) -> dict[str, tuple[str, ...]]:
    """
    Each image with everything that asks for it, sorted.

    Arguments:
        subjects: the renderings of one cluster

    """
    found: dict[str, set[str]] = {}
    for subject in subjects:
        for owner, image in images_of(subject):
            found.setdefault(image, set()).add(f"{subject.overlay.component}: {owner}")
        for workload in subject.workloads:
            for image in _named(workload):
                where = f"{subject.overlay.component}: {workload.ref}, in its arguments or environment"
                found.setdefault(image, set()).add(where)
    for image in kubeadm_images(fleet.versions.kubernetes):
        found.setdefault(image, set()).add("kubeadm")
    found.setdefault(fleet.probe_image, set()).add("the probes of runbooks/verify_reach.py")
    return {image: tuple(sorted(found[image])) for image in sorted(found)}


def kubeadm_images(version: str) -> Iterator[str]:
    """
    What kubeadm itself pulls for a release of Kubernetes; without kube-proxy, which is never installed.

    Raises:
        InventoryError: that is not known here of this minor version

    """
    bare = version.removeprefix("v")
    if (minor := bare.rpartition(".")[0]) not in _KUBEADM:
        said = f"what kubeadm {minor} pulls is not known: add `kubeadm config images list` to tasks/deploy/images.py"
        raise InventoryError((Mistake("inventory/defaults.yaml", 1, said),))
    for name in ("kube-apiserver", "kube-controller-manager", "kube-scheduler"):
        yield f"registry.k8s.io/{name}:v{bare}"
    for rest in _KUBEADM[minor]:
        yield f"registry.k8s.io/{rest}"


def _named(workload: Workload) -> Iterator[str]:
    """Images from which an operator makes pods of its own."""
    for container in workload.containers:
        for word in (*words_of(container), *(str(it.get("value") or "") for it in container.get("env") or ())):
            if found := _NAMED.fullmatch(word):
                yield found[1]
