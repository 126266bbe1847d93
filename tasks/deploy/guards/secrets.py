"""Credentials are nowhere in the tree, and what a workload refers to is made by somebody."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tasks.deploy.guards.subject import Complaint
from tasks.deploy.secrets import made_for

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tasks.deploy.guards.subject import Subject, Workload

_MADE_ELSEWHERE = frozenset({("ConfigMap", "kube-root-ca.crt")})
"""Kubernetes makes these in every namespace."""


def literal_secrets(subject: Subject) -> Iterator[Complaint]:
    """No Secret brings its data along."""
    for document in subject.of_kind("Secret"):
        keys = [*(document.content.get("data") or {}), *(document.content.get("stringData") or {})]
        if keys:
            said = (
                f"has literal data ({', '.join(sorted(keys))}): let the deployment make it, and name it to the chart; "
                "where it holds no credential, give the reason in kustomize/exceptions.yaml"
            )
            yield Complaint(str(document.ref), said)


def references(subject: Subject) -> Iterator[Complaint]:
    """Every Secret, ConfigMap and claim that a workload needs comes with the stream, or the deployment makes it."""
    known = {(document.ref.kind, document.ref.name) for document in subject.stream.documents}
    known |= {("Secret", name) for name in made_for(subject.overlay.component)} | _MADE_ELSEWHERE
    for workload in subject.workloads:
        for kind, name in sorted(set(_references(workload)) - known):
            said = f"refers to {kind} {name}, which neither the overlay nor the deployment makes: name one that is made"
            yield Complaint(str(workload.ref), said, name)


def secret_arguments(subject: Subject) -> Iterator[Complaint]:
    """What a Secret holds stands in no program's arguments: everybody on the host can read them."""
    for workload in subject.workloads:
        for container in workload.containers:
            told = " ".join(map(str, (*(container.get("command") or ()), *(container.get("args") or ()))))
            for name in _secret_variables(container):
                if f"$({name})" in told:
                    said = f"container {container['name']} is told $({name}), out of a Secret: mount it as a file"
                    yield Complaint(str(workload.ref), said, container["name"])
    for document in subject.of_kind("Prometheus", "ThanosRuler"):
        spec = document.content.get("spec") or {}
        if "objectStorageConfig" in {**spec, **(spec.get("thanos") or {})}:
            said = "objectStorageConfig becomes an argument: mount the Secret, and name it by objectStorageConfigFile"
            yield Complaint(str(document.ref), said)


def _secret_variables(container: dict[str, Any]) -> Iterator[str]:
    for variable in container.get("env") or ():
        if "secretKeyRef" in (variable.get("valueFrom") or {}):
            yield variable["name"]


def _references(workload: Workload) -> Iterator[tuple[str, str]]:
    for volume in workload.pod.get("volumes") or ():
        yield from _of_volume(volume)
    for container in workload.containers:
        for source in container.get("envFrom") or ():
            yield from _of_source(source, {"secretRef": "Secret", "configMapRef": "ConfigMap"})
        for variable in container.get("env") or ():
            sources = {"secretKeyRef": "Secret", "configMapKeyRef": "ConfigMap"}
            yield from _of_source(variable.get("valueFrom") or {}, sources)


def _of_volume(volume: dict[str, Any]) -> Iterator[tuple[str, str]]:
    if (secret := volume.get("secret")) and not secret.get("optional"):
        yield "Secret", secret["secretName"]
    if claim := volume.get("persistentVolumeClaim"):
        yield "PersistentVolumeClaim", claim["claimName"]
    yield from _of_source({"configMap": volume.get("configMap")}, {"configMap": "ConfigMap"})
    for source in (volume.get("projected") or {}).get("sources") or ():
        yield from _of_source(source, {"secret": "Secret", "configMap": "ConfigMap"})


def _of_source(source: dict[str, Any], kinds: dict[str, str]) -> Iterator[tuple[str, str]]:
    for key, kind in kinds.items():
        named = source.get(key)
        if named and not named.get("optional"):
            yield kind, named["name"]
