"""Everything a run needs to know before it begins: the site, and what the report calls it."""

from __future__ import annotations

import getpass
import secrets
import socket
import subprocess
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from typing import TYPE_CHECKING

from tasks.fleet.typed import plain_of
from tasks.model.record import Labels, Member, Trait
from tasks.run.context import RunContext

if TYPE_CHECKING:
    from pathlib import Path

    from nornir.core import Nornir

    from tasks.fleet.model import Fleet
    from tasks.run.context import Progress
    from tasks.settings import Settings

DISTRIBUTION = "fleetproof"


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """The inventory, opened, and the operator's environment."""

    root: Path
    settings: Settings
    nornir: Nornir
    fleet: Fleet

    @property
    def groups_of(self) -> dict[str, tuple[str, ...]]:
        """Host to its groups, in the inventory's order."""
        hosts = self.nornir.inventory.hosts
        return {
            cluster.name: tuple(group.name for group in hosts[cluster.name].groups) for cluster in self.fleet.clusters
        }


def open_site(root: Path | None = None) -> Site:
    """
    Open the inventory and read the environment.

    Raises:
        InventoryError: the inventory is wrong; one line per mistake
        SettingsError: the environment is

    """
    from tasks.settings import ROOT, load_settings, open_nornir  # noqa: PLC0415  keeps `--help` light

    root = root or ROOT
    settings = load_settings(root)
    nornir = open_nornir(root, settings)
    return Site(root=root, settings=settings, nornir=nornir, fleet=nornir.inventory.defaults.data["fleet"])


def new_context(
    site: Site, progress: Progress, *, plan: bool, deadline_s: float, prune: bool = False, read_only: bool = False
) -> RunContext:
    """One run's fixed facts; what only looks is a dry run to Nornir, so that its transports refuse any change."""
    site.nornir.data.dry_run = plan or read_only
    return RunContext(
        fleet=site.fleet,
        settings=site.settings,
        root=site.root,
        state=site.settings.state,
        plan=plan,
        run_id=f"{datetime.now(UTC):%Y%m%dT%H%M%SZ}-{secrets.token_hex(2)}",
        progress=progress,
        deadline_at=time.monotonic() + deadline_s,
        prune=prune,
        read_only=plan or read_only,
    )


def labels_of(
    site: Site, ctx: RunContext, *, runbook: str, summary: str, argv: tuple[str, ...], hosts: tuple[str, ...]
) -> Labels:
    """What the report calls this run."""
    return Labels(
        run_id=ctx.run_id,
        runbook=runbook,
        summary=summary,
        argv=argv,
        plan=ctx.plan,
        tool=library(),
        revision=_revision(site.root),
        operator=f"{getpass.getuser()}@{socket.gethostname()}",
        versions=tuple((name, str(value)) for name, value in plain_of(site.fleet.versions).items()),
        members=tuple(
            Member(
                name=cluster.name,
                address=str(cluster.address),
                region=cluster.region,
                vip=str(cluster.vip.address),
                chosen=cluster.name in hosts,
            )
            for cluster in site.fleet.clusters
        ),
        traits=tuple(Trait(name=name, says=_says(site.root, name)) for name in site.settings.traits),
    )


def library() -> str:
    """Name and version of this library."""
    return f"{DISTRIBUTION} {version(DISTRIBUTION)}"


def _says(root: Path, trait: str) -> str:
    """A component's own words: the comment at the head of its kustomization, its schema line left out."""
    try:
        lines = (root / "kustomize" / "components" / trait / "kustomization.yaml").read_text("utf-8").splitlines()
    except OSError:
        return ""
    head = lines[: next((number for number, line in enumerate(lines) if not line.startswith("#")), len(lines))]
    return " ".join(line.lstrip("# ") for line in head if "yaml-language-server" not in line).strip()


def _revision(root: Path) -> str:
    try:
        said = subprocess.run(
            ("git", "-C", str(root), "describe", "--always", "--dirty=+dirty", "--exclude=*", "--abbrev=12"),
            capture_output=True,
            text=True,
            timeout=5,
            check=True,
        )
    except (OSError, subprocess.SubprocessError):
        return ""
    return said.stdout.strip()
