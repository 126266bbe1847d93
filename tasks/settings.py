"""The operator's environment: credentials, state folder, traits, waivers; and the one place that opens Nornir."""

from __future__ import annotations

import os
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tasks.model.errors import SettingsError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from nornir.core import Nornir
    from nornir.core.inventory import Inventory

ROOT = Path(__file__).resolve().parents[1]


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """
    What comes from the environment or from ``.env``, never from the inventory.

    Attributes:
        node_user: NODE_USER, login on every host; empty where only files are read
        node_password: NODE_PASSWORD, for login where there is no key, and for sudo where it asks
        node_ssh_key: NODE_SSH_KEY, path of a private key
        s3_access_key, s3_secret_key: S3_ACCESS_KEY, S3_SECRET_KEY
        state: FLEETPROOF_STATE, default ``.state`` in the project's folder
        traits: FLEETPROOF_TRAITS, comma-separated Kustomize components to opt in to
        waivers: FLEETPROOF_WAIVERS, path of a YAML file of waived checks with their reasons

    """

    node_user: str = ""
    node_password: str = field(default="", repr=False)
    node_ssh_key: Path | None = None
    s3_access_key: str = field(default="", repr=False)
    s3_secret_key: str = field(default="", repr=False)
    state: Path = ROOT / ".state"
    traits: tuple[str, ...] = ()
    waivers: Path | None = None

    @property
    def known_hosts(self) -> Path:
        """Host keys that ``runbooks/enrol.py`` has written."""
        return self.state / "known_hosts"

    @property
    def kubeconfig(self) -> Path:
        """Merged admin kubeconfig, one context per cluster, mode 0600."""
        return self.state / "kubeconfig"


def load_settings(root: Path = ROOT, environment: Mapping[str, str] = os.environ) -> Settings:
    """
    Read the environment.

    Raises:
        SettingsError: a value is mangled; never shows it

    """

    def path(name: str) -> Path | None:
        return root / Path(environment[name]).expanduser() if environment.get(name) else None

    return Settings(
        node_user=environment.get("NODE_USER", ""),
        node_password=environment.get("NODE_PASSWORD", ""),
        node_ssh_key=path("NODE_SSH_KEY"),
        s3_access_key=environment.get("S3_ACCESS_KEY", ""),
        s3_secret_key=environment.get("S3_SECRET_KEY", ""),
        state=path("FLEETPROOF_STATE") or root / ".state",
        traits=tuple(filter(None, environment.get("FLEETPROOF_TRAITS", "").split(","))),
        waivers=path("FLEETPROOF_WAIVERS"),
    )


def open_nornir(root: Path | None = None, settings: Settings | None = None) -> Nornir:
    """
    Open the inventory, with the credentials of ``settings`` on it; see ``tasks.open_nornir``.

    Nornir's own ``InitNornir`` imports every plugin of every installed package: netmiko's 300 drivers among them, and
    connection plugins that accept any host key. Here exactly the plugins are loaded that ``nornir_config.yaml`` names,
    and ``node_shell``.
    """
    from nornir.core import Nornir  # noqa: PLC0415  nornir's import time is not `--help`'s
    from nornir.core.configuration import Config  # noqa: PLC0415
    from nornir.core.plugins.connections import ConnectionPluginRegister  # noqa: PLC0415
    from nornir.core.state import GlobalState  # noqa: PLC0415

    root = root or ROOT
    settings = settings or load_settings(root)
    config = Config.from_file(str(root / "nornir_config.yaml"))
    options = config.inventory.options
    inventory = _plugin("inventory", config.inventory.plugin)(
        **options | {"folder": str(root / options["folder"])}
    ).load()
    _equip(inventory, settings)
    with suppress(ModuleNotFoundError):
        ConnectionPluginRegister.register("node_shell", _plugin("connections", "node_shell"))
    runner = _plugin("runners", config.runner.plugin)(**config.runner.options)
    return Nornir(inventory=inventory, runner=runner, config=config, data=GlobalState())


def _plugin(kind: str, name: str) -> Any:
    from importlib.metadata import entry_points  # noqa: PLC0415  as above

    (entry,) = entry_points(group=f"nornir.plugins.{kind}", name=name)
    return entry.load()


def _equip(inventory: Inventory, settings: Settings) -> None:
    """Put the credentials on the inventory, in memory, where Nornir's inheritance finds them."""
    inventory.defaults.username = settings.node_user or None
    inventory.defaults.password = settings.node_password or None
    for host in inventory.hosts.values():
        host.connection_options["node_shell"].extras |= {
            "ssh_key": settings.node_ssh_key,
            "known_hosts": settings.known_hosts,
        }
