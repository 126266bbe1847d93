"""A rendered stream of objects as values."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import yaml

if TYPE_CHECKING:
    from collections.abc import Sequence


class Loader(yaml.CSafeLoader):
    """SafeLoader's twin in C, ten times as fast; a time and an ``=`` are texts for it, as they are for Kubernetes."""


Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if not tag.endswith((":timestamp", ":value"))]
    for first, resolvers in yaml.CSafeLoader.yaml_implicit_resolvers.items()
}

CLUSTER_WIDE = frozenset(
    {
        "APIService",
        "CiliumClusterwideNetworkPolicy",
        "CiliumL2AnnouncementPolicy",
        "CiliumLoadBalancerIPPool",
        "ClusterRole",
        "ClusterRoleBinding",
        "CSIDriver",
        "CustomResourceDefinition",
        "GatewayClass",
        "IngressClass",
        "MutatingWebhookConfiguration",
        "Namespace",
        "PersistentVolume",
        "PriorityClass",
        "StorageClass",
        "ValidatingWebhookConfiguration",
    }
)
"""Kinds that live in no namespace."""

OBJECTS, LEFT = "objects", "left"
"""Keys of a record: what the stream has; what earlier ones had, and nobody has removed."""


def plural_of(kind: str) -> str:
    """A kind as the API's paths spell it; Kubernetes forms it as English does, for what is deployed here."""
    word = kind.lower()
    if word == "endpoints":
        return word
    if word.endswith("y"):
        return f"{word[:-1]}ies"
    return f"{word}es" if word.endswith(("s", "x", "ch")) else f"{word}s"


@dataclass(frozen=True, slots=True, order=True)
class Ref:
    """
    The identity of one object.

    Attributes:
        api_version: ``v1``, ``apps/v1``
        namespace: empty where the stream names none

    """

    api_version: str
    kind: str
    namespace: str
    name: str

    def __str__(self) -> str:
        return f"{self.kind} {self.name}"

    def path(self, namespace: str) -> str:
        """
        Where the API server has it: ``/apis/apps/v1/namespaces/monitoring/deployments/monitoring-operator``.

        Arguments:
            namespace: what ``kubectl apply -n`` was given, for an object that names none but lives in one

        """
        group = f"/api/{self.api_version}" if "/" not in self.api_version else f"/apis/{self.api_version}"
        room = "" if self.kind in CLUSTER_WIDE else f"/namespaces/{self.namespace or namespace}"
        return f"{group}{room}/{plural_of(self.kind)}/{self.name}"

    def identity(self, namespace: str) -> tuple[str, str, str, str]:
        """Group, kind, namespace and name: the object itself, whatever version of the API names it; as ``path``."""
        room = "" if self.kind in CLUSTER_WIDE else self.namespace or namespace
        return self.api_version.rpartition("/")[0], self.kind, room, self.name

    @property
    def diff_name(self) -> str:
        """The file's name under which ``kubectl diff`` shows the object."""
        return f"{self.api_version.replace('/', '.')}.{self.kind}.{self.namespace}.{self.name}"


@dataclass(frozen=True, slots=True)
class Document:
    """One object: its text as it is applied, and the same parsed."""

    text: str
    content: dict[str, Any]

    @property
    def ref(self) -> Ref:
        """Who it is."""
        metadata = self.content["metadata"]
        return Ref(self.content["apiVersion"], self.content["kind"], metadata.get("namespace") or "", metadata["name"])


@dataclass(frozen=True, slots=True)
class Stream:
    """What ``kustomize build`` printed."""

    documents: tuple[Document, ...]

    @property
    def refs(self) -> tuple[Ref, ...]:
        """Every object's identity, in order."""
        return tuple(document.ref for document in self.documents)

    @property
    def text(self) -> str:
        """As it is applied."""
        return "---\n".join(document.text for document in self.documents)

    @property
    def digest(self) -> str:
        """SHA-256 of the text, in hex."""
        return hashlib.sha256(self.text.encode()).hexdigest()

    def only(self, refs: frozenset[Ref]) -> Stream:
        """The stream without all other objects."""
        return Stream(tuple(document for document in self.documents if document.ref in refs))


def parse_stream(text: str) -> Stream:
    """
    Split and parse a stream of YAML documents.

    Raises:
        ValueError: a document is not an object with apiVersion, kind and metadata.name

    """
    # a line of exactly three dashes cannot stand inside a block scalar: there it would be indented
    parts = f"\n{text}".split("\n---\n")
    return Stream(tuple(_document(part.strip("\n") + "\n") for part in parts if part.strip()))


@lru_cache(maxsize=2000)
def _document(text: str) -> Document:
    """One object; four clusters have most of theirs in common, and reading YAML is what takes the time."""
    try:
        content = yaml.load(text, Loader=Loader)  # noqa: S506  a safe one
        document = Document(text, content)
        document.ref  # noqa: B018  raises where it is no object
    except (yaml.YAMLError, KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"not a Kubernetes object ({error}): {text[:200]!r}") from None
    return document


def record_of(component: str, namespace: str, stream: Stream, left: Sequence[Ref] = ()) -> Document:
    """
    The ConfigMap that is applied last, and says what was: its presence means that the stream once went through whole.

    Holds the stream's digest and every object's identity; apart from them, what earlier ones had and is still there.
    """
    data = {"digest": stream.digest, OBJECTS: _listed(stream.refs)}
    content = {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {
            "name": record_name(component),
            "namespace": namespace,
            "labels": {"app.kubernetes.io/managed-by": "fleetproof"},
        },
        "data": {**data, LEFT: _listed(left)} if left else data,
    }
    return Document(yaml.safe_dump(content, sort_keys=False), content)


def _listed(refs: Sequence[Ref]) -> str:
    return json.dumps([[ref.api_version, ref.kind, ref.namespace, ref.name] for ref in refs], indent=0)


def record_name(component: str) -> str:
    """Name of a component's record."""
    return f"fleetproof.{component}"
