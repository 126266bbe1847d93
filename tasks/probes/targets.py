"""Everything that has to be reached, from every vantage point: the rows of the matrix."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tasks.model.finding import FLEET, Row
from tasks.probes.objects import VIP_PORT
from tasks.probes.path import Wanted

if TYPE_CHECKING:
    from tasks.fleet.model import Cluster, Fleet

OPERATOR, HOST, POD = "operator", "host", "pod"
"""The three vantage points; the second part of every ``reach.`` check."""

API_ANSWERS = Wanted(statuses=frozenset({200, 401, 403}))
"""Over TLS: ready, or (where anonymous requests are off) a refusal by the API server itself."""

S3_ANSWERS = Wanted(statuses=frozenset({200, 400, 403, 404}))
"""Any object store answers a stranger with one of these; a proxy in between would say 502 to 504."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """
    One thing to reach over HTTP.

    Attributes:
        service: last part of the check's id: api, vip, s3
        peer: the cluster on the other side; empty for what is outside the clusters
        address: for the look at the neighbour table; empty where it is only known by name
        wanted: what has to be answered

    """

    service: str
    peer: str
    url: str
    address: str
    wanted: Wanted

    @property
    def key(self) -> str:
        """A word for scripts."""
        return f"{self.service}/{self.peer}"

    def row(self, vantage: str, target: str) -> Row:
        """The matrix cell as seen from one vantage point of one cluster (or of ``FLEET``)."""
        return Row(f"reach.{vantage}.{self.service}", target, self.peer)


def targets_of(fleet: Fleet) -> tuple[Target, ...]:
    """The columns of the matrix but DNS: each cluster's API server and VIP, and the object store."""
    return (
        *(_api(cluster) for cluster in fleet.clusters),
        *(_vip(cluster) for cluster in fleet.clusters),
        Target(service="s3", peer="", url=f"http://{fleet.s3.endpoint}/", address="", wanted=S3_ANSWERS),
    )


def matrix_rows(fleet: Fleet) -> tuple[Row, ...]:
    """Every cell of the matrix: DNS is a column of its own, asked for all of the site's names at once."""
    seats = ((OPERATOR, FLEET), *((vantage, c.name) for vantage in (HOST, POD) for c in fleet.clusters))
    targets = targets_of(fleet)
    return tuple(
        row
        for vantage, name in seats
        for row in (*(target.row(vantage, name) for target in targets), Row(f"reach.{vantage}.dns", name))
    )


def _api(cluster: Cluster) -> Target:
    return Target(
        service="api",
        peer=cluster.name,
        url=f"{cluster.api}/readyz",
        address=str(cluster.address),
        wanted=API_ANSWERS,
    )


def _vip(cluster: Cluster) -> Target:
    return Target(
        service="vip",
        peer=cluster.name,
        url=f"http://{cluster.vip.address}:{VIP_PORT}/",
        address=str(cluster.vip.address),
        wanted=Wanted(statuses=frozenset({200}), body=cluster.name),
    )
