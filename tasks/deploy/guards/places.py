"""Where objects go: the one namespace of the stream, closed to all traffic that is not named."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from tasks.deploy.guards.subject import Complaint, strings

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tasks.deploy.guards.subject import Subject

_DOCUMENTATION = re.compile(r"\b(?:192\.0\.2|198\.51\.100|203\.0\.113)\.\d{1,3}\b")
"""The three networks for documentation (RFC 5737): a base's value that no overlay has replaced."""
_WORD = re.compile(r"(?<![\w-])placeholder(?![\w-])")
_IN_OBJECTS = frozenset({"spec", "data", "stringData", "metadata", "webhooks", "rules", "subjects"})


def nothing(subject: Subject) -> Iterator[Complaint]:
    """An empty rendering is a mistake, and everything would be fine with it."""
    if not subject.stream.documents:
        yield Complaint("the overlay", "renders no object: name its base under resources")


def namespaces(subject: Subject) -> Iterator[Complaint]:
    """Every namespaced object belongs to the namespace that ``kubectl apply -n`` is given; it refuses any other."""
    wanted = subject.overlay.namespace
    for document in subject.stream.documents:
        if document.ref.namespace not in {"", wanted}:
            said = f"belongs to namespace {document.ref.namespace}, but the stream is applied with -n {wanted}"
            yield Complaint(
                str(document.ref), f"{said}: set the chart's namespace value, or leave it to another overlay"
            )


def placeholders(subject: Subject) -> Iterator[Complaint]:
    """No value of a base that the overlay's facts should have replaced."""
    for document in subject.stream.documents:
        if document.ref.kind == "CustomResourceDefinition":
            continue
        for path, text in strings({key: it for key, it in document.content.items() if key in _IN_OBJECTS}):
            if found := _DOCUMENTATION.search(text) or _WORD.search(text):
                said = f"still has the placeholder {found[0]} at {path}: the overlay's facts did not reach it"
                yield Complaint(str(document.ref), said, path)


def default_deny(subject: Subject) -> Iterator[Complaint]:
    """A namespace that the stream makes is closed, both ways, to all that no policy names."""
    for document in subject.of_kind("Namespace"):
        if not any(denies_all(policy.content["spec"]) for policy in subject.of_kind("NetworkPolicy")):
            said = "has no NetworkPolicy that denies all traffic both ways: add one with podSelector {} and both types"
            yield Complaint(str(document.ref), said)


def denies_all(spec: dict[str, object]) -> bool:
    """Whether a NetworkPolicy closes its whole namespace, both ways."""
    types = spec.get("policyTypes")
    return (
        not spec.get("podSelector")
        and isinstance(types, list)
        and {"Ingress", "Egress"} <= set(types)
        and not spec.get("ingress")
        and not spec.get("egress")
    )
