"""A deployment's stage as an audit walks it: a bad row keeps no other from being asked; a cause is told once."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from tasks.audit.around import UNDISTURBED
from tasks.preflight.knock import SEAT
from tasks.probes.checks import API

if TYPE_CHECKING:
    from tasks.run.stage import Stage

PATIENCE_S: Final = 20.0
"""For a pod that restarts just then; a deployment waits longer, for it has only just begun what it waits for."""

HOST: Final = (f"{UNDISTURBED.check}@fleet", SEAT)
"""What makes a host's rows red that are not to blame themselves: a deployment at work, a host that is away."""

BELOW_PODS: Final = ("host.containerd", "host.kubelet-service", "host.sysctl.net.ipv4.ip_forward", "reach.mtu->any")
"""Without them no pod of the host runs, or none is heard of; what the pods should do is not told again."""

STORE: Final = "s3.endpoint@fleet"
"""What reads history waits for the store, and every Prometheus watches it."""

BEHIND_THE_API: Final = ("drift", "settled", "answers", "query", "blocks", "ingress", "panels", "grafana")
"""Whatever is asked through an API server, or stands behind what it runs; of a silent one that alone is told."""

BEHIND_THE_STORE: Final = ("answers.targets", "query", "panels")

BY_ADDRESS: Final = ("reach.operator.storeapi", "reach.host.storeapi", "reach.pod.storeapi")
"""What is asked of a cluster by everybody: the cluster is the row's peer, and its address may be a stranger's."""

OF_THE_FLEET: Final = ("host", "reach", "vip", "fleet", "s3", "operator", "certificates", "etcd", "storeapi")

BELOW_THE_API: Final = ("certificates.control-plane", "etcd.health")
"""Without them an API server cannot be ready."""


def calmly(stage: Stage) -> Stage:
    """The same stage, walked on every host whatever was found before, with the audit's own causes."""
    causes = {
        **dict.fromkeys(OF_THE_FLEET, HOST),
        **dict.fromkeys(BEHIND_THE_API, (*HOST, *BELOW_PODS, API)),
        API: (*HOST, *BELOW_THE_API, *BELOW_PODS),
    }
    beside = {
        **dict.fromkeys(BEHIND_THE_STORE, (STORE,)),
        **dict.fromkeys(BY_ADDRESS, (*map(_at_peer, BELOW_PODS), "vip.free@peer")),
        "ingress.http": ("vip.free",),
        "ingress.name": ("reach.dns->any",),
    }
    merged: dict[str, tuple[str, ...]] = {**stage.causes, **causes}
    for check, its in beside.items():
        merged[check] = (*merged.get(check, ()), *its)
    return replace(stage, even_after_failure=True, causes=merged)


def _at_peer(cause: str) -> str:
    check, _, towards = cause.partition("->")
    return f"{check}@peer" + (f"->{towards}" if towards else "")
