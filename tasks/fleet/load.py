"""Read the inventory's files into a typed ``Fleet``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import yaml

from tasks.fleet.model import Fleet

if TYPE_CHECKING:
    from pathlib import Path


def load_fleet(folder: Path) -> Fleet:
    """
    Read ``hosts.yaml``, ``groups.yaml`` and ``defaults.yaml``.

    Raises:
        InventoryError: the files are wrong; one line per mistake

    """
    hosts, groups, defaults = (_read(folder / f"{name}.yaml") for name in ("hosts", "groups", "defaults"))
    clusters = []
    for name, host in hosts.items():
        data = {}
        for group in reversed(host["groups"]):
            data |= groups[group]["data"]
        port = host.get("port", defaults["port"])
        clusters.append({"name": name, "address": host["hostname"], "ssh_port": port, **data, **host["data"]})
    return Fleet.model_validate({"clusters": clusters, **defaults["data"]})


def _read(path: Path) -> dict[str, Any]:
    return dict(yaml.load(path.read_text(), Loader=yaml.BaseLoader))  # noqa: S506  BaseLoader makes strings only
