"""Nornir's view of the inventory: hosts to filter, typed values on them, no credential."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from nornir.core.filter import F

from tasks.fleet.load import load_fleet
from tasks.fleet.plugin import FleetInventory
from tasks.model.errors import InventoryError

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize(
    ("wish", "names"),
    [
        ({"region": "edge"}, ["cluster-02", "cluster-03"]),
        ({"region": "central"}, ["cluster-01"]),
        ({"name": "cluster-02"}, ["cluster-02"]),
        ({"cluster_id": 3}, ["cluster-03"]),
        ({"name": "cluster-09"}, []),
    ],
)
def test_hosts_are_filtered_by_plain_values(wish: dict[str, object], names: list[str], inventory: Path) -> None:
    """Region, name and number select hosts, wherever the value was inherited from."""
    assert list(FleetInventory(str(inventory)).load().filter(**wish).hosts) == names


def test_groups_are_nornirs(inventory: Path) -> None:
    """Membership through a nested group counts."""
    loaded = FleetInventory(str(inventory)).load()
    assert {host.name for host in loaded.children_of_group("edge")} == {"cluster-02", "cluster-03"}
    assert list(loaded.filter(F(groups__contains="remote")).hosts) == ["cluster-03"]


def test_hosts_carry_typed_values(inventory: Path) -> None:
    """``host["cluster"]`` is the cluster, ``host["fleet"]`` the fleet that it belongs to."""
    loaded = FleetInventory(str(inventory)).load()
    fleet = load_fleet(inventory)
    assert {name: host["cluster"] for name, host in loaded.hosts.items()} == {c.name: c for c in fleet.clusters}
    assert loaded.hosts["cluster-01"]["fleet"] == fleet


def test_connection_parameters_are_where_nornir_looks(inventory: Path) -> None:
    """Address, port and login name are the host's own; the bastion is an extra of the connection."""
    far = FleetInventory(str(inventory)).load().hosts["cluster-03"].get_connection_parameters("node_shell")
    assert (far.hostname, far.port, far.username, far.password) == ("192.168.101.197", 2222, "admin", None)
    assert far.extras == {"proxy_jump": "jump@192.168.102.7:2200"}


def test_a_wrong_inventory_does_not_load(inventory: Path) -> None:
    """Nothing is half loaded."""
    (inventory / "hosts.yaml").write_text("")
    with pytest.raises(InventoryError, match="names no host"):
        FleetInventory(str(inventory)).load()
