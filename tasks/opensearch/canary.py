"""The log canary: one line on a pod's standard output, on its way to the central OpenSearch. Objects and judgements."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tasks.probes.objects import pod_spec

if TYPE_CHECKING:
    from collections.abc import Mapping

NAMESPACE = "default"
WITHIN_S = 30.0
"""SC-006: how long a line may be on its way, from the moment its pod is seen to have ended."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Canary:
    """
    One line of one cluster.

    Attributes:
        token: a word that no other line has

    """

    cluster: str
    token: str

    @property
    def pod(self) -> str:
        """Name of the pod that writes it."""
        return f"log-canary-{self.token[:12]}"

    @property
    def line(self) -> str:
        """What the pod writes."""
        return f"log canary {self.token} of {self.cluster}"

    @property
    def query(self) -> dict[str, Any]:
        """How the line is searched for."""
        return {"query": {"match": {"log": self.token}}, "size": 5}

    @property
    def wanted(self) -> dict[str, str]:
        """What OpenSearch has to know of the line: field to value."""
        return {
            "cluster": self.cluster,
            "log": self.line,
            "stream": "stdout",
            "kubernetes.namespace_name": NAMESPACE,
            "kubernetes.pod_name": self.pod,
            "kubernetes.container_name": "canary",
        }

    def stream(self, image: str) -> str:
        """The pod, for ``kubectl apply``; it meets the strictest Pod Security Standard, and ends by itself."""
        own = {"serviceAccountName": "default", "restartPolicy": "Never"}
        spec = pod_spec(image, f"echo '{self.line}'", name="canary") | own
        labels = {"app.kubernetes.io/name": "log-canary", "app.kubernetes.io/managed-by": "fleetproof"}
        metadata = {"name": self.pod, "namespace": NAMESPACE, "labels": labels}
        return json.dumps({"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": spec})


def newest(cluster: str) -> dict[str, Any]:
    """How the newest line of a cluster is searched for."""
    return {
        "query": {"term": {"cluster": cluster}},
        "sort": [{"@timestamp": "desc"}],
        "size": 1,
        "_source": ["@timestamp"],
    }


def hits(answer: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """
    What a search found.

    Raises:
        ValueError: it did not look everywhere

    """
    shards = answer["_shards"]
    if answer["timed_out"] or shards["failed"]:
        raise ValueError(f"the search is incomplete: {shards['failed']} of {shards['total']} shards failed")
    found: list[Mapping[str, Any]] = answer["hits"]["hits"]
    return found


def wrong_line(canary: Canary, found: list[Mapping[str, Any]]) -> str:
    """Whether a line has arrived, once, with all that is wanted of it."""
    if not found:
        return "it is not there"
    if len(found) > 1:
        return f"it is there {len(found)} times"
    source, index = found[0]["_source"], str(found[0]["_index"])
    said = [
        f"its {field} is {_field(source, field)!r}, wanted {value!r}"
        for field, value in canary.wanted.items()
        if _field(source, field) != value
    ]
    if not index.startswith(f"logs-{canary.cluster}-"):
        said.append(f"it is in index {index}, wanted logs-{canary.cluster}-<day>")
    return "; ".join(said)


def where_it_stopped(cluster: str, found: list[Mapping[str, Any]]) -> str:
    """Of a line that did not arrive: what the newest one of its cluster tells."""
    if not found:
        return f"no line of {cluster} has ever arrived: its shipper does not deliver"
    return f"the newest line of {cluster} is of {found[0]['_source']['@timestamp']}"


def _field(source: Mapping[str, Any], dotted: str) -> Any:
    value: Any = source
    for key in dotted.split("."):
        value = value.get(key) if isinstance(value, dict) else None
    return value.strip() if isinstance(value, str) else value
