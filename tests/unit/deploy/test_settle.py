"""What a component brought is waited for object by object, and said by name."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tasks.deploy.api import ApiError
from tasks.deploy.lacking import SELECTED_NODE, lacking
from tasks.deploy.manifest import parse_stream, plural_of
from tasks.deploy.settle import has, settles
from tasks.fleet.load import load_fleet

FLEET = load_fleet(Path(__file__).resolve().parents[3] / "inventory")
STREAM = parse_stream("""\
apiVersion: apps/v1
kind: Deployment
metadata: {name: a, namespace: there}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: b}
---
apiVersion: storage.k8s.io/v1
kind: StorageClass
metadata: {name: c}
""")
READY = {
    "metadata": {"generation": 1},
    "spec": {"replicas": 1},
    "status": {"observedGeneration": 1, "replicas": 1, "updatedReplicas": 1, "readyReplicas": 1},
}
PATHS = {
    "/apis/apps/v1/namespaces/there/deployments/a": READY,
    "/api/v1/namespaces/given/configmaps/b": {"metadata": {}},
    "/apis/storage.k8s.io/v1/storageclasses/c": {"metadata": {}},
}


class Api:
    """An API server with these objects."""

    def __init__(self, objects: dict[str, Any]) -> None:
        """Objects by path."""
        self.objects = objects

    def find(self, path: str) -> dict[str, Any] | None:
        """Only what is there."""
        return self.objects.get(path)


def test_all_there_and_ready_lacks_nothing() -> None:
    """Each is looked for where the API server has it, with the given namespace where it names none."""
    assert lacking(Api(PATHS), STREAM, "given") == ""  # type: ignore[arg-type]


@pytest.mark.parametrize("gone", PATHS)
def test_what_is_missing_is_named(gone: str) -> None:
    """An object that somebody removed is not ready."""
    there = {path: it for path, it in PATHS.items() if path != gone}
    assert lacking(Api(there), STREAM, "given").endswith(f"{gone.rpartition('/')[2]}: it is not there")  # type: ignore[arg-type]


def test_what_is_not_ready_is_said() -> None:
    """With its numbers."""
    status = {**READY["status"], "readyReplicas": 0}
    there = {**PATHS, "/apis/apps/v1/namespaces/there/deployments/a": {**READY, "status": status}}
    assert lacking(Api(there), STREAM, "given") == "Deployment a: 0 of 1 replicas are ready"  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("mode", "phase", "notes", "said"),
    [
        ("WaitForFirstConsumer", "Pending", {}, ""),
        ("WaitForFirstConsumer", "Pending", {SELECTED_NODE: "n"}, "PersistentVolumeClaim c: it is Pending, not Bound"),
        ("WaitForFirstConsumer", "Lost", {}, "PersistentVolumeClaim c: it is Lost, not Bound"),
        ("Immediate", "Pending", {}, "PersistentVolumeClaim c: it is Pending, not Bound"),
    ],
)
def test_a_claim_that_waits_for_its_first_pod_lacks_nothing(
    mode: str, phase: str, notes: dict[str, str], said: str
) -> None:
    """A class that binds at once has no such excuse, nor has a claim whose pod has been given its node."""
    stream = parse_stream("apiVersion: v1\nkind: PersistentVolumeClaim\nmetadata: {name: c}\n")
    claim = {
        "metadata": {"annotations": notes},
        "spec": {"storageClassName": "longhorn"},
        "status": {"phase": phase},
    }
    there = {
        "/api/v1/namespaces/given/persistentvolumeclaims/c": claim,
        "/apis/storage.k8s.io/v1/storageclasses/longhorn": {"volumeBindingMode": mode},
    }
    assert lacking(Api(there), stream, "given") == said  # type: ignore[arg-type]


def test_a_server_that_is_silent_is_something_to_wait_for() -> None:
    """Its silence is what was last seen."""

    class Silent:
        def find(self, path: str) -> None:
            raise ApiError(f"no answer to {path}")

    assert lacking(Silent(), STREAM, "given").startswith("no answer to")  # type: ignore[arg-type]


def test_central_components_are_the_central_clusters_alone() -> None:
    """Rows are declared for who has the component, and for nobody else."""
    declares, _ = settles(("monitoring", "thanos"))
    rows = [str(row) for row in declares(FLEET)]
    assert rows == [
        "settled.monitoring@cluster-01",
        "settled.thanos@cluster-01",
        "settled.monitoring@cluster-02",
        "settled.monitoring@cluster-03",
        "settled.monitoring@cluster-04",
    ]
    assert [cluster.name for cluster in FLEET.clusters if has(cluster, "grafana")] == ["cluster-01"]


@pytest.mark.parametrize(
    ("kind", "plural"),
    [
        ("NetworkPolicy", "networkpolicies"),
        ("Ingress", "ingresses"),
        ("Prometheus", "prometheuses"),
        ("Endpoints", "endpoints"),
        ("StorageClass", "storageclasses"),
        ("ServiceMonitor", "servicemonitors"),
    ],
)
def test_kinds_are_spelt_as_the_api_spells_them(kind: str, plural: str) -> None:
    """Every ending that occurs."""
    assert plural_of(kind) == plural
