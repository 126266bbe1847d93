"""Who announces an address: Cilium elects one node per service, through a lease."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tasks.deploy.api import KubeApi

LEASES = "/apis/coordination.k8s.io/v1/namespaces/kube-system/leases"


def lease_name(namespace: str, service: str) -> str:
    """Name of the lease for one LoadBalancer service."""
    return f"cilium-l2announce-{namespace}-{service}"


def holder_of(api: KubeApi, namespace: str, service: str) -> str:
    """The node that announces a service's addresses; empty where none does."""
    lease = api.find(f"{LEASES}/{lease_name(namespace, service)}")
    return parse_holder(lease) if lease else ""


def parse_holder(lease: dict[str, Any]) -> str:
    """The holder that a lease names; empty where it has been given up."""
    return (lease.get("spec") or {}).get("holderIdentity") or ""
