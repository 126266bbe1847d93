"""Clusters are told apart, groups exist, and every cluster has its one role."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tasks.fleet.draft import lineage

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tasks.fleet.draft import Draft, Said
    from tasks.model.errors import Mistake

# What the one VIP of a cluster is for: queries of all clusters' metrics, and logs sent to the central one
_SERVES = {"central": {"ingress", "storeapi", "opensearch"}, "edge": {"ingress", "storeapi"}}


def clusters_are_told_apart(draft: Draft) -> Iterator[Mistake]:
    """Names and ids are unique in the fleet. External labels are too: host name and region, and no host is twice."""
    seen: dict[tuple[str, object], Said[str]] = {}
    for said in draft.texts("node_name", "cluster_id", "domain"):
        first = seen.setdefault((said.field, said.value), said)
        if first is not said:
            yield said.place.mistake(f"{said} is that of {first.owner} too ({first.place}); every cluster has its own")


def nothing_is_listed_twice(draft: Draft) -> Iterator[Mistake]:
    """In a list, a second mention is a slip that hides what was meant."""
    seen = set()
    for said in draft.texts("vip.serves", "s3.buckets", "lan.dns"):
        if (said.field, said.owner, said.value) in seen:
            yield said.place.mistake(f"{said} is listed twice; keep one")
        seen.add((said.field, said.owner, said.value))


def groups_exist(draft: Draft) -> Iterator[Mistake]:
    """A misspelt group is a host without its role."""
    known = ", ".join(draft.groups) or "none"
    for element in (*draft.hosts.values(), *draft.groups.values()):
        for said in element.groups:
            if said.value not in draft.groups:
                yield said.place.mistake(
                    f"{element.name} is in group {said.value}, which groups.yaml lacks; known: {known}"
                )


def groups_are_no_circle(draft: Draft) -> Iterator[Mistake]:
    """A group that is its own ancestor never ends; each circle is told once, at its first group."""
    told: set[str] = set()
    for group in draft.groups.values():
        ancestors = lineage(group, draft.groups)
        if group in ancestors and group.name not in told:
            yield group.place.mistake(f"group {group.name} is its own ancestor; groups form a tree")
            told |= {ancestor.name for ancestor in ancestors}


def host_has_one_role(draft: Draft) -> Iterator[Mistake]:
    """Of two groups that give a region the first would win, silently."""
    for host in draft.hosts.values():
        roles = [group for group in lineage(host, draft.groups) if "region" in group.entries]
        for other in roles[1:]:
            if other.entries["region"].plain() != roles[0].entries["region"].plain():
                yield host.groups[0].place.mistake(
                    f"{host.name} is in two roles: group {roles[0].name} ({roles[0].place}) and group {other.name} "
                    f"({other.place}) give different regions; keep one"
                )


def one_cluster_is_central(draft: Draft) -> Iterator[Mistake]:
    """Metrics and logs of all are gathered in one place."""
    regions = draft.texts("region")
    central = [draft.hosts[said.owner] for said in regions if said.value == "central"]
    for host in central[1:]:
        yield host.place.mistake(f"{host.name} is central, and so is {central[0].name} ({central[0].place}); keep one")
    # where a region could not be read, that host may be the central one
    if not central and draft.hosts and len(regions) == len(draft.hosts):
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


SITE_RULES = (
    clusters_are_told_apart,
    nothing_is_listed_twice,
    groups_exist,
    groups_are_no_circle,
    host_has_one_role,
    one_cluster_is_central,
    vip_serves_its_role,
)
