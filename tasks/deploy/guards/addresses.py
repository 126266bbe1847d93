"""Each cluster has one address on the LAN, and every LoadBalancer service shares it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tasks.deploy.guards.subject import Complaint

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tasks.deploy.guards.subject import Subject

ADDRESSES = "lbipam.cilium.io/ips"
SHARING = "lbipam.cilium.io/sharing-key"


def load_balancers(subject: Subject) -> Iterator[Complaint]:
    """Every LoadBalancer service asks for the cluster's one address, and is willing to share it."""
    wanted = str(subject.cluster.vip.address)
    for document in subject.of_kind("Service"):
        if document.content["spec"].get("type") != "LoadBalancer":
            continue
        notes = document.content["metadata"].get("annotations") or {}
        if notes.get(ADDRESSES) != wanted:
            said = f"asks for address {notes.get(ADDRESSES) or 'of any kind'}, wanted: annotation {ADDRESSES}: {wanted}"
            yield Complaint(str(document.ref), said)
        if not notes.get(SHARING):
            said = f"does not share the address with the others: wanted: annotation {SHARING}: vip"
            yield Complaint(str(document.ref), said)
        if document.content["spec"].get("externalTrafficPolicy") == "Local":
            said = "has externalTrafficPolicy Local, with which an announced address may have no backend: use Cluster"
            yield Complaint(str(document.ref), said)


def pools(subject: Subject) -> Iterator[Complaint]:
    """A pool holds the cluster's one address and nothing besides (FR-003b)."""
    wanted = str(subject.cluster.vip.address)
    for document in subject.of_kind("CiliumLoadBalancerIPPool"):
        blocks = document.content["spec"].get("blocks") or []
        if blocks not in ([{"start": wanted, "stop": wanted}], [{"cidr": f"{wanted}/32"}], [{"start": wanted}]):
            yield Complaint(str(document.ref), f"holds {blocks}, wanted: {wanted} alone")


def claimed(subject: Subject) -> Iterator[tuple[str, str]]:
    """Every address that a rendering claims on the LAN, with the object that does."""
    for document in subject.of_kind("Service"):
        notes = document.content["metadata"].get("annotations") or {}
        if document.content["spec"].get("type") == "LoadBalancer" and notes.get(ADDRESSES):
            yield str(notes[ADDRESSES]), str(document.ref)
    for document in subject.of_kind("CiliumLoadBalancerIPPool"):
        for block in document.content["spec"].get("blocks") or ():
            yield str(block.get("start") or block.get("cidr", "").removesuffix("/32")), str(document.ref)
