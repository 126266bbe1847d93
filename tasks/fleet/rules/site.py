"""What must be there, once, and in agreement: clusters, groups, roles, versions, buckets, DNS records."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tasks.fleet.draft import lineage
from tasks.fleet.rules.names import s3_hosts

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tasks.fleet.draft import Draft
    from tasks.model.errors import Mistake

# First and last minor version of Kubernetes 1 that Cilium's release is tested with (its own compatibility table)
_TESTED = {"1.18": (30, 33)}
# The buckets that metrics, logs and volume backups go to (FR-007b)
_BUCKETS = ("thanos-bucket", "opensearch-logs", "longhorn-backups")
# What the one VIP of a cluster is for: queries of all clusters' metrics, and logs sent to the central one
_SERVES = {"central": {"ingress", "storeapi", "opensearch"}, "edge": {"ingress", "storeapi"}}


def clusters_are_told_apart(draft: Draft) -> Iterator[Mistake]:
    """Names and ids are unique in the fleet; so are external labels, which are the host's name and its region."""
    seen: dict[tuple[str, object], object] = {}
    for said in draft.texts("node_name", "cluster_id", "domain"):
        first = seen.setdefault((said.field, said.value), said)
        if first is not said:
            yield said.place.mistake(f"{said} is also {first}")


def nothing_is_listed_twice(draft: Draft) -> Iterator[Mistake]:
    """In a list, a second mention is a slip that hides what was meant."""
    seen = set()
    for said in draft.texts("vip.serves", "s3.buckets", "lan.dns"):
        if (said.field, said.owner, said.value) in seen:
            yield said.place.mistake(f"{said} is listed twice; keep one")
        seen.add((said.field, said.owner, said.value))


def groups_exist(draft: Draft) -> Iterator[Mistake]:
    """A misspelt group is a host without its role."""
    for element in (*draft.hosts.values(), *draft.groups.values()):
        for said in element.groups:
            if said.value not in draft.groups:
                known = ", ".join(draft.groups) or "none"
                yield said.place.mistake(
                    f"{element.name} is in group {said.value}, which groups.yaml lacks; known: {known}"
                )


def groups_are_no_circle(draft: Draft) -> Iterator[Mistake]:
    """A group that is its own ancestor never ends."""
    for group in draft.groups.values():
        if group in lineage(group, draft.groups):
            yield group.place.mistake(f"group {group.name} is its own ancestor; groups form a tree")


def host_has_one_role(draft: Draft) -> Iterator[Mistake]:
    """Of two groups that give a region the first would win, silently."""
    for host in draft.hosts.values():
        roles = [g for g in lineage(host, draft.groups) if "region" in g.entries]
        for other in roles[1:]:
            if other.entries["region"].plain() != roles[0].entries["region"].plain():
                place = host.groups[0].place
                yield place.mistake(
                    f"{host.name} is in two roles: group {roles[0].name} ({roles[0].place}) and group {other.name} "
                    f"({other.place}) give different regions; keep one"
                )


def one_cluster_is_central(draft: Draft) -> Iterator[Mistake]:
    """Metrics and logs of all are gathered in one place."""
    regions = draft.texts("region")
    central = [said for said in regions if said.value == "central"]
    for said in central[1:]:
        yield draft.hosts[said.owner].place.mistake(
            f"{said.owner} is central, and so is {central[0].owner} ({draft.hosts[central[0].owner].place}); keep one"
        )
    if not central and regions and len(regions) == len(draft.hosts):
        yield next(iter(draft.hosts.values())).place.mistake("no host is central; put exactly one in group central")


def vip_serves_its_role(draft: Draft) -> Iterator[Mistake]:
    """Every cluster is reached and queried; only the central one takes logs."""
    for region in draft.texts("region"):
        serves = [said for said in draft.texts("vip.serves") if said.owner == region.owner]
        wanted = _SERVES[region.value]
        if serves and {said.value for said in serves} != wanted:
            yield serves[0].place.mistake(
                f"vip.serves of {region.owner} is {', '.join(said.value for said in serves)}; "
                f"wanted in region {region.value}: {', '.join(sorted(wanted))}"
            )


def versions_fit_together(draft: Draft) -> Iterator[Mistake]:
    """Only a pair that upstream has tested is deployed."""
    for kubernetes in draft.texts("versions.kubernetes"):
        for cilium in draft.texts("versions.cilium"):
            minor = ".".join(cilium.value.split(".")[:2])
            if minor not in _TESTED:
                yield cilium.place.mistake(
                    f"{cilium} has no known tested Kubernetes; known: Cilium {', '.join(_TESTED)}"
                )
                continue
            low, high = _TESTED[minor]
            if kubernetes.value.split(".")[:2] not in [["1", str(tested)] for tested in range(low, high + 1)]:
                yield kubernetes.place.mistake(
                    f"{kubernetes} is outside what Cilium {minor} ({cilium.place}) is tested with: 1.{low} to 1.{high}"
                )


def buckets_are_complete(draft: Draft) -> Iterator[Mistake]:
    """Metrics, logs and volume backups each have their bucket."""
    buckets = draft.texts("s3.buckets")
    for name in _BUCKETS:
        if buckets and name not in {said.value for said in buckets}:
            yield buckets[0].place.mistake(f"s3.buckets lacks {name}; wanted: {', '.join(_BUCKETS)}")


def records_name_the_right_vip(draft: Draft) -> Iterator[Mistake]:
    """A name below a cluster's domain leads to that cluster's VIP."""
    vips = {said.owner: said for said in draft.addresses("vip.address")}
    for record in draft.addresses("dns_records"):
        for domain in draft.texts("domain"):
            vip = vips.get(domain.owner)
            below = record.key == domain.value or record.key.endswith(f".{domain.value}")
            if below and vip and vip.value != record.value:
                yield record.place.mistake(f"{record} is not the {vip} ({vip.place}), whose domain the name is in")


def records_name_the_object_store(draft: Draft) -> Iterator[Mistake]:
    """Endpoint and console resolve, and to the address of the object store."""
    records = {said.key: said for said in draft.addresses("dns_records")}
    for address in draft.addresses("s3.address"):
        for said, host in s3_hosts(draft):
            record = records.get(host)
            if record and record.value != address.value:
                yield record.place.mistake(f"{record} is not {address} ({address.place}), which {said.field} is at")
            elif not record and host != str(address.value):
                yield said.place.mistake(f"{said} has no record; add to dns_records: `{host}: {address.value}`")


SITE_RULES = (
    clusters_are_told_apart,
    nothing_is_listed_twice,
    groups_exist,
    groups_are_no_circle,
    host_has_one_role,
    one_cluster_is_central,
    vip_serves_its_role,
    versions_fit_together,
    buckets_are_complete,
    records_name_the_right_vip,
    records_name_the_object_store,
)
