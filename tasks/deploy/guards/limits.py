"""What the API server of the inventory's version takes: sizes and versions."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

from tasks.deploy.guards.subject import Complaint

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tasks.deploy.guards.subject import Subject

ANNOTATIONS = 262144
"""Bytes that all annotations of an object may have together; a client-side apply keeps the whole object in one."""

_GONE: tuple[tuple[str, str, int, str], ...] = (
    ("apps/v1beta1", "", 16, "apps/v1"),
    ("apps/v1beta2", "", 16, "apps/v1"),
    ("extensions/v1beta1", "", 22, "apps/v1 or networking.k8s.io/v1"),
    ("networking.k8s.io/v1beta1", "Ingress", 22, "networking.k8s.io/v1"),
    ("networking.k8s.io/v1beta1", "IngressClass", 22, "networking.k8s.io/v1"),
    ("rbac.authorization.k8s.io/v1beta1", "", 22, "rbac.authorization.k8s.io/v1"),
    ("admissionregistration.k8s.io/v1beta1", "MutatingWebhookConfiguration", 22, "admissionregistration.k8s.io/v1"),
    ("admissionregistration.k8s.io/v1beta1", "ValidatingWebhookConfiguration", 22, "admissionregistration.k8s.io/v1"),
    ("apiextensions.k8s.io/v1beta1", "", 22, "apiextensions.k8s.io/v1"),
    ("apiregistration.k8s.io/v1beta1", "", 22, "apiregistration.k8s.io/v1"),
    ("coordination.k8s.io/v1beta1", "Lease", 22, "coordination.k8s.io/v1"),
    ("scheduling.k8s.io/v1beta1", "", 22, "scheduling.k8s.io/v1"),
    ("storage.k8s.io/v1beta1", "CSIDriver", 22, "storage.k8s.io/v1"),
    ("storage.k8s.io/v1beta1", "StorageClass", 22, "storage.k8s.io/v1"),
    ("batch/v1beta1", "CronJob", 25, "batch/v1"),
    ("discovery.k8s.io/v1beta1", "EndpointSlice", 25, "discovery.k8s.io/v1"),
    ("events.k8s.io/v1beta1", "Event", 25, "events.k8s.io/v1"),
    ("policy/v1beta1", "PodDisruptionBudget", 25, "policy/v1"),
    ("policy/v1beta1", "PodSecurityPolicy", 25, "labels pod-security.kubernetes.io/... on the namespace"),
    ("node.k8s.io/v1beta1", "RuntimeClass", 25, "node.k8s.io/v1"),
    ("autoscaling/v2beta1", "HorizontalPodAutoscaler", 25, "autoscaling/v2"),
    ("autoscaling/v2beta2", "HorizontalPodAutoscaler", 26, "autoscaling/v2"),
    ("storage.k8s.io/v1beta1", "CSIStorageCapacity", 27, "storage.k8s.io/v1"),
    ("flowcontrol.apiserver.k8s.io/v1beta2", "", 29, "flowcontrol.apiserver.k8s.io/v1"),
    ("flowcontrol.apiserver.k8s.io/v1beta3", "", 32, "flowcontrol.apiserver.k8s.io/v1"),
    ("v1", "ComponentStatus", 19, "the components' own health endpoints"),
    ("v1", "Endpoints", 33, "discovery.k8s.io/v1 EndpointSlice"),
)
"""apiVersion, kind (empty: all), the minor version of Kubernetes 1 that removed or deprecated it, what to use."""


def sizes(subject: Subject) -> Iterator[Complaint]:
    """Every object fits into the annotation in which the prescribed client-side apply keeps it."""
    for document in subject.stream.documents:
        kept = len(json.dumps(document.content, separators=(",", ":"), ensure_ascii=False).encode())
        own = sum(map(len, (document.content["metadata"].get("annotations") or {}).values()))
        if kept + own > ANNOTATIONS:
            said = f"has {kept + own} bytes, and a client-side apply keeps at most {ANNOTATIONS} in its annotation"
            yield Complaint(str(document.ref), f"{said}: split it, or strip its descriptions")


def versions(subject: Subject) -> Iterator[Complaint]:
    """No version of an API that the inventory's Kubernetes no longer serves, or warns of."""
    found = re.match(r"v?1\.(\d+)", subject.fleet.versions.kubernetes)
    minor = int(found[1]) if found else 0
    for document in subject.stream.documents:
        for version, kind, since, better in _GONE:
            if document.ref.api_version == version and kind in {"", document.ref.kind} and minor >= since:
                said = f"is {version}, which Kubernetes 1.{since} has removed or deprecated: use {better}"
                yield Complaint(str(document.ref), said)
