"""Judgements of one cluster from what its API server and its host say. Pure: values in, findings out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tasks.cilium.address import wrong_policy, wrongly_assigned, wrongly_held
from tasks.deploy.ready import unready
from tasks.deploy.roles import ROLES, role_taints, roles_of
from tasks.model.finding import Finding, Row, Verdict

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from tasks.cilium.status import AgentStatus
    from tasks.fleet.model import Cluster

API = "api.ready"
"""The row that most others wait for: the API server is the inventory's, and ready."""

CERTIFICATE_FAIL_DAYS = 10
CERTIFICATE_WARN_DAYS = 30


def judge_ready(cluster: Cluster, node: dict[str, Any]) -> Finding:
    """The node is Ready and may take pods."""
    lacking = unready({**node, "kind": "Node"})
    if not lacking and node["spec"].get("unschedulable"):
        lacking = "it is cordoned"
    return _finding(
        Row("node.ready", cluster.name),
        bad=lacking,
        good=f"{cluster.node_name} is Ready",
        remedy=f"kubectl --context {cluster.name} describe node {cluster.node_name}",
        reproduce=f"kubectl --context {cluster.name} get nodes",
    )


def judge_roles(cluster: Cluster, node: dict[str, Any]) -> Finding:
    """The node is control plane and worker, and nothing keeps ordinary pods off it."""
    roles, taints = roles_of(node), role_taints(node)
    bad = (
        ""
        if roles == ROLES and not taints
        else f"roles {','.join(roles) or 'none'}; taints {', '.join(taints) or 'none'}"
    )
    return _finding(
        Row("node.roles", cluster.name),
        bad=bad,
        good=",".join(roles),
        wanted=f"roles {','.join(ROLES)} and no taint of theirs",
        remedy=f"python runbooks/full_deploy.py --limit {cluster.name}",
        reproduce=f"kubectl --context {cluster.name} get nodes",
    )


def judge_no_kube_proxy(cluster: Cluster, daemons: Sequence[Mapping[str, Any]], chains: int) -> Finding:
    """
    Nothing of kube-proxy is there: Cilium does its work.

    Arguments:
        daemons: the DaemonSets of kube-system
        chains: kube-proxy's chains in the host's NAT table

    """
    there = any(daemon["metadata"]["name"] == "kube-proxy" for daemon in daemons)
    bad = "; ".join(
        filter(None, ("DaemonSet kube-proxy exists" if there else "", f"{chains} of its NAT chains" if chains else ""))
    )
    return _finding(
        Row("node.kube-proxy", cluster.name),
        bad=bad,
        good="no DaemonSet kube-proxy, none of its NAT chains",
        wanted="no kube-proxy: it and Cilium would both rewrite service traffic",
        remedy=f"kubectl --context {cluster.name} -n kube-system delete daemonset kube-proxy; then reboot the host",
        reproduce=f"ssh {cluster.address} sudo iptables-save -t nat | grep KUBE-",
    )


def judge_agent(cluster: Cluster, status: AgentStatus) -> Finding:
    """The Cilium agent is well and replaces kube-proxy; single controllers that fail are a warning."""
    reproduce = f"kubectl --context {cluster.name} -n kube-system exec ds/cilium -c cilium-agent -- cilium-dbg status"
    row = Row("cilium.status", cluster.name)
    if not status.problems and status.failing:
        return Finding(
            row=row,
            verdict=Verdict.WARN,
            observed=f"Ok, but {len(status.failing)} controllers fail: {status.failing[0]}",
            wanted="every controller's last run succeeded",
            remedy=reproduce + " --all-controllers",
            reproduce=reproduce,
            evidence=status.failing,
        )
    return _finding(
        row,
        bad="; ".join(status.problems),
        good="Ok, replaces kube-proxy",
        remedy=f"kubectl --context {cluster.name} -n kube-system logs ds/cilium -c cilium-agent",
        reproduce=reproduce,
    )


