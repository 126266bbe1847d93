"""Nornir's view of the inventory."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from nornir.core.inventory import ConnectionOptions, Defaults, Group, Groups, Host, Hosts, Inventory, ParentGroups

from tasks.fleet.load import load_draft
from tasks.fleet.typed import fleet_of, plain_of

if TYPE_CHECKING:
    from tasks.fleet.draft import Element
    from tasks.fleet.model import Cluster


class FleetInventory:
    """
    Nornir inventory plugin ``fleet``: the project's three files, held to every rule.

    A host's ``data`` has the plain values of its cluster, inherited ones included, for ``nr.filter(region="edge")``,
    and under ``cluster`` the typed ``Cluster``; ``defaults.data["fleet"]`` is the ``Fleet``. Groups say who belongs
    together; what they give is on their hosts already. No credential is read here.
    """

    def __init__(self, folder: str = "inventory") -> None:
        self.folder = Path(folder)

    def load(self) -> Inventory:
        """
        Read and judge the files.

        Raises:
            InventoryError: the files are wrong; one line per mistake

        """
        draft = load_draft(self.folder)
        fleet = fleet_of(draft.plain)
        defaults = Defaults(data={"fleet": fleet})
        groups = Groups({name: Group(name=name, defaults=defaults) for name in draft.groups})
        for name, group in groups.items():
            group.groups = _parents(draft.groups[name], groups)
        hosts = Hosts()
        for cluster in fleet.clusters:
            hosts[cluster.name] = _host(cluster, _parents(draft.hosts[cluster.name], groups), defaults)
        return Inventory(hosts=hosts, groups=groups, defaults=defaults)


def _parents(element: Element, groups: Groups) -> ParentGroups:
    return ParentGroups([groups[said.value] for said in element.groups])


def _host(cluster: Cluster, groups: ParentGroups, defaults: Defaults) -> Host:
    return Host(
        name=cluster.name,
        hostname=str(cluster.address),
        port=cluster.ssh_port,
        username=cluster.ssh_user,
        groups=groups,
        data=plain_of(cluster) | {"cluster": cluster},
        connection_options={"node_shell": ConnectionOptions(extras={"proxy_jump": cluster.proxy_jump})},
        defaults=defaults,
    )
