"""Data that outlives a pod is on a volume that does too, and no volume waits for nodes that do not exist."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from tasks.deploy.guards.subject import Complaint

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tasks.deploy.guards.subject import Subject

_REPLICAS = re.compile(r"(?:numberOfReplicas|default-replica-count)[\"']?\s*:\s*[\"']?([2-9]|\d{2,})")
_CLAIMED = {"Prometheus": "storage", "Alertmanager": "storage", "ThanosRuler": "storage"}
"""Kinds of the Prometheus operator, and the field without which their pods keep their data in an emptyDir."""


def local_volumes(subject: Subject) -> Iterator[Complaint]:
    """No hostPath and no emptyDir, but for those that ``kustomize/local-volumes.yaml`` gives a reason for."""
    for workload in subject.workloads:
        for volume in workload.pod.get("volumes") or ():
            for kind in ("hostPath", "emptyDir"):
                if kind in volume:
                    said = (
                        f"volume {volume['name']} is {_article(kind)} {kind}, which is no place for data: use a claim, "
                        "or give the reason in kustomize/local-volumes.yaml"
                    )
                    yield Complaint(str(workload.ref), said, volume["name"])


def _article(kind: str) -> str:
    return "an" if kind == "emptyDir" else "a"


def claims(subject: Subject) -> Iterator[Complaint]:
    """What keeps state claims a volume for it."""
    for workload in subject.workloads:
        if workload.ref.kind == "StatefulSet" and not _has_claim(workload.content["spec"], workload.pod):
            yield Complaint(str(workload.ref), "keeps its state on no claimed volume: switch its persistence on")
    for document in subject.of_kind(*_CLAIMED):
        storage = document.content["spec"].get(_CLAIMED[document.ref.kind]) or {}
        if "volumeClaimTemplate" not in storage:
            yield Complaint(str(document.ref), "has no storage.volumeClaimTemplate: its data would go with its pod")


def _has_claim(spec: dict[str, Any], pod: dict[str, Any]) -> bool:
    claimed = any("persistentVolumeClaim" in volume for volume in pod.get("volumes") or ())
    return bool(spec.get("volumeClaimTemplates")) or claimed


def volume_replicas(subject: Subject) -> Iterator[Complaint]:
    """No volume is to be kept on more nodes than there are: it would be degraded for ever."""
    for document in subject.of_kind("StorageClass", "ConfigMap", "Setting"):
        if found := _REPLICAS.search(document.text):
            said = (
                f"asks for {found[1]} copies of each volume, and there is one node: set the chart's replica count to 1"
            )
            yield Complaint(str(document.ref), said)
