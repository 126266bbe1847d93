"""The announced address as the API server tells it: who has it, by which policy, and who announces it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from tasks.cilium.lease import lease_name, parse_holder

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence


def balanced(services: Iterable[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """The services of type LoadBalancer."""
    return [service for service in services if service["spec"].get("type") == "LoadBalancer"]


def assigned(service: Mapping[str, Any]) -> tuple[str, ...]:
    """The addresses that LB-IPAM has given to a service."""
    entries = ((service.get("status") or {}).get("loadBalancer") or {}).get("ingress") or ()
    return tuple(entry.get("ip", "") for entry in entries)


def wrongly_assigned(services: Sequence[Mapping[str, Any]], vip: str) -> tuple[str, ...]:
    """One sentence per service that has not exactly the cluster's address, with LB-IPAM's own reason."""
    if not services:
        return ("no service of type LoadBalancer is there",)
    return tuple(
        f"{_name(service)} has {', '.join(assigned(service)) or 'no address'}{_reason(service)}"
        for service in services
        if assigned(service) != (vip,)
    )


def wrong_policy(services: Sequence[Mapping[str, Any]]) -> tuple[str, ...]:
    """One sentence per service whose traffic would be dropped where the announcing node has no backend of it."""
    return tuple(
        f"{_name(service)} has externalTrafficPolicy {service['spec'].get('externalTrafficPolicy')}"
        for service in services
        if service["spec"].get("externalTrafficPolicy", "Cluster") != "Cluster"
    )


def wrongly_held(
    services: Sequence[Mapping[str, Any]], leases: Iterable[Mapping[str, Any]], node: str, now: datetime
) -> tuple[str, ...]:
    """One sentence per service whose announcement is not, or no longer, the node's."""
    by_name = {lease["metadata"]["name"]: dict(lease) for lease in leases}
    found = []
    for service in services:
        lease = by_name.get(lease_name(service["metadata"]["namespace"], service["metadata"]["name"]))
        holder = parse_holder(lease) if lease else ""
        if holder != node:
            found.append(f"{_name(service)} is announced by {holder or 'nobody'}")
        elif lease and (late := _overdue(lease, now)):
            found.append(f"{_name(service)}: {node} should have renewed its lease {late.total_seconds():.0f} s ago")
    return tuple(found)


def _overdue(lease: Mapping[str, Any], now: datetime) -> timedelta | None:
    spec = lease["spec"]
    renewed = datetime.fromisoformat(str(spec.get("renewTime", "1970-01-01T00:00:00Z")))
    late = now - renewed.astimezone(UTC) - timedelta(seconds=int(spec.get("leaseDurationSeconds", 0)))
    return late if late > timedelta(0) else None


def _name(service: Mapping[str, Any]) -> str:
    return f"{service['metadata']['namespace']}/{service['metadata']['name']}"


def _reason(service: Mapping[str, Any]) -> str:
    for condition in (service.get("status") or {}).get("conditions") or ():
        if condition["type"] == "cilium.io/IPAMRequestSatisfied" and condition["status"] != "True":
            return f" ({condition.get('message') or condition.get('reason', 'no reason given')})"
    return ""
