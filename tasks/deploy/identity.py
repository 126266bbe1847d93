"""Whose API server is this? Recorded once over the verified SSH connection, checked before every first write."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from tasks.deploy.api import KubeApi
from tasks.deploy.files import read_text
from tasks.deploy.kubeconfig import folder_of, parse_kubeconfig
from tasks.model.errors import WrongCluster
from tasks.model.finding import Finding, skipped

if TYPE_CHECKING:
    from pathlib import Path

    from tasks.deploy.kubeconfig import AdminAccess
    from tasks.fleet.model import Cluster
    from tasks.model.finding import Row
    from tasks.run.context import RunContext


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """
    What tells one cluster from every other, even from its own predecessor.

    Attributes:
        cluster: the inventory's name
        server: URL of the API server
        ca_sha256: fingerprint of the cluster's CA (DER), in hex
        uid: of the namespace kube-system, which lives as long as the cluster's etcd
        made_by: run id of the init that made it

    """

    cluster: str
    server: str
    ca_sha256: str
    uid: str
    made_by: str

    def to_json(self) -> str:
        """As it is kept in ``identity.json``."""
        return json.dumps(asdict(self), indent=2) + "\n"


def recorded(state: Path, name: str) -> Identity | None:
    """
    The identity that was recorded for a cluster; None where none was.

    Raises:
        WrongCluster: the record cannot be read, so nothing can be told apart

    """
    path = folder_of(state, name) / "identity.json"
    text = read_text(path)
    if not text:
        return None
    try:
        return Identity(**json.loads(text))
    except (ValueError, TypeError):
        raise WrongCluster(f"{path} is damaged; remove it and fetch the kubeconfig again: rm {path}") from None


def refuse_other(identity: Identity, access: AdminAccess, cluster: Cluster, where: str) -> None:
    """
    Hold a kubeconfig against the inventory and the record.

    Raises:
        WrongCluster: it leads somewhere else

    """
    if access.server != cluster.api:
        raise WrongCluster(f"{where} leads to {access.server}, but {cluster.name} is {cluster.api}")
    if access.ca_sha256 != identity.ca_sha256:
        raise WrongCluster(
            f"{where} trusts CA {_short(access.ca_sha256)}, but {cluster.name} was recorded with CA "
            f"{_short(identity.ca_sha256)}: it belongs to another cluster, or to one that is gone"
        )


def uid_of(api: KubeApi) -> str:
    """The UID of the cluster behind an API server."""
    return str(api.get("/api/v1/namespaces/kube-system")["metadata"]["uid"])


def open_cluster(ctx: RunContext, cluster: Cluster) -> KubeApi | None:
    """
    Open one cluster's API server, after it has proven to be the inventory's.

    Returns:
        the way to read from it; None only while planning a cluster that is not there yet

    Raises:
        WrongCluster: kubeconfig, CA or UID are not the recorded ones, or none are recorded; nothing was written
        ApiError: the server does not answer

    """
    identity = recorded(ctx.state, cluster.name)
    path = folder_of(ctx.state, cluster.name) / "admin.conf"
    text = read_text(path)
    if identity is None or not text:
        if ctx.plan:
            return None
        raise WrongCluster(
            f"no kubeconfig and identity of {cluster.name} in {path.parent}; full_deploy.py fetches them"
        )
    access = _access(text, path)
    refuse_other(identity, access, cluster, str(path))
    api = KubeApi(cluster.name, access, path.parent)
    uid = uid_of(api)
    if uid != identity.uid:
        raise WrongCluster(
            f"the API server at {access.server} is the cluster with UID {uid}, but {cluster.name} was recorded with "
            f"{identity.uid}"
        )
    return api


def not_there_yet(row: Row) -> Finding:
    """What a row says of a cluster that ``open_cluster`` returned None for."""
    return skipped(row, "planned: there is no cluster yet")


def _access(text: str, path: Path) -> AdminAccess:
    try:
        return parse_kubeconfig(text)
    except ValueError as error:
        raise WrongCluster(f"{path}: {error}; remove it and fetch it again: rm {path}") from None


def _short(sha256: str) -> str:
    return sha256[:16] + "..."
