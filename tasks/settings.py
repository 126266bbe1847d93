"""The operator's environment: credentials, state folder, traits, waivers; and the one place that opens Nornir."""

from __future__ import annotations

import gc
import os
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from tasks.env_checks import WHERE, incomplete, mangled
from tasks.env_file import read_env_file
from tasks.model.errors import SettingsError
from tasks.model.masking import mask_values
from tasks.nornir_plugins import load_plugin
from tasks.notices import VARIABLES as NOTICES
from tasks.notices import Notices, read_notices

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from nornir.core import Nornir
    from nornir.core.inventory import Inventory

ROOT = Path(__file__).resolve().parents[1]

VARIABLES = (
    *("NODE_USER", "NODE_PASSWORD", "NODE_SSH_KEY", "S3_ACCESS_KEY", "S3_SECRET_KEY"),
    "OPENSEARCH_ADMIN_PASSWORD",
    "OPENSEARCH_SHIPPER_PASSWORD",
    "OPENSEARCH_READER_PASSWORD",
    "GRAFANA_ADMIN_PASSWORD",
    "ALERT_WEBHOOK_URL",
    "ALERT_SLACK_URL",
    "ALERT_SMTP_PASSWORD",
    "ALERT_READBACK_URL",
    "FLEETPROOF_STATE",
    "FLEETPROOF_TRAITS",
    "FLEETPROOF_WAIVERS",
    "FLEETPROOF_CHARTS",
    "FLEETPROOF_CHART_MIRROR",
    "FLEETPROOF_SCHEMAS",
    *NOTICES,
)
_SERVICE_SECRETS = tuple(name for name in VARIABLES if name.startswith(("OPENSEARCH_", "GRAFANA_", "ALERT_")))
"""What is secret about the services: fields of ``Settings`` under the same names in lower case."""
_GC_ALLOCATIONS = 50_000  # containers more than before, after which Python looks for garbage; its own default: 700


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """
    What comes from the environment or from ``.env``, never from the inventory. Its ``repr`` shows no secret.

    Attributes:
        node_user: NODE_USER, login on every host; empty where nothing is contacted
        node_password: NODE_PASSWORD, for login where there is no key, and for sudo where it asks
        node_ssh_key: NODE_SSH_KEY, path of a private key
        s3_access_key, s3_secret_key: S3_ACCESS_KEY, S3_SECRET_KEY; empty where S3 is not used
        opensearch_admin_password to alert_smtp_password: the services' own, each wanted where its service is deployed
        alert_readback_url: where it can be read what the alerts' receiver got; empty: nowhere
        state: FLEETPROOF_STATE, default ``.state`` in the project's folder
        traits: FLEETPROOF_TRAITS, comma-separated Kustomize components to opt in to
        waivers: FLEETPROOF_WAIVERS, path of a YAML file of waived checks with their reasons
        charts: FLEETPROOF_CHARTS, folders of Helm charts (unpacked or ``.tgz``), separated as in PATH; the first wins
        chart_mirror: FLEETPROOF_CHART_MIRROR, URL in the place of the charts' repositories; empty: there is none
        schemas: FLEETPROOF_SCHEMAS, folder that describes kinds: ``swagger.json``, CustomResourceDefinitions as YAML
        notices: whom the nightly audit tells
        given: the variables as they were given, secrets among them

    """

    node_user: str = ""
    node_password: str = field(default="", repr=False)
    node_ssh_key: Path | None = None
    s3_access_key: str = field(default="", repr=False)
    s3_secret_key: str = field(default="", repr=False)
    opensearch_admin_password: str = field(default="", repr=False)
    opensearch_shipper_password: str = field(default="", repr=False)
    opensearch_reader_password: str = field(default="", repr=False)
    grafana_admin_password: str = field(default="", repr=False)
    alert_webhook_url: str = field(default="", repr=False)
    alert_slack_url: str = field(default="", repr=False)
    alert_smtp_password: str = field(default="", repr=False)
    alert_readback_url: str = field(default="", repr=False)
    state: Path = ROOT / ".state"
    traits: tuple[str, ...] = ()
    waivers: Path | None = None
    charts: tuple[Path, ...] = ()
    chart_mirror: str = ""
    schemas: Path | None = None
    notices: Notices = field(default_factory=Notices)
    given: Mapping[str, str] = field(default_factory=dict, repr=False, compare=False)

    @property
    def known_hosts(self) -> Path:
        """Host keys that ``runbooks/enrol.py`` has written."""
        return self.state / "known_hosts"

    @property
    def kubeconfig(self) -> Path:
        """Merged admin kubeconfig, one context per cluster, mode 0600."""
        return self.state / "kubeconfig"

    def require_login(self) -> None:
        """
        Refuse to contact hosts without a way to log in.

        Raises:
            SettingsError: names each variable that is missing, and where to set it

        """
        missing = [] if self.node_user else [f"NODE_USER is missing, who logs in on the hosts; {WHERE}"]
        if not self.node_password and not self.node_ssh_key:
            missing.append(f"NODE_SSH_KEY and NODE_PASSWORD are both missing, one is needed to log in; {WHERE}")
        if missing:
            raise SettingsError("\n".join(missing))


