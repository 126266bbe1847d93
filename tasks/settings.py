"""The operator's environment: credentials, state folder, traits, waivers; and the one caller of ``InitNornir``."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from nornir.core import Nornir

ROOT = Path(__file__).resolve().parents[1]


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """
    What comes from the environment or from ``.env``, never from the inventory.

    Attributes:
        node_user: NODE_USER, login on every host
        node_password: NODE_PASSWORD, for login where there is no key, and for sudo where it asks
        node_ssh_key: NODE_SSH_KEY, path of a private key
        s3_access_key, s3_secret_key: S3_ACCESS_KEY, S3_SECRET_KEY
        state: FLEETPROOF_STATE, default ``.state`` in the project's folder
        traits: FLEETPROOF_TRAITS, comma-separated Kustomize components to opt in to
        waivers: FLEETPROOF_WAIVERS, path of a YAML file of waived checks with their reasons

    """

    node_user: str
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


def open_nornir(root: Path | None = None) -> Nornir:
    """Open the inventory; see ``tasks.open_nornir``."""
    raise NotImplementedError(root)
