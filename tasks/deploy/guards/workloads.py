"""What runs: pinned images, stated requests, and nothing that one node can never satisfy."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from tasks.deploy.guards.subject import Complaint

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tasks.deploy.guards.subject import Subject

_PINNED = re.compile(r":[^/:]+$|@sha256:[0-9a-f]{64}$")
_OPERATED = {"Prometheus", "Alertmanager", "ThanosRuler", "PrometheusAgent"}
"""Kinds from which the Prometheus operator makes pods."""


def images(subject: Subject) -> Iterator[Complaint]:
    """Every container's image is pinned to a version."""
    for owner, image in images_of(subject):
        bare = image.partition("@")[0]
        if not _PINNED.search(image) or (bare.endswith(":latest") and "@" not in image):
            said = f"image {image} is not pinned to a version: give it a tag other than latest, or a digest"
            yield Complaint(owner, said, image)


def images_of(subject: Subject) -> Iterator[tuple[str, str]]:
    """Each image with the object that names it: containers, and what operators make containers from."""
    for document in subject.stream.documents:
        if document.ref.kind != "CustomResourceDefinition":
            for image in _images(document.content):
                yield str(document.ref), image


def _images(value: Any) -> Iterator[str]:
    match value:
        case dict():
            if isinstance(image := value.get("image"), str) and image:
                yield image
            for inner in value.values():
                yield from _images(inner)
        case list():
            for inner in value:
                yield from _images(inner)


def requests(subject: Subject) -> Iterator[Complaint]:
    """Every container that runs on says how much CPU and memory it wants: the one node's are counted out."""
    for owner, container in _long_running(subject):
        asked = ((container.get("resources") or {}).get("requests")) or {}
        if missing := [name for name in ("cpu", "memory") if name not in asked]:
            said = f"container {container['name']} requests no {' and no '.join(missing)}: set it in the chart's values"
            yield Complaint(owner, said, container["name"])


def _long_running(subject: Subject) -> Iterator[tuple[str, dict[str, Any]]]:
    for workload in subject.workloads:
        for container in workload.pod.get("containers") or ():
            yield str(workload.ref), container
    for document in subject.of_kind(*_OPERATED):
        spec, owner = document.content["spec"], str(document.ref)
        yield owner, {"name": document.ref.kind.lower(), "resources": spec.get("resources")}
        if "thanos" in spec:
            yield owner, {"name": "thanos-sidecar", "resources": spec["thanos"].get("resources")}


def single_node(subject: Subject) -> Iterator[Complaint]:
    """Nothing that waits for a second node for ever."""
    for workload in subject.workloads:
        if workload.replicas > 1 and _wants_apart(workload.pod):
            said = f"wants {workload.replicas} pods on different nodes, and there is one: set its replicas to 1"
            yield Complaint(str(workload.ref), said)
    for document in subject.of_kind("PodDisruptionBudget"):
        spec = document.content["spec"]
        if spec.get("minAvailable") in {1, "1", "100%"} or spec.get("maxUnavailable") in {0, "0", "0%"}:
            said = "forbids every eviction where there is one pod, so a node could never be drained: allow one"
            yield Complaint(str(document.ref), f"{said}, maxUnavailable: 1")


def _wants_apart(pod: dict[str, Any]) -> bool:
    apart = (pod.get("affinity") or {}).get("podAntiAffinity") or {}
    spread = pod.get("topologySpreadConstraints") or ()
    return bool(apart.get("requiredDuringSchedulingIgnoredDuringExecution")) or any(
        it.get("whenUnsatisfiable") == "DoNotSchedule" and it.get("topologyKey") == "kubernetes.io/hostname"
        for it in spread
        if it.get("minDomains", 1) > 1
    )
