"""Fetch what is published: a chart's package by Helm, a file of objects over HTTP. Nothing is verified here."""

from __future__ import annotations

import tarfile
import tempfile
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING

from tasks.model.command import Command

if TYPE_CHECKING:
    from tasks.deploy.pins import Pin
    from tasks.model.command import Shell

TIMEOUT_S = 120.0


def pull(pin: Pin, mirror: str, shell: Shell) -> bytes:
    """
    The published file's content.

    Arguments:
        mirror: base URL that holds ``cilium-1.18.2.tgz`` and ``prometheus-operator-crds-0.93.1.yaml``, or an OCI
            registry's (``oci://...``), in the place of where it is published; empty: there is none

    Raises:
        OSError: it cannot be had; the text says why

    """
    if pin.asset:
        return _download(f"{mirror.rstrip('/')}/{pin.published}" if mirror else pin.asset)
    with tempfile.TemporaryDirectory() as temporary:
        result = shell.run(Command(argv=(*helm_argv(pin, mirror), "-d", temporary), timeout_s=TIMEOUT_S))
        if not result.ok:
            said = (result.stderr or result.stdout).strip().splitlines()
            raise OSError(f"`{' '.join(helm_argv(pin, mirror))}`: {said[-1] if said else 'it failed'}")
        return next(iter(Path(temporary).glob("*.tgz"))).read_bytes()


def helm_argv(pin: Pin, mirror: str) -> tuple[str, ...]:
    """How Helm fetches a package from its repository, from files over HTTP, or from an OCI registry."""
    base = mirror.rstrip("/")
    if base.startswith("oci://"):
        return ("helm", "pull", f"{base}/{pin.name}", "--version", pin.version)
    if base:
        return ("helm", "pull", f"{base}/{pin.published}")
    return ("helm", "pull", pin.name, "--repo", pin.repository, "--version", pin.version)


def unpack(content: bytes, name: str) -> dict[str, bytes]:
    """The files of a chart's package by their path below the chart's folder; what leads out of it is left out."""
    with tarfile.open(fileobj=BytesIO(content)) as archive:
        return {
            member.name.removeprefix(f"{name}/"): file.read()
            for member in archive
            if member.name.startswith(f"{name}/") and ".." not in member.name.split("/")
            if member.isreg() and (file := archive.extractfile(member)) is not None
        }


def _download(url: str) -> bytes:
    import requests  # noqa: PLC0415  a fetch is rare, and `--help` does not pay for it

    answer = requests.get(url, timeout=TIMEOUT_S)
    answer.raise_for_status()
    return answer.content
