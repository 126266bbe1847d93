"""Is there a cluster on the host already, and is it ours? What is in the way of a new one is at home in its own."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from tasks.preflight.judge import known

if TYPE_CHECKING:
    from tasks.fleet.model import Cluster
    from tasks.preflight.values import Fact
    from tasks.preflight.values_services import Admin


class Owner(StrEnum):
    """Whose cluster is on a host."""

    NOBODY = "nobody"
    OURS = "ours"
    FOREIGN = "foreign"


@dataclass(frozen=True, slots=True)
class Installation:
    """Whose cluster it is, and by what that was told."""

    owner: Owner
    says: str


def installation(admin: Fact[Admin | None], cluster: Cluster, recorded_ca: str) -> Installation:
    """
    Tell whose cluster a host's /etc/kubernetes/admin.conf speaks of.

    Ours is what serves at this host's address with the CA that this site has recorded or, where it has recorded none
    yet (an interrupted first run), under the inventory's name.

    Arguments:
        recorded_ca: base64, as a kubeconfig has it; empty where none is recorded

    Raises:
        CouldNotJudge: the file could not be read

    """
    found = known(admin)
    if found is None:
        return Installation(Owner.NOBODY, "no admin.conf")
    named = f"admin.conf speaks of {found.name!r} at {found.server}"
    if found.server != cluster.api:
        return Installation(Owner.FOREIGN, f"{named}, not of {cluster.api}")
    if recorded_ca and found.ca != recorded_ca:
        return Installation(Owner.FOREIGN, f"{named}, with another CA than the one recorded for {cluster.name}")
    if not recorded_ca and found.name != cluster.name:
        return Installation(Owner.FOREIGN, f"{named}, and this site has recorded no such cluster")
    return Installation(Owner.OURS, f"{cluster.name} itself")
