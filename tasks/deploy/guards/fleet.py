"""What the renderings of all clusters together may not have."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from tasks.deploy.guards.addresses import claimed
from tasks.deploy.guards.places import denies_all
from tasks.deploy.guards.subject import Complaint, words_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tasks.deploy.guards.subject import Subject


def one_compactor(subjects: tuple[Subject, ...]) -> Iterator[tuple[Subject, Complaint]]:
    """At most one compactor works on a bucket: two destroy each other's blocks."""
    found: dict[str, str] = {}
    for subject in subjects:
        for workload in subject.workloads:
            for container in workload.containers:
                words = words_of(container)
                if "compact" not in words:
                    continue
                bucket = _object_store(subject, container, words)
                who = f"{workload.ref} of {subject.cluster.name}"
                if workload.replicas > 1 or bucket in found:
                    other = found.get(bucket, f"its other {workload.replicas - 1}")
                    said = f"compacts the bucket of {bucket}, as does {other}: leave one compactor in the fleet"
                    yield subject, Complaint(str(workload.ref), said)
                found.setdefault(bucket, who)


def _object_store(subject: Subject, container: dict[str, object], words: tuple[str, ...]) -> str:
    """
    What names the bucket.

    The deployment makes every Secret thanos-objstore out of the inventory's one bucket, so its name says enough; a
    workload that states its bucket another way is its own case.
    """
    env = json.dumps(container.get("env") or [])
    for document in subject.of_kind("ConfigMap"):
        for text in (document.content.get("data") or {}).values():
            if isinstance(text, str) and "bucket:" in text and document.ref.name in env:
                return f"ConfigMap {document.ref.name}"
    stated = [word for word in words if word.startswith("--objstore.config=") and "$(" not in word]
    return stated[0] if stated else "Secret thanos-objstore"


def external_labels(subjects: tuple[Subject, ...]) -> Iterator[tuple[Subject, Complaint]]:
    """Every Prometheus says whose series are: the same labels twice would mix two clusters' blocks for good."""
    found: dict[str, str] = {}
    for subject in subjects:
        for document in subject.of_kind("Prometheus"):
            labels = document.content["spec"].get("externalLabels") or {}
            wanted = {"cluster": subject.cluster.name, "region": subject.cluster.region}
            if {name: labels.get(name) for name in wanted} != wanted:
                said = f"has external labels {labels}, wanted: {wanted}: the overlay's facts did not reach it"
                yield subject, Complaint(str(document.ref), said)
            key = json.dumps(labels, sort_keys=True)
            if key in found:
                said = f"has the external labels {labels} of {found[key]}: give every Prometheus its own"
                yield subject, Complaint(str(document.ref), said)
            found.setdefault(key, f"{document.ref} of {subject.cluster.name}")


def addresses(subjects: tuple[Subject, ...]) -> Iterator[tuple[Subject, Complaint]]:
    """No address is claimed by two clusters: both would answer for it on the LAN."""
    found: dict[str, tuple[str, str]] = {}
    for subject in subjects:
        for address, who in claimed(subject):
            cluster, other = found.setdefault(address, (subject.cluster.name, who))
            if cluster != subject.cluster.name:
                said = f"claims {address}, as does {other} of {cluster}: give every cluster its own address"
                yield subject, Complaint(who, said)


def closed_namespaces(subjects: tuple[Subject, ...]) -> Iterator[tuple[Subject, Complaint]]:
    """
    Every namespace that has pods of a rendering is closed by one of the same cluster.

    The rule default-deny sees to the namespaces that a rendering makes; kube-system is there from the beginning.
    """
    closed = {
        (subject.cluster.name, subject.overlay.namespace)
        for subject in subjects
        if any(denies_all(policy.content["spec"]) for policy in subject.of_kind("NetworkPolicy"))
    }
    for subject in subjects:
        place = (subject.cluster.name, subject.overlay.namespace)
        if subject.workloads and place not in closed:
            closed.add(place)
            said = (
                f"of {subject.cluster.name} runs in a namespace that no NetworkPolicy closes both ways: add one with "
                f"podSelector {{}} and both types to an overlay of {subject.overlay.namespace}"
            )
            yield subject, Complaint(str(subject.workloads[0].ref), said)
