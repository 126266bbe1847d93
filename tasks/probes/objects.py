"""The objects that a proof needs for some seconds, in a namespace of their own."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tasks.fleet.model import Cluster, Fleet

NAMESPACE = "fleet-probe"
POD = "probe"
SERVICE = "probe"
VIP_SERVICE = "probe-vip"
WEB_PORT = 8080
VIP_PORT = 8099
"""A port of the VIP that no component of the specification serves."""

_LABELS = {"app.kubernetes.io/name": "probe", "app.kubernetes.io/managed-by": "fleetproof"}


def probe_stream(fleet: Fleet, cluster: Cluster) -> str:
    """
    A namespace, an account without rights, a pod that answers with its cluster's name, and two ways to it.

    The pod meets the strictest Pod Security Standard; it ends at once when it is deleted.
    """
    return stream_of(
        *room_of(NAMESPACE),
        object_of(NAMESPACE, "Pod", POD, spec=_pod(fleet.probe_image, cluster.name)),
        object_of(NAMESPACE, "Service", SERVICE, spec=_service("ClusterIP", 80)),
        object_of(
            NAMESPACE,
            "Service",
            VIP_SERVICE,
            annotations={
                "lbipam.cilium.io/ips": str(cluster.vip.address),
                "lbipam.cilium.io/sharing-key": "vip",
                "lbipam.cilium.io/sharing-cross-namespace": "*",
            },
            spec=_service("LoadBalancer", VIP_PORT)
            | {"allocateLoadBalancerNodePorts": False, "externalTrafficPolicy": "Cluster"},
        ),
    )


def stream_of(*objects: dict[str, Any]) -> str:
    """Objects as kubectl takes them."""
    return json.dumps({"apiVersion": "v1", "kind": "List", "items": objects}, indent=1)


def room_of(namespace: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """A namespace, and an account without rights for its pods."""
    return (
        object_of("", "Namespace", namespace),
        object_of(namespace, "ServiceAccount", POD, automountServiceAccountToken=False),
    )


def object_of(
    namespace: str, kind: str, name: str, *, annotations: dict[str, str] | None = None, **fields: Any
) -> dict[str, Any]:
    """One object of the core API with the labels of all that a proof makes."""
    metadata: dict[str, Any] = {"name": name, "labels": _LABELS}
    if namespace:
        metadata["namespace"] = namespace
    if annotations:
        metadata["annotations"] = annotations
    return {"apiVersion": "v1", "kind": kind, "metadata": metadata, **fields}


def _pod(image: str, answer: str) -> dict[str, Any]:
    script = f"mkdir -p /tmp/www && echo {answer} > /tmp/www/index.html && exec httpd -f -p {WEB_PORT} -h /tmp/www"
    return pod_spec(
        image,
        script,
        ports=[{"containerPort": WEB_PORT}],
        readinessProbe={"tcpSocket": {"port": WEB_PORT}, "periodSeconds": 1},
    )


def pod_spec(image: str, script: str, **container: Any) -> dict[str, Any]:
    """
    A pod that runs one script of BusyBox's shell, meets the strictest Pod Security Standard, and ends at once.

    Arguments:
        container: further fields of its one container

    """
    user = 65534
    return {
        "serviceAccountName": POD,
        "automountServiceAccountToken": False,
        "enableServiceLinks": False,
        "terminationGracePeriodSeconds": 0,
        "securityContext": {
            "runAsNonRoot": True,
            "runAsUser": user,
            "fsGroup": user,
            "seccompProfile": {"type": "RuntimeDefault"},
        },
        "containers": [
            {
                "name": POD,
                "image": image,
                "imagePullPolicy": "IfNotPresent",
                "command": ["/bin/sh", "-c", script],
                "resources": {"requests": {"cpu": "5m", "memory": "8Mi"}, "limits": {"memory": "64Mi"}},
                "securityContext": {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}},
                **container,
            }
        ],
    }


def _service(kind: str, port: int) -> dict[str, Any]:
    return {"type": kind, "selector": _LABELS, "ports": [{"port": port, "targetPort": WEB_PORT, "protocol": "TCP"}]}
