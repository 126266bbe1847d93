"""Is an object what it was meant to become? Pure judgements over the JSON that the API server shows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

WORKLOADS = frozenset({"Deployment", "StatefulSet", "DaemonSet", "Job"})
"""Kinds whose pods explain why they are not ready."""


def unready(content: Mapping[str, Any]) -> str:
    """
    What an object still lacks, in words; empty where it is ready.

    The rules are those of kstatus: a kind that is known is judged by what is particular to it. Any other one is ready
    unless it says otherwise: by a condition Ready or Available that does not hold, or by a generation that its
    controller has not looked at.
    """
    return _RULES.get(content["kind"], _generic)(content)


def _replicas(content: Mapping[str, Any]) -> str:
    wanted = content["spec"].get("replicas", 1)
    status = content.get("status") or {}
    ready = status.get("readyReplicas", 0)
    updated = status.get("updatedReplicas", 0)
    if not _observed(content):
        return "its controller has not looked at it yet"
    if updated < wanted:
        return f"{updated} of {wanted} replicas are of the new revision"
    return "" if ready >= wanted and status.get("replicas", 0) == updated else f"{ready} of {wanted} replicas are ready"


def _daemons(content: Mapping[str, Any]) -> str:
    status = content.get("status") or {}
    wanted = status.get("desiredNumberScheduled", 0)
    if not _observed(content) or wanted == 0:
        return "no node has been given its pod yet"
    updated, available = status.get("updatedNumberScheduled", 0), status.get("numberAvailable", 0)
    if updated < wanted:
        return f"{updated} of {wanted} pods are of the new revision"
    return "" if available >= wanted else f"{available} of {wanted} pods are available"


def _job(content: Mapping[str, Any]) -> str:
    conditions = {it["type"]: it for it in (content.get("status") or {}).get("conditions") or ()}
    if (failed := conditions.get("Failed", {})).get("status") == "True":
        return f"it failed: {failed.get('message', failed.get('reason', 'no reason given'))}"
    return "" if conditions.get("Complete", {}).get("status") == "True" else "it has not completed yet"


def _claim(content: Mapping[str, Any]) -> str:
    phase = (content.get("status") or {}).get("phase", "not looked at")
    return "" if phase == "Bound" else f"it is {phase}, not Bound"


def _service(content: Mapping[str, Any]) -> str:
    if content["spec"].get("type") != "LoadBalancer":
        return ""
    ingress = ((content.get("status") or {}).get("loadBalancer") or {}).get("ingress") or ()
    return "" if any(entry.get("ip") for entry in ingress) else "it has no address yet"


def _namespace(content: Mapping[str, Any]) -> str:
    phase = (content.get("status") or {}).get("phase", "Active")
    return "" if phase == "Active" else f"it is {phase}"


def _operated(content: Mapping[str, Any]) -> str:
    """A resource of the Prometheus operator: reconciled, and what it describes is there."""
    return _condition(content, "Reconciled") or _condition(content, "Available")


def _observed(content: Mapping[str, Any]) -> bool:
    observed = (content.get("status") or {}).get("observedGeneration", 0)
    return bool(observed >= content["metadata"].get("generation", 0))


def _condition(content: Mapping[str, Any], kind: str) -> str:
    for condition in (content.get("status") or {}).get("conditions") or ():
        if condition["type"] == kind:
            if condition["status"] == "True":
                return ""
            why = ": ".join(filter(None, (condition.get("reason"), condition.get("message"))))
            return f"{kind} is {condition['status']}" + (f" ({why})" if why else "")
    return f"it has no condition {kind} yet"


def _generic(content: Mapping[str, Any]) -> str:
    status = content.get("status") or {}
    if not isinstance(status, dict):
        return ""
    said = {it["type"] for it in status.get("conditions") or () if isinstance(it, dict) and "type" in it}
    for kind in ("Ready", "Available"):
        if kind in said and (lacking := _condition(content, kind)):
            return lacking
    return "" if "observedGeneration" not in status or _observed(content) else "its controller has not looked at it yet"


_RULES: Mapping[str, Callable[[Mapping[str, Any]], str]] = {
    "Deployment": _replicas,
    "StatefulSet": _replicas,
    "DaemonSet": _daemons,
    "Job": _job,
    "PersistentVolumeClaim": _claim,
    "Service": _service,
    "Namespace": _namespace,
    "CustomResourceDefinition": lambda content: _condition(content, "Established"),
    "APIService": lambda content: _condition(content, "Available"),
    "Node": lambda content: _condition(content, "Ready"),
    "Pod": lambda content: _condition(content, "Ready"),
    "Prometheus": _operated,
    "Alertmanager": _operated,
    "ThanosRuler": _operated,
}
