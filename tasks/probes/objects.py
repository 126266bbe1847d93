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
    listed = {
        "apiVersion": "v1",
        "kind": "List",
        "items": [
            _object("Namespace", NAMESPACE),
            _object("ServiceAccount", POD, automountServiceAccountToken=False),
            _object("Pod", POD, spec=_pod(fleet.probe_image, cluster.name)),
            _object("Service", SERVICE, spec=_service("ClusterIP", 80)),
            _object(
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
        ],
    }
    return json.dumps(listed, indent=1)


def _object(kind: str, name: str, *, annotations: dict[str, str] | None = None, **fields: Any) -> dict[str, Any]:
    metadata: dict[str, Any] = {"name": name, "labels": _LABELS}
    if kind != "Namespace":
        metadata["namespace"] = NAMESPACE
    if annotations:
        metadata["annotations"] = annotations
    return {"apiVersion": "v1", "kind": kind, "metadata": metadata, **fields}


def _pod(image: str, answer: str) -> dict[str, Any]:
    script = f"mkdir -p /tmp/www && echo {answer} > /tmp/www/index.html && exec httpd -f -p {WEB_PORT} -h /tmp/www"
    return {
        "serviceAccountName": POD,
        "automountServiceAccountToken": False,
        "enableServiceLinks": False,
        "terminationGracePeriodSeconds": 0,
        "securityContext": {"runAsNonRoot": True, "runAsUser": 65534, "seccompProfile": {"type": "RuntimeDefault"}},
        "containers": [
            {
                "name": POD,
                "image": image,
                "imagePullPolicy": "IfNotPresent",
                "command": ["/bin/sh", "-c", script],
                "ports": [{"containerPort": WEB_PORT}],
                "readinessProbe": {"tcpSocket": {"port": WEB_PORT}, "periodSeconds": 1},
                "resources": {"requests": {"cpu": "5m", "memory": "8Mi"}, "limits": {"memory": "64Mi"}},
                "securityContext": {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}},
            }
        ],
    }


def _service(kind: str, port: int) -> dict[str, Any]:
    return {"type": kind, "selector": _LABELS, "ports": [{"port": port, "targetPort": WEB_PORT, "protocol": "TCP"}]}
