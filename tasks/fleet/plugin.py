"""Nornir's view of the inventory."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from nornir.core.inventory import ConnectionOptions, Defaults, Group, Groups, Host, Hosts, Inventory, ParentGroups

from tasks.fleet.load import load_fleet

if TYPE_CHECKING:
    from tasks.fleet.model import Cluster


class FleetInventory:
    """
    Nornir inventory plugin ``fleet``: the project's three files, held to every rule.

    A host's ``data`` has the plain values of its cluster, for ``nr.filter(region="edge")``, and under ``cluster`` the
    typed ``Cluster``; ``defaults.data["fleet"]`` is the ``Fleet``. The bastion is where Nornir hands it to the connection
    plugin: ``connection_options["node_shell"].extras["proxy_jump"]``. Holds no credential.
    """

    def __init__(self, folder: str) -> None:
        self.folder = Path(folder)

    def load(self) -> Inventory:
        """
        Read and judge the files.

        Raises:
            InventoryError: the files are wrong; one line per mistake

        """
        fleet = load_fleet(self.folder)
        defaults = Defaults(data={"fleet": fleet})
        groups = Groups({c.region: Group(name=c.region, data={"region": c.region}) for c in fleet.clusters})
        hosts = Hosts({c.name: _host(c, groups, defaults) for c in fleet.clusters})
        return Inventory(hosts=hosts, groups=groups, defaults=defaults)


def _host(cluster: Cluster, groups: Groups, defaults: Defaults) -> Host:
    return Host(
        name=cluster.name,
        hostname=str(cluster.address),
        port=cluster.ssh_port,
        username=cluster.ssh_user,
        groups=ParentGroups([groups[cluster.region]]),
        data=cluster.model_dump(mode="json") | {"cluster": cluster},
        connection_options={"node_shell": ConnectionOptions(extras={"proxy_jump": cluster.proxy_jump})},
        defaults=defaults,
    )