def load_settings(root: Path = ROOT, environment: Mapping[str, str] | None = None) -> Settings:
    """
    Read the environment and, for what is not set there, the file ``.env`` in the project's folder.

    Relative paths start at the project's folder. An empty value counts as missing.

    Raises:
        SettingsError: one line per mistake, none of which shows a value

    """
    given = os.environ if environment is None else environment
    values, mistakes = read_env_file(root / ".env", VARIABLES)
    values |= {name: given[name] for name in VARIABLES if given.get(name)}

    def paths(name: str) -> tuple[Path, ...]:
        return tuple(root / os.path.expanduser(it) for it in values.get(name, "").split(os.pathsep) if it)  # noqa: PTH111

    path = partial(_path, root, values)
    settings = Settings(
        node_user=values.get("NODE_USER", ""),
        node_password=values.get("NODE_PASSWORD", ""),
        node_ssh_key=path("NODE_SSH_KEY"),
        s3_access_key=values.get("S3_ACCESS_KEY", ""),
        s3_secret_key=values.get("S3_SECRET_KEY", ""),
        **{name.lower(): values.get(name, "") for name in _SERVICE_SECRETS},
        state=path("FLEETPROOF_STATE") or root / ".state",
        traits=tuple(filter(None, (trait.strip() for trait in values.get("FLEETPROOF_TRAITS", "").split(",")))),
        waivers=path("FLEETPROOF_WAIVERS"),
        charts=paths("FLEETPROOF_CHARTS"),
        chart_mirror=values.get("FLEETPROOF_CHART_MIRROR", ""),
        schemas=path("FLEETPROOF_SCHEMAS"),
        notices=read_notices(values, path),
        given=values,
    )
    mistakes += [*mangled(values), *incomplete(settings)]
    if mistakes:
        raise SettingsError("\n".join(mistakes))
    return settings


def _path(root: Path, values: Mapping[str, str], name: str) -> Path | None:
    # unlike Path's, this expanduser never raises with the value in its text
    return root / os.path.expanduser(values[name]) if name in values else None  # noqa: PTH111


def masker(settings: Settings) -> Callable[[str], str]:
    """Make the function that takes every secret of ``settings`` out of a text; see ``mask_values``."""
    own = ("NODE_PASSWORD", "S3_ACCESS_KEY", "S3_SECRET_KEY", *_SERVICE_SECRETS)
    return mask_values((*(getattr(settings, name.lower()) for name in own), *settings.notices.secrets))


def open_nornir(root: Path | None = None, settings: Settings | None = None) -> Nornir:
    """
    Open the inventory with the operator's credentials on it, in memory; see ``tasks.open_nornir``.

    Nornir's ``InitNornir`` would import every plugin of every installed package, netmiko with its hundred drivers among
    them, and register connections that accept any host key. Here exactly three are loaded: inventory and runner that
    ``nornir_config.yaml`` names, and ``node_shell``.

    Arguments:
        root: the project's folder; default: the one that holds this package
        settings: default: ``load_settings(root)``

    """
    # what is imported from here on lives as long as the run: looking for garbage in it takes a tenth of a short one
    gc.set_threshold(_GC_ALLOCATIONS)
    import logging  # noqa: PLC0415  `--help` does not pay for it, nor for what follows
    from importlib.metadata import entry_points  # noqa: PLC0415  as above

    from nornir.core import Nornir  # noqa: PLC0415  as above
    from nornir.core.configuration import Config  # noqa: PLC0415  as above
    from nornir.core.plugins.connections import ConnectionPluginRegister  # noqa: PLC0415  as above

    # a failed task's traceback is on its result; without a handler, Python would print it, unmasked, too
    logging.getLogger("nornir").addHandler(logging.NullHandler())
    root = root or ROOT
    settings = settings or load_settings(root)
    config = Config.from_file(str(root / "nornir_config.yaml"))
    # a relative folder would follow the working directory
    config.inventory.options["folder"] = str(root / config.inventory.options["folder"])
    plugins = entry_points()
    inventory: Inventory = load_plugin(plugins, "inventory", config.inventory.plugin)(**config.inventory.options).load()
    _equip(inventory, settings)
    ConnectionPluginRegister.register("node_shell", load_plugin(plugins, "connections", "node_shell"))
    runner = load_plugin(plugins, "runners", config.runner.plugin)(**config.runner.options)
    # what was imported stays: walking it again and again, at exit too, would take a fifth of a short run's time
    gc.freeze()
    return Nornir(inventory=inventory, runner=runner, config=config)


def _equip(inventory: Inventory, settings: Settings) -> None:
    """Credentials where Nornir's inheritance finds them, so that a host's own user name goes before."""
    inventory.defaults.username = settings.node_user or None
    inventory.defaults.password = settings.node_password or None
    for host in inventory.hosts.values():
        host.connection_options["node_shell"].extras = {
            **(host.connection_options["node_shell"].extras or {}),
            "ssh_key": settings.node_ssh_key,
            "known_hosts": settings.known_hosts,
        }
