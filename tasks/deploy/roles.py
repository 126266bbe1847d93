"""One node that is control plane and worker at once, and says so."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tasks.deploy.api import KubeApi
    from tasks.deploy.kubectl import Kubectl
    from tasks.fleet.model import Cluster
    from tasks.run.change import Gate

ROLE = "node-role.kubernetes.io/"
ROLES = ("control-plane", "worker")


def roles_of(node: dict[str, Any]) -> tuple[str, ...]:
    """The roles that ``kubectl get nodes`` shows, in its order."""
    labels = node["metadata"].get("labels") or {}
    return tuple(sorted(label.removeprefix(ROLE) for label in labels if label.startswith(ROLE)))


def role_taints(node: dict[str, Any]) -> tuple[str, ...]:
    """Taints that keep ordinary pods off a control plane, as ``key:effect``."""
    taints = node["spec"].get("taints") or ()
    return tuple(f"{taint['key']}:{taint['effect']}" for taint in taints if taint["key"].startswith(ROLE))


def ensure_worker_role(cluster: Cluster, *, api: KubeApi | None, kubectl: Kubectl, gate: Gate) -> None:
    """
    Label the node as a worker too, and take away the taint that would keep pods off it.

    The kubelet may not give itself such a label, so it is given through the administrator's access.

    Arguments:
        api: None while planning a cluster that is not there yet

    Raises:
        ApiError: the node cannot be read
        CommandFailed: kubectl refused

    """
    name = cluster.node_name
    node = api.get(f"/api/v1/nodes/{name}") if api else {"metadata": {}, "spec": {}}
    if "worker" not in roles_of(node):
        gate.make(
            f"label node {name} as worker",
            lambda: kubectl.run("label", "node", name, f"{ROLE}worker=", "--overwrite", mutates=True).must_succeed(),
            undo=f"kubectl --context {cluster.name} label node {name} {ROLE}worker-",
        )
    for taint in role_taints(node):
        gate.make(
            f"remove taint {taint} from node {name}",
            partial(_remove_taint, kubectl, name, taint),
            undo=f"kubectl --context {cluster.name} taint node {name} {taint}",
        )


def _remove_taint(kubectl: Kubectl, node: str, taint: str) -> None:
    kubectl.run("taint", "node", node, f"{taint}-", mutates=True).must_succeed()
