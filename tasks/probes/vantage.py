"""What a host, a pod and the operator's machine see, read into findings."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tasks.model.finding import Finding, Row, Verdict
from tasks.probes.names import judge_names, parse_getent, parse_nslookup
from tasks.probes.path import parse_curl, parse_neighbours, parse_wget, with_neighbour

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from tasks.fleet.model import Cluster, Fleet
    from tasks.probes.path import Seen, Wanted
    from tasks.probes.targets import Target


def cell(row: Row, target: Target, seen: Seen, reproduce: str) -> Finding:
    """One cell of the matrix."""
    if seen.open:
        return Finding(row=row, verdict=Verdict.PASS, observed=str(seen))
    return Finding(
        row=row,
        verdict=Verdict.FAIL,
        observed=str(seen),
        wanted=f"{target.url} answers",
        remedy=REMEDIES[seen.layer.value],
        reproduce=reproduce,
    )


REMEDIES = {
    "name": "mend the name's record on the site's DNS server",
    "route": "mend the route or the firewall that rejects the packets: ip route get ADDRESS",
    "ARP": "see row vip.arp, or whether the machine is on and on the same LAN",
    "TCP": "let the port through the firewall of the machine on the other side",
    "TLS": "look at both ends: only one speaks TLS, or its certificate has expired or is not one that the other trusts",
    "gRPC": "look whether the server behind the port is the wanted one, and what it says: its pod's log",
    "HTTP": "something else than the wanted server answers: reproduce, and look at what it is",
}
"""What to do, by the layer at which a path ends."""


def host_cells(cluster: Cluster, targets: Iterable[Target], answers: Mapping[str, tuple[int, str]]) -> list[Finding]:
    """The matrix as one host sees it."""
    neighbours = parse_neighbours(answers.get("neighbours", (1, ""))[1])

    def read(target: Target, code: int, text: str) -> Seen:
        seen = parse_curl(code, text, target.wanted)
        # nobody answers ARP for what is its own
        return seen if target.peer == cluster.name else with_neighbour(seen, target.address, neighbours)

    shell = f"ssh {cluster.address}"
    return _cells("host", cluster, targets, answers, read, lambda url: f"{shell} curl -kv --connect-timeout 3 {url}")


def pod_cells(cluster: Cluster, targets: Iterable[Target], answers: Mapping[str, tuple[int, str]]) -> list[Finding]:
    """The matrix as a pod of one cluster sees it."""
    shell = f"kubectl --context {cluster.name} -n fleet-probe exec probe --"
    return _cells(
        "pod",
        cluster,
        targets,
        answers,
        lambda target, code, text: parse_wget(code, text, target.wanted),
        lambda url: f"{shell} wget -S --no-check-certificate -O - {url}",
    )


def _cells(
    vantage: str,
    cluster: Cluster,
    targets: Iterable[Target],
    answers: Mapping[str, tuple[int, str]],
    read: Callable[[Target, int, str], Seen],
    reproduce: Callable[[str], str],
) -> list[Finding]:
    findings = []
    for target in targets:
        row = target.row(vantage, cluster.name)
        try:
            seen = read(target, *answers[target.key])
        except (KeyError, ValueError) as error:
            findings.append(not_asked(row, error, reproduce(target.url)))
        else:
            findings.append(cell(row, target, seen, reproduce(target.url)))
    return findings


def host_names(fleet: Fleet, cluster: Cluster, answers: Mapping[str, tuple[int, str]]) -> Finding:
    """The site's names as one host resolves them."""
    row = Row("reach.host.dns", cluster.name)
    return _names(row, site_names(fleet), answers, parse_getent, f"ssh {cluster.address} getent ahostsv4 NAME")


def pod_names(row: Row, wanted: Mapping[str, str], answers: Mapping[str, tuple[int, str]]) -> Finding:
    """Names as a pod resolves them."""
    reproduce = f"kubectl --context {row.target} -n fleet-probe exec probe -- nslookup NAME"
    return _names(row, wanted, answers, parse_nslookup, reproduce)


def _names(
    row: Row,
    wanted: Mapping[str, str],
    answers: Mapping[str, tuple[int, str]],
    parse: Callable[[str], tuple[str, ...]],
    reproduce: str,
) -> Finding:
    found = {name: parse(answers[f"name/{name}"][1]) for name in wanted if f"name/{name}" in answers}
    if len(found) < len(wanted):
        return not_asked(row, KeyError(*sorted(set(wanted) - set(found))), reproduce)
    return judge_names(row, wanted, found, reproduce)


def site_names(fleet: Fleet) -> dict[str, str]:
    """The inventory's names, with the addresses they must resolve to."""
    return {name: str(address) for name, address in fleet.dns_records.items()}


def cluster_names(cluster: Cluster) -> dict[str, str]:
    """What only the cluster's own DNS can answer: its API server's service has the first address of the range."""
    return {"kubernetes.default.svc.cluster.local": str(cluster.service_cidr[1])}


def judge_service(cluster: Cluster, wanted: Wanted, answers: Mapping[str, tuple[int, str]]) -> Finding:
    """A pod reaches a Service by name through its ClusterIP: cluster DNS and Cilium's service translation work."""
    row = Row("pod.service", cluster.name)
    reproduce = f"kubectl --context {cluster.name} -n fleet-probe exec probe -- wget -O - http://probe.fleet-probe"
    try:
        seen = parse_wget(*answers["service"], wanted)
    except (KeyError, ValueError) as error:
        return not_asked(row, error, reproduce)
    if seen.open:
        return Finding(row=row, verdict=Verdict.PASS, observed=f"ClusterIP: {seen}")
    return Finding(
        row=row,
        verdict=Verdict.FAIL,
        observed=str(seen),
        wanted="the service's own pod answers",
        remedy=f"kubectl --context {cluster.name} -n kube-system exec ds/cilium -- cilium-dbg service list",
        reproduce=reproduce,
    )


def not_asked(row: Row, error: Exception, reproduce: str = "") -> Finding:
    """A question that got no answer that can be read."""
    why = f"no answer to {error}" if isinstance(error, KeyError) else str(error)
    return Finding(row=row, verdict=Verdict.ERROR, observed=why, remedy="run it by hand and look", reproduce=reproduce)
