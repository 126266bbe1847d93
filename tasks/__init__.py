"""
Tasks that turn bare Linux hosts into a fleet of proven Kubernetes clusters.

The rooms, in the order in which a deployment walks through them:

    model       values shared by all rooms: commands, findings, changes, errors
    fleet       the typed inventory and the rules that hold across clusters
    settings    the operator's environment: credentials, state folder, traits
    transport   one kept SSH connection per host, and programs on this machine
    run         the engine under a runbook: stages, plan, journal, lock, progress
    preflight   may this host become a cluster?
    kubeadm     configuration, init, kubeconfig, reset
    deploy      kustomize build, server-side apply, identity of the cluster, waits
    cilium      status of the data plane and of the announced addresses
    probes      proof that a path works, seen from where it is used
    reports     one canonical JSON and its renderings
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from nornir.core import Nornir

    from tasks.settings import Settings

__all__ = ["open_nornir"]


def open_nornir(root: Path | None = None, settings: Settings | None = None) -> Nornir:
    """
    Open the project's inventory as a Nornir object, ready for the REPL.

    Arguments:
        root: the project's folder; default: the one that holds this package
        settings: the operator's environment; default: read it and the project's ``.env``

    Raises:
        InventoryError: the inventory breaks a rule; one line per mistake
        SettingsError: a value of the environment is mangled; a missing login is told by ``Settings.require_login``

    """
    from tasks.settings import open_nornir as _open  # noqa: PLC0415  keeps `--help` free of nornir's import time

    return _open(root, settings)
