"""Which flows the network policies must let through, and which they must not; how a try is read and judged. Pure."""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from tasks.model.finding import Finding, Row, Verdict
from tasks.preflight.script import PRELUDE

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

NAMESPACE = "fleet-probe-flows"
CONNECT_S = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Flow:
    """
    A connection from the probe's pod, which belongs to nobody, to a Service of its cluster.

    Attributes:
        name: last part of the check's id
        component: what brings the Service; a cluster without it has no such row
        passes: whether it has to come about

    """

    name: str
    component: str
    namespace: str
    service: str
    port: int
    passes: bool = False

    @property
    def check(self) -> str:
        """The check's id."""
        return f"policy.{'allows' if self.passes else 'denies'}.{self.name}"

    @property
    def to(self) -> str:
        """For people."""
        return f"{self.namespace}/{self.service}:{self.port}"


FLOWS = (
    Flow(name="dns", component="cilium", namespace="kube-system", service="kube-dns", port=53, passes=True),
    Flow(name="api", component="cilium", namespace="default", service="kubernetes", port=443, passes=True),
    Flow(name="dns.metrics", component="cilium", namespace="kube-system", service="kube-dns", port=9153),
    Flow(name="relay", component="cilium", namespace="kube-system", service="hubble-relay", port=80),
    Flow(name="prometheus", component="monitoring", namespace="monitoring", service="monitoring-prometheus", port=9090),
    Flow(
        name="alertmanager",
        component="monitoring",
        namespace="monitoring",
        service="monitoring-alertmanager",
        port=9093,
    ),
    Flow(
        name="sidecar",
        component="monitoring",
        namespace="monitoring",
        service="monitoring-thanos-external",
        port=10901,
    ),
    Flow(name="query", component="thanos", namespace="thanos", service="thanos-query", port=9090),
    Flow(name="query.storeapi", component="thanos", namespace="thanos", service="thanos-query", port=10901),
    Flow(name="frontend", component="thanos", namespace="thanos", service="thanos-query-frontend", port=9090),
    Flow(name="storegateway", component="thanos", namespace="thanos", service="thanos-storegateway", port=10901),
    Flow(name="opensearch", component="opensearch", namespace="opensearch", service="opensearch", port=9200),
    Flow(name="grafana", component="grafana", namespace="grafana", service="grafana", port=80),
)


class Met(StrEnum):
    """What one try to connect came to."""

    CONNECTED = "connected"
    REFUSED = "refused"
    SILENT = "no answer"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class Try:
    """One try to connect, and the tool's own words."""

    met: Met
    said: str


def host_script(asked: Mapping[str, tuple[str, int]]) -> str:
    """Connect from the host, which no policy of a pod's namespace governs, to each address and port, side by side."""
    lines = [
        f"job {shlex.quote(key)} timeout {CONNECT_S} bash -c {shlex.quote(f'exec 3<>/dev/tcp/{address}/{port}')} &"
        for key, (address, port) in asked.items()
    ]
    return "\n".join([PRELUDE, *lines, "wait"])


def pod_script(asked: Mapping[str, tuple[str, int]]) -> str:
    """The same from a pod, with BusyBox's ``nc``; what is connected is closed at once."""
    lines = [
        f"job {shlex.quote(key)} timeout {CONNECT_S + 2} nc -w {CONNECT_S} {address} {port} -e true &"
        for key, (address, port) in asked.items()
    ]
    return "\n".join([PRELUDE, *lines, "wait"])


_OVER = frozenset({124, 143})
"""What a shell sees of a program that ``timeout`` has ended: coreutils' and BusyBox's."""


def read_try(answer: tuple[int, str] | None) -> Try:
    """Read one answer of either script: exit code and words; what is in no known words is unknown."""
    if answer is None:
        return Try(met=Met.UNKNOWN, said="it was not asked")
    code, text = answer
    said = text.strip().splitlines()[-1] if text.strip() else f"exit code {code}"
    if code == 0:
        return Try(met=Met.CONNECTED, said="connected")
    if code in _OVER or re.search(r"timed out", text, re.IGNORECASE):
        return Try(met=Met.SILENT, said=f"no answer within {CONNECT_S} s")
    if re.search(r"connection refused", text, re.IGNORECASE):
        return Try(met=Met.REFUSED, said=said)
    return Try(met=Met.UNKNOWN, said=said)


def judge_flow(cluster: str, flow: Flow, host: Try, pod: Try) -> Finding:
    """
    Hold what came of a flow against what is wanted.

    A denial looks like a target that nobody listens on: only where the host connects to it is silence a denial.
    """
    verdict, observed = _judge(flow, host, pod)
    reaches = "reaches" if flow.passes else "does not reach"
    return Finding(
        row=Row(flow.check, cluster),
        verdict=verdict,
        observed=observed,
        wanted=f"a pod that belongs to nobody {reaches} {flow.to}",
        remedy=_remedy(cluster, flow, verdict),
        reproduce=f"kubectl --context {cluster} run probe --rm -i --restart=Never --image=busybox -- "
        f"nc -w {CONNECT_S} {flow.service}.{flow.namespace} {flow.port} -e true",
    )


def _judge(flow: Flow, host: Try, pod: Try) -> tuple[Verdict, str]:
    match (pod.met, host.met):
        case (Met.CONNECTED, _) if flow.passes:
            return Verdict.PASS, f"connected to {flow.to}"
        case (Met.CONNECTED, _):
            return Verdict.FAIL, f"connected to {flow.to}, which no policy should let it"
        case (Met.SILENT | Met.REFUSED, Met.CONNECTED) if flow.passes:
            return Verdict.FAIL, f"{pod.said} from {flow.to}, to which the host connects"
        case (Met.SILENT, Met.CONNECTED):
            return Verdict.PASS, f"denied: {pod.said} from {flow.to}, to which the host connects"
    # a policy is silent; a refusal, or a target to which nobody connects, says nothing of policies
    return Verdict.ERROR, f"could not judge: {flow.to} to the pod: {pod.said}; to its host: {host.said}"


def _remedy(cluster: str, flow: Flow, verdict: Verdict) -> str:
    shown = f"kubectl --context {cluster} -n {flow.namespace}"
    match verdict:
        case Verdict.PASS:
            return ""
        case Verdict.ERROR:
            return f"{shown} get endpointslices,pods"
        case _ if flow.passes:
            return f"find the policy that forbids it: {shown} get ciliumnetworkpolicies,networkpolicies"
    return (
        f"python runbooks/drift.py --limit {cluster}; find the policy that lets it: "
        f"{shown} get ciliumnetworkpolicies,networkpolicies -o yaml"
    )


def unasked(cluster: str, flows: Iterable[Flow], why: str) -> tuple[Finding, ...]:
    """Flows of which nothing is known: never a denial."""
    return tuple(
        Finding(
            row=Row(it.check, cluster),
            verdict=Verdict.ERROR,
            observed=f"could not judge: {why}",
            remedy=_remedy(cluster, it, Verdict.ERROR),
        )
        for it in flows
    )
