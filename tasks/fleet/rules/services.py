"""What is deployed and what is used agree: versions with each other, buckets and DNS records with what needs them."""

from __future__ import annotations

import re
from itertools import product
from typing import TYPE_CHECKING

from tasks.fleet.rules.names import VERSION, s3_hosts

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tasks.fleet.draft import Draft
    from tasks.model.errors import Mistake

# First and last minor version of Kubernetes 1 that Cilium's release is tested with (its own compatibility table)
_TESTED = {"1.18": (30, 33)}
# The buckets that metrics, logs and volume backups go to (FR-007b)
_BUCKETS = ("thanos-bucket", "opensearch-logs", "longhorn-backups")


def versions_fit_together(draft: Draft) -> Iterator[Mistake]:
    """Only a pair that upstream has tested is deployed."""
    for kubernetes, cilium in product(draft.texts("versions.kubernetes"), draft.texts("versions.cilium")):
        if not (re.fullmatch(VERSION, kubernetes.value) and re.fullmatch(VERSION, cilium.value)):
            continue
        minor = cilium.value.rpartition(".")[0]
        low, high = _TESTED.get(minor, (0, 0))
        if not high:
            yield cilium.place.mistake(f"{cilium} has no known tested Kubernetes; known: Cilium {', '.join(_TESTED)}")
        elif kubernetes.value.rpartition(".")[0] not in {f"1.{tested}" for tested in range(low, high + 1)}:
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
    owners: dict[str, str] = {}
    for domain in draft.texts("domain"):
        owners.setdefault(domain.value, domain.owner)
    for record, (domain_name, owner) in product(draft.addresses("dns_records"), owners.items()):
        vip = vips.get(owner)
        if vip and vip.value != record.value and f".{record.key}".endswith(f".{domain_name}"):
            yield record.place.mistake(f"{record} is not {vip} ({vip.place}), whose domain the name is in")


def records_name_the_object_store(draft: Draft) -> Iterator[Mistake]:
    """Endpoint and console resolve, and to the address of the object store."""
    records = {said.key: said for said in draft.addresses("dns_records")}
    written = draft.plain.get("dns_records", "")
    for address, (said, host) in product(draft.addresses("s3.address"), s3_hosts(draft)):
        record = records.get(host)
        if record and record.value != address.value:
            yield record.place.mistake(f"{record} is not {address} ({address.place}), which {said.field} is at")
        elif host not in written and host != str(address.value):
            yield said.place.mistake(f"{said} has no record; add to dns_records: `{host}: {address.value}`")


SERVICE_RULES = (
    versions_fit_together,
    buckets_are_complete,
    records_name_the_right_vip,
    records_name_the_object_store,
)
