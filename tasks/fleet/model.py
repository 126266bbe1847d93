"""The inventory as typed, frozen values; nothing here reads a file."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv4Network  # noqa: TC003  pydantic resolves the annotations at run time
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field


class Value(BaseModel):
    """Frozen, and strict about keys: a misspelt key is a mistake, not a default."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Vip(Value):
    """The one address that a cluster announces on the LAN, and what it serves."""

    address: IPv4Address
    serves: tuple[Literal["ingress", "storeapi", "opensearch"], ...]


class Cluster(Value):
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
    cluster_id: int = Field(ge=1, le=255)
    domain: str
    pod_cidr: IPv4Network
    service_cidr: IPv4Network
    vip: Vip
    ssh_port: int = Field(default=22, ge=1, le=65535)
    ssh_user: str | None = None
    proxy_jump: str | None = None

    @property
    def api(self) -> str:
        """Base URL of the API server."""
        return f"https://{self.address}:6443"


class S3(Value):
    """The object store outside the clusters (FR-007): plain HTTP, path style."""

    endpoint: str
    console: str
    address: IPv4Address
    buckets: tuple[str, ...]


class Lan(Value):
    """The network that hosts and addresses share."""

    cidr: IPv4Network
    gateway: IPv4Address
    dns: tuple[IPv4Address, ...]


class Versions(Value):
    """What is deployed; one line each in ``inventory/defaults.yaml``."""

    kubernetes: str
    cilium: str


class Fleet(Value):
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
