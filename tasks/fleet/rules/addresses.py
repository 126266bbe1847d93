"""One address, one owner; hosts and VIPs are usable addresses of the LAN."""

from __future__ import annotations

from ipaddress import IPv4Address
from typing import TYPE_CHECKING

from tasks.fleet.draft import Said

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tasks.fleet.draft import Draft
    from tasks.model.errors import Mistake

_ROLE = {
    "lan.gateway": "the LAN's gateway",
    "lan.dns": "a DNS server",
    "s3.address": "the object store",
    "proxy_jump": "the bastion",
    "hostname": "host",
    "vip.address": "the VIP of",
}


def one_owner_per_address(draft: Draft) -> Iterator[Mistake]:
    """A host, and a VIP, has its address for itself: a machine in two roles is two names for one fault."""
    owners: dict[IPv4Address, Said[IPv4Address]] = {}
    for said in (*draft.addresses("lan.gateway", "lan.dns", "s3.address"), *bastions(draft)):
        owners.setdefault(said.value, said)
    for claim in (*draft.addresses("hostname"), *draft.addresses("vip.address")):
        owner = owners.setdefault(claim.value, claim)
        if owner is not claim:
            role = f"{_ROLE[owner.field]} {owner.owner}".rstrip()
            yield claim.place.mistake(f"{claim} is the address of {role} ({owner.place}); {_remedy(claim, draft)}")


def inside_the_lan(draft: Draft) -> Iterator[Mistake]:
    """Hosts, VIPs and the gateway reach each other without a router."""
    for lan in draft.networks("lan.cidr"):
        for said in draft.addresses("hostname", "vip.address", "lan.gateway", "lan.dhcp.first", "lan.dhcp.last"):
            if said.value not in lan.value:
                yield said.place.mistake(f"{said} is outside the LAN {lan.value} ({lan.place}); correct one of the two")


def usable_in_the_lan(draft: Draft) -> Iterator[Mistake]:
    """The first and the last address of a network belong to no machine."""
    for lan in draft.networks("lan.cidr"):
        ends = {lan.value.network_address: "network", lan.value.broadcast_address: "broadcast"}
        for said in draft.addresses("hostname", "vip.address", "lan.gateway", "lan.dns"):
            if end := ends.get(said.value):
                yield said.place.mistake(
                    f"{said} is the {end} address of the LAN {lan.value} ({lan.place}); no machine can have it"
                )


def outside_the_dhcp_range(draft: Draft) -> Iterator[Mistake]:
    """What a DHCP server hands out has another owner tomorrow."""
    for first, last in zip(draft.addresses("lan.dhcp.first"), draft.addresses("lan.dhcp.last"), strict=False):
        if first.value > last.value:
            yield first.place.mistake(f"{first} comes after {last} ({last.place}); exchange the two")
        for said in draft.addresses("hostname", "vip.address", "lan.gateway"):
            if first.value <= said.value <= last.value:
                handed_out = f"{first.value} to {last.value}, which DHCP hands out ({first.place})"
                yield said.place.mistake(f"{said} is in {handed_out}; take it out of that range, or choose another")


def bastions(draft: Draft) -> Iterator[Said[IPv4Address]]:
    """The bastions that are given as addresses."""
    for said in draft.texts("proxy_jump"):
        host = said.value.rpartition("@")[2].partition(":")[0]
        try:
            yield Said("proxy_jump", IPv4Address(host), "", said.place)
        except ValueError:  # a name, or no bastion at all, which `names` judges
            continue


def _remedy(claim: Said[IPv4Address], draft: Draft) -> str:
    if claim.field == "hostname":
        return "a machine has one role and one address"
    lan = next((f" of {lan.value}" for lan in draft.networks("lan.cidr")), "")
    return f"give the VIP a free address{lan}"


ADDRESS_RULES = (one_owner_per_address, inside_the_lan, usable_in_the_lan, outside_the_dhcp_range)
