"""Is an object what it was meant to become? Pure judgements over the JSON that the API server shows."""

from __future__ import annotations

from typing import Any


def unready(content: dict[str, Any]) -> str:
    """
    What an object still lacks, in words; empty where it is ready.

    Knows Deployment, StatefulSet, DaemonSet, CustomResourceDefinition, Node and Pod.

    Raises:
        ValueError: any other kind

    """
    match content["kind"]:
        case "Deployment" | "StatefulSet":
            return _replicas(content)
        case "DaemonSet":
            return _daemons(content)
        case "CustomResourceDefinition":
            return _condition(content, "Established")
        case "Node" | "Pod":
            return _condition(content, "Ready")
        case kind:
            raise ValueError(f"readiness of a {kind} is not known here")


def _replicas(content: dict[str, Any]) -> str:
    wanted = content["spec"].get("replicas", 1)
    status = content.get("status") or {}
    ready = status.get("readyReplicas", 0)
    updated = status.get("updatedReplicas", 0)
    if not _observed(content):
        return "its controller has not looked at it yet"
    if updated < wanted:
        return f"{updated} of {wanted} replicas are of the new revision"
    return "" if ready >= wanted and status.get("replicas", 0) == updated else f"{ready} of {wanted} replicas are ready"


def _daemons(content: dict[str, Any]) -> str:
    status = content.get("status") or {}
    wanted = status.get("desiredNumberScheduled", 0)
    if not _observed(content) or wanted == 0:
        return "no node has been given its pod yet"
    updated, available = status.get("updatedNumberScheduled", 0), status.get("numberAvailable", 0)
    if updated < wanted:
        return f"{updated} of {wanted} pods are of the new revision"
    return "" if available >= wanted else f"{available} of {wanted} pods are available"


def _observed(content: dict[str, Any]) -> bool:
    observed = (content.get("status") or {}).get("observedGeneration", 0)
    return bool(observed >= content["metadata"].get("generation", 0))


def _condition(content: dict[str, Any], kind: str) -> str:
    for condition in (content.get("status") or {}).get("conditions") or ():
        if condition["type"] == kind:
            if condition["status"] == "True":
                return ""
            why = ": ".join(filter(None, (condition.get("reason"), condition.get("message"))))
            return f"{kind} is {condition['status']}" + (f" ({why})" if why else "")
    return f"it has no condition {kind} yet"
