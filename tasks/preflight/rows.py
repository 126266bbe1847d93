"""What each stage of the preflight owes, for any fleet."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tasks.model.finding import FLEET, Row
from tasks.preflight.checks_clock import clock_rows
from tasks.preflight.checks_dns import OPERATOR, dns_rows
from tasks.preflight.checks_operator import TOOL_CHECKS
from tasks.preflight.checks_paths import path_rows
from tasks.preflight.checks_store import ENDPOINT, store_rows
from tasks.preflight.checks_unique import unique_rows
from tasks.preflight.checks_vips import vip_rows
from tasks.preflight.host_checks import HOST_CHECKS
from tasks.preflight.knock import SEAT

if TYPE_CHECKING:
    from tasks.fleet.model import Fleet


def operator_rows(fleet: Fleet) -> tuple[Row, ...]:
    """The operator's tools, the object store, and a knock at every host."""
    return (*seat_rows(fleet), *(row for row in store_rows(fleet.s3) if row not in seat_rows(fleet)))


def seat_rows(fleet: Fleet) -> tuple[Row, ...]:
    """The same without the buckets, which only a canary can prove."""
    return (
        *(check.row for check in TOOL_CHECKS),
        Row(OPERATOR, FLEET),
        Row(ENDPOINT, FLEET),
        *(Row(SEAT, cluster.name) for cluster in fleet.clusters),
    )


def host_rows(fleet: Fleet) -> tuple[Row, ...]:
    """Every host check on every host, names and name servers, clocks, and identities across the fleet."""
    hosts = [cluster.name for cluster in fleet.clusters]
    return (
        *(Row(check.check, host) for host in hosts for check in HOST_CHECKS),
        *(row for host in hosts for row in dns_rows(fleet, host)),
        *unique_rows(hosts),
        *clock_rows(hosts),
    )


def path_stage_rows(fleet: Fleet) -> tuple[Row, ...]:
    """Every way from every host, and every VIP."""
    return (*(row for cluster in fleet.clusters for row in path_rows(fleet, cluster)), *vip_rows(fleet))
