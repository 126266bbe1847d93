"""The inventory as typed, frozen values; nothing here reads a file."""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network  # noqa: TC003  the files' reader resolves the annotations at run time
from typing import Annotated, Literal


@dataclass(frozen=True, slots=True)
class Between:
    """The bounds of a whole number, both included."""

    low: int
    high: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Vip:
    """The one address that a cluster announces on the LAN, and what it serves."""

    address: IPv4Address
    serves: tuple[Literal["ingress", "storeapi", "opensearch"], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Cluster:
    """
    One host and the single-node cluster on it.

    Attributes:
        name: the Nornir host's name, the kubeconfig context, and the external label ``cluster``
        address: of the host on the LAN; the API server listens on its port 6443
        region: external label ``region``
        node_name: as ``kubectl get nodes`` shows it
        cluster_id: Cilium's numeric cluster id, 1 to 255, unique
        domain: ingress hostnames end in it: k8s-cluster-01.miribit.lab
        ssh_port: where sshd listens on ``address``
        ssh_user: login on this host alone; None: NODE_USER
        proxy_jump: bastion as ``[user@]host[:port]``; None: SSH goes directly

    """

    name: str
    address: IPv4Address
    region: Literal["central", "edge"]
    node_name: str
    cluster_id: Annotated[int, Between(1, 255)]
    domain: str
    pod_cidr: IPv4Network
    service_cidr: IPv4Network
    vip: Vip
    ssh_port: Annotated[int, Between(1, 65535)] = 22
    ssh_user: str | None = None
    proxy_jump: str | None = None

    @property
    def api(self) -> str:
        """Base URL of the API server."""
        return f"https://{self.address}:6443"


@dataclass(frozen=True, slots=True, kw_only=True)
class S3:
    """The object store outside the clusters (FR-007): plain HTTP, path style."""

    endpoint: str
    console: str
    address: IPv4Address
    buckets: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class AddressRange:
    """Addresses from the first to the last, both included."""

    first: IPv4Address
    last: IPv4Address


@dataclass(frozen=True, slots=True, kw_only=True)
class Lan:
    """The network that hosts and addresses share; ``dhcp`` is what its DHCP server hands out, where that is known."""

    cidr: IPv4Network
    gateway: IPv4Address
    dns: tuple[IPv4Address, ...]
    dhcp: AddressRange | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Versions:
    """What is deployed; one line each in ``inventory/defaults.yaml``."""

    kubernetes: str
    cilium: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Fleet:
    """
    The whole site.

    Attributes:
        clusters: in the inventory's order
        dns_records: name to address that has to resolve, on every host and in every pod
        probe_image: small image with a shell, an HTTP server and client, for the pods that prove a path

    """

    clusters: tuple[Cluster, ...]
    lan: Lan
    s3: S3
    versions: Versions
    dns_records: dict[str, IPv4Address]
    probe_image: str

    def cluster(self, name: str) -> Cluster:
        """The cluster of that name; KeyError where there is none."""
        for cluster in self.clusters:
            if cluster.name == name:
                return cluster
        raise KeyError(name)

    @property
    def central(self) -> Cluster:
        """The cluster that gathers metrics and logs of all."""
        return next(cluster for cluster in self.clusters if cluster.region == "central")
