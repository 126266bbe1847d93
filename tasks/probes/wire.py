"""Whose machine really answers for an address: ARP as another machine sees it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tasks.model.finding import Finding, Row, Verdict
from tasks.preflight.parse_paths import parse_macs

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from tasks.fleet.model import Cluster, Fleet

VANTAGES = 2
"""From how many other machines ARP for each address is asked."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """What a question for one address brought: a verdict and its words."""

    verdict: Verdict
    said: str


def judge_arp(macs: tuple[str, ...], expected: str, owners: dict[str, str]) -> Answered:
    """
    Hold the answering MACs against the node's.

    Arguments:
        expected: MAC of the node that should announce the address; empty where it is not known
        owners: MAC to host, for naming who answers instead

    """
    names = ", ".join(f"{mac} ({owners.get(mac, 'no host of the fleet')})" for mac in macs)
    if not expected:
        return Answered(verdict=Verdict.ERROR, said=f"the node's MAC is not known; answered: {names or 'nobody'}")
    match macs:
        case ():
            return Answered(verdict=Verdict.FAIL, said="dead: nobody answers")
        case (mac,) if mac == expected:
            return Answered(verdict=Verdict.PASS, said=f"{names} answers")
        case (_,):
            return Answered(verdict=Verdict.FAIL, said=f"foreign: {names} answers, wanted {expected}")
        case _:
            return Answered(verdict=Verdict.FAIL, said=f"duplicate: {names} answer, wanted {expected} alone")


@dataclass(frozen=True, slots=True, kw_only=True)
class WireView:
    """
    What one host contributes to the truth about the addresses.

    Attributes:
        mac: of the host's interface on the LAN; empty where it could not be read
        arp: cluster to the MACs that answered for its VIP; a missing one could not be asked

    """

    mac: str
    arp: Mapping[str, tuple[str, ...]]


def strangers_of(fleet: Fleet, cluster: Cluster) -> dict[str, str]:
    """
    The VIPs that one host asks ARP for: cluster to address.

    Each host asks for those of the clusters before it, round about, so that each address is asked for by several.
    """
    names = [it.name for it in fleet.clusters]
    here = names.index(cluster.name)
    others = [names[here - step] for step in range(1, min(VANTAGES, len(names) - 1) + 1)]
    return {name: str(fleet.cluster(name).vip.address) for name in others}


def read_view(answers: Mapping[str, tuple[int, str]], strangers: Iterable[str]) -> WireView:
    """Read one host's answers ``mac`` and ``arp/<cluster>``; what cannot be read counts as not asked."""
    arp = {}
    for name in strangers:
        try:
            arp[name] = tuple(sorted(parse_macs(answers[f"arp/{name}"][1])))
        except (KeyError, ValueError):
            continue
    code, mac = answers.get("mac", (1, ""))
    return WireView(mac=mac.strip().lower() if code == 0 else "", arp=arp)


def judge_vip(cluster: Cluster, views: Mapping[str, WireView], *, seen_here: str = "") -> Finding:
    """
    All machines' answers for one cluster's address have to agree with its node's own MAC.

    Arguments:
        views: host to what it saw
        seen_here: the MAC that the operator's own machine has for the address; counts where no host could ask

    """
    vip = str(cluster.vip.address)
    expected = views[cluster.name].mac
    owners = {view.mac: name for name, view in views.items() if view.mac}
    asked = {name: view.arp[cluster.name] for name, view in views.items() if cluster.name in view.arp}
    if not asked and seen_here:
        asked = {"the operator's machine": (seen_here,)}
    row = Row("vip.arp", cluster.name)
    if not asked:
        said = "no other machine could ask; arping is needed on the hosts"
        return Finding(row=row, verdict=Verdict.ERROR, observed=said, remedy="see docs/hosts.md#tools")
    answers = {name: judge_arp(macs, expected, owners) for name, macs in asked.items()}
    observed = "; ".join(f"seen from {name}: {answer.said}" for name, answer in answers.items())
    verdicts = {answer.verdict for answer in answers.values()}
    if verdicts == {Verdict.PASS}:
        return Finding(row=row, verdict=Verdict.PASS, observed=observed)
    return Finding(
        row=row,
        verdict=Verdict.FAIL if Verdict.FAIL in verdicts else Verdict.ERROR,
        observed=observed,
        wanted=f"{expected or 'the MAC'} of {cluster.name}, and nobody else",
        remedy=f"find the machine that has {vip}; where nobody has: "
        f"kubectl --context {cluster.name} -n kube-system rollout restart daemonset/cilium",
        reproduce=f"ssh {next(iter(asked))} sudo arping -b -c 2 {vip}",
    )