def judge_certificate(cluster: Cluster, expires: datetime, now: datetime) -> Finding:
    """The API server's certificate is valid for a while yet."""
    days = (expires - now).days
    verdict = Verdict.PASS
    if days < CERTIFICATE_WARN_DAYS:
        verdict = Verdict.FAIL if days < CERTIFICATE_FAIL_DAYS else Verdict.WARN
    good = verdict is Verdict.PASS
    return Finding(
        row=Row("cert.api", cluster.name),
        verdict=verdict,
        observed=f"{days} days left, until {expires:%Y-%m-%d %H:%M} UTC",
        wanted="" if good else f"at least {CERTIFICATE_WARN_DAYS} days",
        remedy=""
        if good
        else f"ssh {cluster.address} sudo kubeadm certs renew all; then restart the control plane's pods",
        reproduce="" if good else f"ssh {cluster.address} sudo kubeadm certs check-expiration",
    )


def judge_pod(cluster: Cluster, pod: dict[str, Any], evidence: tuple[str, ...]) -> Finding:
    """The test pod runs on the cluster's node."""
    lacking = unready({**pod, "kind": "Pod"})
    node = pod["spec"].get("nodeName", "")
    if not lacking and node != cluster.node_name:
        lacking = f"it runs on {node}, wanted {cluster.node_name}"
    return _finding(
        Row("pod.run", cluster.name),
        bad=lacking,
        good=f"runs on {node} with address {(pod.get('status') or {}).get('podIP')}",
        remedy="mend what the evidence names",
        reproduce=f"kubectl --context {cluster.name} run probe --image={_image(pod)} --restart=Never -- sleep 60",
        evidence=evidence,
    )


def judge_address(
    cluster: Cluster, services: Sequence[Mapping[str, Any]], leases: Sequence[Mapping[str, Any]], now: datetime
) -> tuple[Finding, ...]:
    """What the API server says of the VIP: assigned, reachable from everywhere, announced by the node."""
    vip, name = str(cluster.vip.address), cluster.name
    show = f"kubectl --context {name} get services -A"
    return (
        _finding(
            Row("vip.assigned", name),
            bad="; ".join(wrongly_assigned(services, vip)),
            good=f"{len(services)} services share {vip}",
            wanted=f"every LoadBalancer service has {vip} and nothing else",
            remedy=f"kubectl --context {name} get ciliumloadbalancerippools -o yaml",
            reproduce=show,
        ),
        _finding(
            Row("vip.policy", name),
            bad="; ".join(wrong_policy(services)),
            good="externalTrafficPolicy is Cluster everywhere",
            wanted="externalTrafficPolicy: Cluster, or the address dies with the service's last local pod",
            remedy="set externalTrafficPolicy: Cluster in the component that brings the service",
            reproduce=show,
        ),
        _finding(
            Row("vip.lease", name),
            bad="; ".join(wrongly_held(services, leases, cluster.node_name, now)),
            good=f"{cluster.node_name} holds the lease of every service",
            wanted=f"{cluster.node_name} announces every LoadBalancer service",
            remedy=f"kubectl --context {name} -n kube-system rollout restart daemonset/cilium",
            reproduce=f"kubectl --context {name} -n kube-system get leases",
        ),
    )


def _finding(
    row: Row,
    *,
    bad: str,
    good: str,
    wanted: str = "",
    remedy: str = "",
    reproduce: str = "",
    evidence: tuple[str, ...] = (),
) -> Finding:
    """PASS with what is good, or FAIL with what is bad and all that helps."""
    if not bad:
        return Finding(row=row, verdict=Verdict.PASS, observed=good)
    return Finding(
        row=row,
        verdict=Verdict.FAIL,
        observed=bad,
        wanted=wanted or good,
        remedy=remedy,
        reproduce=reproduce,
        evidence=evidence,
    )


def _image(pod: Mapping[str, Any]) -> str:
    return str(pod["spec"]["containers"][0]["image"])
