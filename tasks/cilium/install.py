"""The tasks that give a cluster its network: Cilium, its address and the announcement of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tasks.cilium.lease import holder_of
from tasks.deploy.api import ApiError
from tasks.deploy.identity import not_there_yet, open_cluster
from tasks.deploy.ready import unready
from tasks.deploy.step import await_ready, deploy, rows_of
from tasks.model.finding import Finding, Outcome, Row, skipped
from tasks.run.step import done

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from nornir.core.task import Result, Task

    from tasks.deploy.api import KubeApi
    from tasks.fleet.model import Cluster, Fleet
    from tasks.run.context import RunContext

NODE_ROW = "settled.node"
ROLLOUT_ROW = "settled.workloads"
ANNOUNCED_ROW = "settled.address"
SETTLE_ROWS = (NODE_ROW, ROLLOUT_ROW, ANNOUNCED_ROW)

KINDS = {
    "ciliumloadbalancerippools": "/apis/cilium.io/v2",
    "ciliuml2announcementpolicies": "/apis/cilium.io/v2alpha1",
    "ciliumnetworkpolicies": "/apis/cilium.io/v2",
}
"""What the next stages apply; Cilium's operator defines these kinds when it starts. Plural to group and version."""

install_declares = rows_of("deploy.cilium")
announce_declares = rows_of("deploy.cilium-l2")


def settle_declares(fleet: Fleet) -> tuple[Row, ...]:
    """The rows of ``settle``."""
    return tuple(Row(check, cluster.name) for cluster in fleet.clusters for check in SETTLE_ROWS)


def install(task: Task, *, ctx: RunContext) -> Result:
    """
    Apply Cilium, and wait until the kinds are known that the announcement is written in.

    The node is not waited for: it cannot be Ready before its network is, and the announcement need not wait for it.

    Returns:
        Result with ``result`` = Outcome(findings=(deploy.cilium,), changes)

    """
    return done(task, deploy(ctx, ctx.fleet.cluster(task.host.name), "cilium", brought=missing_kinds))


def announce(task: Task, *, ctx: RunContext) -> Result:
    """
    Apply the cluster's address pool and the policy that announces it.

    Returns:
        Result with ``result`` = Outcome(findings=(deploy.cilium-l2,), changes)

    """
    return done(task, deploy(ctx, ctx.fleet.cluster(task.host.name), "cilium-l2"))


def settle(task: Task, *, ctx: RunContext) -> Result:
    """
    Wait until the node is Ready, everything in kube-system rolled out and the address announced. Changes nothing.

    Returns:
        Result with ``result`` = Outcome(findings=one per ``SETTLE_ROWS``)

    """
    cluster = ctx.fleet.cluster(task.host.name)
    api = open_cluster(ctx, cluster)
    if api is None:
        findings = tuple(not_there_yet(Row(check, cluster.name)) for check in SETTLE_ROWS)
    else:
        findings = _settled(ctx, cluster, api)
    return done(task, Outcome(findings=findings))


def _settled(ctx: RunContext, cluster: Cluster, api: KubeApi) -> tuple[Finding, ...]:
    waits: tuple[tuple[str, str, Callable[[], str], str], ...] = (
        (NODE_ROW, f"node {cluster.node_name}", lambda: unready(_node(api, cluster)), "Ready"),
        (
            ROLLOUT_ROW,
            "the workloads of kube-system",
            lambda: unfinished(api),
            "every workload of kube-system is ready",
        ),
        (
            ANNOUNCED_ROW,
            f"the announcement of {cluster.vip.address}",
            lambda: unannounced(api, cluster, frontend_of(ctx.settings.traits)),
            f"{cluster.vip.address} is assigned, and {cluster.node_name} holds its lease",
        ),
    )
    findings: list[Finding] = []
    for check, what, missing, good in waits:
        row = Row(check, cluster.name)
        if cause := next((it.row for it in findings if it.blocks), None):
            # a wait whose ground is missing would only hold everybody up until its own deadline
            findings.append(skipped(row, "not waited for", cause))
        else:
            findings.append(await_ready(ctx, row, what, _patient(missing), api=api, good=good))
    return tuple(findings)


def missing_kinds(api: KubeApi) -> str:
    """Which of ``KINDS`` the API server does not serve yet, in words."""
    missing = [plural for plural, group in KINDS.items() if plural not in _served(api, group)]
    return f"the API server does not serve {', '.join(missing)} yet" if missing else ""


def _served(api: KubeApi, group: str) -> set[str]:
    """Plural names of a group's kinds that are established and in the server's directory."""
    listed = api.find(group) or {"resources": []}
    return {resource["name"] for resource in listed["resources"]}


def unfinished(api: KubeApi) -> str:
    """Which workloads of kube-system are not rolled out, in words."""
    return "; ".join(
        f"{kind} {workload['metadata']['name']}: {said}"
        for kind in ("DaemonSet", "Deployment")
        for workload in api.items(f"/apis/apps/v1/namespaces/kube-system/{kind.lower()}s")
        if (said := unready({**workload, "kind": kind}))
    )


def frontend_of(traits: Collection[str]) -> tuple[str, str]:
    """Namespace and name of the Service that has the ports 80 and 443 of the VIP."""
    if "ingress-nginx" in traits:
        return "ingress-nginx", "ingress-nginx-controller"
    return "kube-system", "cilium-ingress"


def unannounced(api: KubeApi, cluster: Cluster, frontend: tuple[str, str]) -> str:
    """
    What keeps the cluster's address from being announced, in words.

    Arguments:
        frontend: see ``frontend_of``

    """
    namespace, name = frontend
    service = api.find(f"/api/v1/namespaces/{namespace}/services/{name}")
    if service is None:
        return f"there is no Service {name}"
    assigned = [entry.get("ip") for entry in (service.get("status") or {}).get("loadBalancer", {}).get("ingress", ())]
    if assigned != [str(cluster.vip.address)]:
        return f"Service {name} has {', '.join(map(str, assigned)) or 'no address'}, wanted {cluster.vip.address}"
    holder = holder_of(api, namespace, name)
    return "" if holder == cluster.node_name else f"its lease is held by {holder or 'nobody'}"


def _node(api: KubeApi, cluster: Cluster) -> dict[str, object]:
    return {**api.get(f"/api/v1/nodes/{cluster.node_name}"), "kind": "Node"}


def _patient(missing: Callable[[], str]) -> Callable[[], str]:
    """An API server that is silent for a moment is something to wait for, too."""

    def ask() -> str:
        try:
            return missing()
        except ApiError as error:
            return str(error)

    return ask
