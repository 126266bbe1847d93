"""Which web interfaces the ingress has to show, and what they answer when they are well. Pure: values in, findings."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tasks.deploy.settle import has
from tasks.model.finding import Finding, Row, Verdict

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from tasks.deploy.manifest import Stream
    from tasks.fleet.model import Cluster
    from tasks.probes.path import Seen

WELL = frozenset({200, 302, 401})
"""An answer of the interface itself: its page, its way to a page, or its wish to know who asks."""

TLS = "ingress.cilium.io/tls-passthrough"


@dataclass(frozen=True, slots=True, kw_only=True)
class Web:
    """
    One interface.

    Attributes:
        name: first label of its hostname, below the cluster's domain; last part of the checks' ids
        component: what renders its Ingress
        path: what only the interface itself answers, when it is well

    """

    name: str
    component: str
    path: str = "/"

    def host(self, cluster: Cluster) -> str:
        """Its hostname."""
        return f"{self.name}.{cluster.domain}"


WEBS = (
    Web(name="prometheus", component="monitoring", path="/-/ready"),
    Web(name="alertmanager", component="monitoring", path="/-/ready"),
    Web(name="thanos", component="thanos", path="/-/ready"),
    Web(name="grafana", component="grafana", path="/api/health"),
    Web(name="opensearch", component="opensearch"),
    Web(name="longhorn", component="longhorn"),
    Web(name="hubble", component="cilium"),
)


def webs_of(cluster: Cluster) -> tuple[Web, ...]:
    """The interfaces of one cluster."""
    return tuple(it for it in WEBS if has(cluster, it.component))


def rendered_hosts(streams: Iterable[Stream]) -> dict[str, bool]:
    """Every hostname of every Ingress, to whether the ingress hands TLS through to the backend."""
    return {
        rule["host"]: (document.content["metadata"].get("annotations") or {}).get(TLS) == "enabled"
        for stream in streams
        for document in stream.documents
        if document.content["kind"] == "Ingress"
        for rule in document.content["spec"].get("rules", ())
        if rule.get("host")
    }


def judge_hosts(cluster: Cluster, rendered: Mapping[str, bool], left_out: Sequence[str]) -> Finding:
    """
    The overlays render exactly the hostnames that are asked; none is left unasked, none asked in vain.

    Arguments:
        left_out: names of interfaces that a trait's site goes without

    """
    wanted = {it.host(cluster) for it in webs_of(cluster) if it.name not in left_out}
    known = {it.host(cluster) for it in webs_of(cluster)}
    strange = sorted(set(rendered) - known)
    missing = sorted(wanted - set(rendered))
    said = [f"{it} is rendered, but nobody knows what it has to answer" for it in strange]
    said += [f"no overlay renders {it}" for it in missing]
    if not rendered:
        said = ["no overlay renders an Ingress with a hostname"]
    return Finding(
        row=Row("ingress.hosts", cluster.name),
        verdict=Verdict.FAIL if said else Verdict.PASS,
        observed="; ".join(said) or f"{len(rendered)} hostnames: {', '.join(sorted(rendered))}",
        wanted="every hostname of an Ingress is one whose answer is known",
        remedy="name it in tasks/probes/web.py, or mend the component's values" if said else "",
        reproduce=f"python -m tasks.deploy build {cluster.name} monitoring | grep -A30 'kind: Ingress'",
    )


def judge_name(row: Row, host: str, found: tuple[str, ...], vip: str) -> Finding:
    """The hostname resolves to the cluster's VIP and to nothing else, on the operator's machine."""
    good = found == (vip,)
    return Finding(
        row=row,
        verdict=Verdict.PASS if good else Verdict.FAIL,
        observed=f"{host}: {', '.join(found) or 'does not resolve'}",
        wanted=f"{host} resolves to {vip}",
        remedy="" if good else f"let the site's DNS server answer {vip} for *.{host.partition('.')[2]}",
        reproduce=f"getent ahostsv4 {host}",
    )


def judge_answer(row: Row, seen: Seen, url: str, vip: str) -> Finding:
    """
    The interface itself answers through the VIP.

    Arguments:
        url: with the hostname; ``vip`` is where it was asked

    """
    secure = url.startswith("https:")
    port = 443 if secure else 80
    host = url.split("/")[2]
    return Finding(
        row=row,
        verdict=Verdict.PASS if seen.open else Verdict.FAIL,
        observed=f"{url} at {vip}: {seen}{_meaning(seen)}",
        wanted=f"{url} answers {', '.join(map(str, sorted(WELL)))} through {vip}",
        remedy="" if seen.open else _remedy(row.target, seen),
        reproduce=f"curl -v{'k' if secure else ''} --connect-timeout 3 --resolve {host}:{port}:{vip} {url}",
    )


def _meaning(seen: Seen) -> str:
    return next((f" ({meaning})" for code, meaning in _MEANINGS.items() if seen.said.startswith(code)), "")


_MEANINGS = {
    "HTTP 404": "the ingress has no such route",
    "HTTP 503": "the ingress has the route, and no backend behind it",
}


def _remedy(cluster: str, seen: Seen) -> str:
    if seen.said.startswith("HTTP 503"):
        return f"kubectl --context {cluster} get pods,endpointslices -A"
    if seen.said.startswith("HTTP "):
        return f"kubectl --context {cluster} get ingresses,ciliumenvoyconfigs -A"
    return f"kubectl --context {cluster} -n kube-system get service/cilium-ingress daemonset/cilium-envoy"
