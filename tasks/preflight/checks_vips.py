"""Judge whether every VIP is free on the wire, as heard by at least two machines other than its own."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tasks.model.finding import Row
from tasks.preflight.installation import Owner, installation
from tasks.preflight.judge import CouldNotJudge, bad, fair, finding, good, unjudged
from tasks.preflight.parse_paths import parse_macs
from tasks.preflight.remedies import mend
from tasks.preflight.values import Unknown

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tasks.fleet.model import Cluster, Fleet
    from tasks.model.finding import Finding
    from tasks.preflight.judge import Judgement
    from tasks.preflight.paths import HostPaths
    from tasks.preflight.values import Fact

CHECK = "vip.free"
WITNESSES = 2
"""One machine may be deaf to one port of a switch; two that hear the same are believed."""


def vip_rows(fleet: Fleet) -> tuple[Row, ...]:
    """One row per cluster's VIP."""
    return tuple(Row(CHECK, cluster.name) for cluster in fleet.clusters)


def vip_findings(paths: Mapping[str, HostPaths], fleet: Fleet, recorded: Mapping[str, str]) -> tuple[Finding, ...]:
    """
    Judge the VIP of every host that was asked, by what all of them heard.

    Arguments:
        paths: by host, of those that were asked
        recorded: cluster to the base64 of its CA, as this site has it

    """
    return tuple(_finding(cluster, paths, recorded) for cluster in fleet.clusters if cluster.name in paths)


def _finding(cluster: Cluster, paths: Mapping[str, HostPaths], recorded: Mapping[str, str]) -> Finding:
    return finding(
        Row(CHECK, cluster.name),
        _judged(cluster, paths, recorded.get(cluster.name, "")),
        wanted="nobody answers ARP for it, or this cluster's own host does",
        reproduce=f"sudo arping -b -c 2 -w 2 -I DEVICE {cluster.vip.address}  # on {WITNESSES} other hosts",
    )


def _heard(paths: HostPaths, address: str) -> Fact[frozenset[str]]:
    """Who answered one host; silence counts only from a host that does hear others on this network."""
    if isinstance(paths.probes, Unknown):
        return paths.probes
    probe = paths.probes.get(f"arp/{address}")
    if probe is None or not probe.ok:
        return Unknown(probe.reason if probe else "not asked")
    try:
        macs = parse_macs(probe.output)
    except ValueError as error:
        return Unknown(str(error))
    hears = any(one.ok for name, one in paths.probes.items() if name.startswith("ssh/"))
    return macs if macs or hears else Unknown("hears none of its neighbours either")


def _owners(paths: Mapping[str, HostPaths]) -> dict[str, str]:
    """MAC to the host of the fleet that has it."""
    return {link.mac: host for host, one in paths.items() if not isinstance(one.links, Unknown) for link in one.links}


def _judged(cluster: Cluster, paths: Mapping[str, HostPaths], recorded_ca: str) -> Judgement:
    heard = {host: _heard(one, str(cluster.vip.address)) for host, one in paths.items()}
    try:
        owner = installation(paths[cluster.name].admin, cluster, recorded_ca).owner
    except CouldNotJudge as error:
        return unjudged(str(error))
    return _judge(cluster, heard, _owners(paths), is_ours=owner is Owner.OURS)


def _judge(
    cluster: Cluster, heard: Mapping[str, Fact[frozenset[str]]], owners: Mapping[str, str], *, is_ours: bool
) -> Judgement:
    ears = {host: macs for host, macs in heard.items() if not isinstance(macs, Unknown)}
    if not ears:
        return unjudged("; ".join(f"{host}: {one.reason}" for host, one in heard.items() if isinstance(one, Unknown)))
    macs = sorted(frozenset().union(*ears.values()))
    if not macs:
        return _silence(cluster, sorted(ears))
    remedy = mend("ip neigh  # find the machine, or change vip.address in inventory/hosts.yaml", "vips")
    said = "; ".join(_sighting(mac, ears, owners) for mac in macs)
    if len(macs) > 1:
        return bad(f"{cluster.vip.address} is answered by two machines: {said}", remedy)
    if is_ours and owners.get(macs[0]) == cluster.name:
        return good(f"{cluster.vip.address} is announced by {said}")
    return bad(f"{cluster.vip.address} is taken by {said}", remedy)


def _silence(cluster: Cluster, ears: list[str]) -> Judgement:
    witnesses = [host for host in ears if host != cluster.name]
    if len(witnesses) < WITNESSES:
        return fair(
            f"nobody answered for {cluster.vip.address}, but only {', '.join(ears)} listened",
            "run again for all hosts: no --limit",
        )
    return good(f"{cluster.vip.address} is free: nobody answered {', '.join(witnesses)}")


def _sighting(mac: str, ears: Mapping[str, frozenset[str]], owners: Mapping[str, str]) -> str:
    heard_by = ", ".join(sorted(host for host, macs in ears.items() if mac in macs))
    return f"{mac} ({owners.get(mac, 'none of the hosts that were asked')}), heard by {heard_by}"
