"""The fleet as tables for people."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.table import Table

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tasks.fleet.model import Cluster, Fleet


def tables(fleet: Fleet) -> tuple[Table, ...]:
    """Hosts and what each announces; networks; names; what they share."""
    clusters = fleet.clusters
    return (
        _table("Hosts", ("cluster", "region", "SSH", "node", "VIP", "serves"), map(_host_row, clusters)),
        _table("Networks", ("cluster", "id", "pods", "services"), map(_network_row, clusters)),
        _table("DNS names that must resolve", ("name", "address", "is"), _dns_rows(fleet)),
        _table("Site", ("what", "value"), _site_rows(fleet)),
    )


def _table(title: str, columns: Iterable[str], rows: Iterable[tuple[str, ...]]) -> Table:
    table = Table(*columns, title=title, title_justify="left", title_style="bold", box=None, pad_edge=False)
    for row in rows:
        table.add_row(*row)
    return table


def _host_row(cluster: Cluster) -> tuple[str, ...]:
    user = f"{cluster.ssh_user}@" if cluster.ssh_user else ""
    jump = f" via {cluster.proxy_jump}" if cluster.proxy_jump else ""
    ssh = f"{user}{cluster.address}:{cluster.ssh_port}{jump}"
    vip = cluster.vip
    return cluster.name, cluster.region, ssh, cluster.node_name, str(vip.address), ", ".join(vip.serves)


def _network_row(cluster: Cluster) -> tuple[str, ...]:
    return cluster.name, str(cluster.cluster_id), str(cluster.pod_cidr), str(cluster.service_cidr)


def _dns_rows(fleet: Fleet) -> Iterable[tuple[str, ...]]:
    owners = {cluster.vip.address: f"VIP of {cluster.name}" for cluster in fleet.clusters}
    owners[fleet.s3.address] = "object store"
    for name, address in fleet.dns_records.items():
        yield name, str(address), owners.get(address, "")


def _site_rows(fleet: Fleet) -> Iterable[tuple[str, ...]]:
    yield "Kubernetes", fleet.versions.kubernetes
    yield "Cilium", fleet.versions.cilium
    yield "LAN", f"{fleet.lan.cidr}, gateway {fleet.lan.gateway}, DNS {', '.join(map(str, fleet.lan.dns))}"
    if fleet.lan.dhcp:
        yield "DHCP", f"{fleet.lan.dhcp.first} to {fleet.lan.dhcp.last}"
    yield "object store", f"{fleet.s3.endpoint} at {fleet.s3.address}, console {fleet.s3.console}"
    yield "buckets", ", ".join(fleet.s3.buckets)
    yield "probe image", fleet.probe_image
