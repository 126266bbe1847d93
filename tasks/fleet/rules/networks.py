"""Pod and service networks: apart from each other, from the LAN and from what pods have to reach; of a usable size."""

from __future__ import annotations

from ipaddress import IPv4Network
from itertools import combinations
from typing import TYPE_CHECKING

from tasks.fleet.rules.addresses import bastions

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tasks.fleet.draft import Draft
    from tasks.model.errors import Mistake

# Shortest and longest prefix. kubeadm gives a node a /24 out of the pod network, at most 16 bits below it, and takes
# no service network beyond a /12; below a /24 the monitoring stack runs out of service addresses.
_PREFIX = {"pod_cidr": (8, 24), "service_cidr": (12, 24)}
_AROUND = {
    "lan.gateway": "the gateway",
    "lan.dns": "the DNS server",
    "s3.address": "the object store",
    "proxy_jump": "the bastion",
}


def networks_are_disjoint(draft: Draft) -> Iterator[Mistake]:
    """Two clusters with a network in common cannot tell each other's pods apart."""
    for first, second in combinations(draft.networks("pod_cidr", "service_cidr"), 2):
        if first.value.overlaps(second.value):
            yield second.place.mistake(
                f"{second} overlaps {first} ({first.place}); give every cluster networks of its own"
            )


def networks_leave_the_lan_alone(draft: Draft) -> Iterator[Mistake]:
    """What lies in a cluster's own network is, for its pods, nowhere else: not on the LAN, not at the object store."""
    single = (*draft.addresses("lan.gateway", "lan.dns", "s3.address"), *bastions(draft))
    outside = [(said.value, f"the LAN {said.value}", said.place) for said in draft.networks("lan.cidr")]
    outside += [(IPv4Network(said.value), f"{_AROUND[said.field]} {said.value}", said.place) for said in single]
    for said in draft.networks("pod_cidr", "service_cidr"):
        hit = next(((what, place) for network, what, place in outside if said.value.overlaps(network)), None)
        if hit:
            what, place = hit
            yield said.place.mistake(
                f"{said} overlaps {what} ({place}); pods could not reach it; choose another network"
            )


def networks_have_a_usable_size(draft: Draft) -> Iterator[Mistake]:
    """Large enough for a node's pods and the stack's services, small enough for kubeadm."""
    for said in draft.networks(*_PREFIX):
        shortest, longest = _PREFIX[said.field]
        if said.value.prefixlen > longest:
            yield said.place.mistake(f"{said} is too small; wanted: /{longest} or larger")
        elif said.value.prefixlen < shortest:
            yield said.place.mistake(f"{said} is too large for kubeadm; wanted: /{shortest} or smaller")


NETWORK_RULES = (networks_are_disjoint, networks_leave_the_lan_alone, networks_have_a_usable_size)
