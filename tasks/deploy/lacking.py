"""What the objects of a stream still lack in a cluster, in words."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tasks.deploy.api import ApiError
from tasks.deploy.ready import unready

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tasks.deploy.api import KubeApi
    from tasks.deploy.manifest import Ref, Stream

SELECTED_NODE = "volume.kubernetes.io/selected-node"
"""Annotation of a claim whose first pod has been given a node: from then on it should be bound."""

SHOWN = 4
"""How many objects a waiting line names."""


def lacking(api: KubeApi, stream: Stream, namespace: str) -> str:
    """Which objects of a stream are missing or not ready, in words; empty where none is."""
    try:
        said = [f"{ref}: {what}" for ref in stream.refs if (what := lacks(api, ref, namespace))]
    except ApiError as error:
        return str(error)  # a server that is silent for a moment is something to wait for, too
    more = f" and {len(said) - SHOWN} more" if len(said) > SHOWN else ""
    return "; ".join(said[:SHOWN]) + more


def lacks(api: KubeApi | None, ref: Ref, namespace: str) -> str:
    """
    What one object still lacks; empty where it is there and ready.

    Arguments:
        api: None where there is no cluster, and so no object
        namespace: see ``Ref.path``

    Raises:
        ApiError: the API server does not answer

    """
    if api is None or (found := api.find(ref.path(namespace))) is None:
        return "it is not there"
    said = unready({**found, "kind": ref.kind})
    return "" if said and ref.kind == "PersistentVolumeClaim" and _waits_for_a_pod(api, found) else said


def _waits_for_a_pod(api: KubeApi, claim: Mapping[str, Any]) -> bool:
    """Whether a claim is bound no sooner than a pod of it is scheduled, and none has been yet."""
    name = claim["spec"].get("storageClassName", "")
    pending = (claim.get("status") or {}).get("phase") == "Pending"
    scheduled = SELECTED_NODE in (claim["metadata"].get("annotations") or {})
    if not (name and pending) or scheduled:
        return False
    kind = api.find(f"/apis/storage.k8s.io/v1/storageclasses/{name}") or {}
    return bool(kind.get("volumeBindingMode") == "WaitForFirstConsumer")
