"""Helm charts as pinned inputs: put in place where they are missing, verified before every build."""

from __future__ import annotations

import hashlib
import shutil
import tarfile
import tempfile
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING

import yaml

from tasks.model.command import Command
from tasks.model.errors import InventoryError, Mistake

if TYPE_CHECKING:
    from tasks.model.command import Shell

_ONE_AT_A_TIME = Lock()
"""Four clusters are built at once from one copy of a chart."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pin:
    """
    One chart in ``kustomize/charts.lock``.

    Attributes:
        base: folder below ``kustomize/base`` whose kustomization inflates it
        repository: where Helm finds the package
        package: SHA-256 of the published package (tgz), in hex
        tree: digest of the unpacked chart, see ``tree_digest``

    """

    name: str
    version: str
    base: str
    repository: str
    package: str
    tree: str

    @property
    def label(self) -> str:
        """Name and version, as Kustomize names the folder."""
        return f"{self.name}-{self.version}"


def read_lock(root: Path) -> tuple[Pin, ...]:
    """Read ``kustomize/charts.lock``."""
    entries = yaml.safe_load((root / "kustomize" / "charts.lock").read_text(encoding="utf-8"))
    return tuple(Pin(**entry) for entry in entries)


def ensure_charts(root: Path, base: str, shell: Shell, source: Path | None) -> None:
    """
    See to it that every chart of one base is there and is the pinned one.

    A missing chart is copied from ``source`` (FLEETPROOF_CHARTS: a folder that holds ``cilium-1.18.2/``) or, where none
    is given, pulled from its repository.

    Raises:
        InventoryError: a chart is not the pinned one; nothing is built from it
        CommandFailed: the package could not be had

    """
    with _ONE_AT_A_TIME:
        for pin in read_lock(root):
            if pin.base == base:
                _ensure(root / "kustomize" / "base" / base / "charts", pin, shell, source)


def _ensure(charts: Path, pin: Pin, shell: Shell, source: Path | None) -> None:
    chart = charts / pin.label / pin.name
    package = charts / f"{pin.label}.tgz"
    if not chart.is_dir():
        if source is None:
            _pull(pin, package, shell)
            _unpack(package, chart)
        else:
            _copy(_vendored(source, pin), chart)
    trusted = {pin.tree}
    if package.is_file() and hashlib.sha256(package.read_bytes()).hexdigest() == pin.package:
        trusted.add(_package_digest(package, pin.name))
    found = tree_digest(chart)
    if found not in trusted:
        said = f"the chart {pin.label} has digest {found}, wanted {pin.tree}: remove it, then run again: rm -r {chart}"
        raise InventoryError((Mistake(str(chart), 1, said),))


def tree_digest(folder: Path) -> str:
    """SHA-256 in hex over every file's path and content below ``folder``; times and modes do not count."""
    files = {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    return _digest(files)


def _digest(files: dict[str, bytes]) -> str:
    lines = (f"{hashlib.sha256(files[name]).hexdigest()}  {name}\n" for name in sorted(files))
    return hashlib.sha256("".join(lines).encode()).hexdigest()


def _package_digest(package: Path, name: str) -> str:
    """The digest that the package's content would have, unpacked."""
    with tarfile.open(package) as archive:
        files = {
            member.name.removeprefix(f"{name}/"): content.read()
            for member in archive
            if (content := archive.extractfile(member)) is not None
        }
    return _digest(files)


def _vendored(source: Path, pin: Pin) -> Path:
    """The chart below ``source``, which holds it as Kustomize wants it or one level higher."""
    for folder in (source / pin.label / pin.name, source / pin.label):
        if (folder / "Chart.yaml").is_file():
            return folder
    said = f"FLEETPROOF_CHARTS has no {pin.label}/Chart.yaml; unset it to pull from {pin.repository}"
    raise InventoryError((Mistake(str(source), 1, said),))


def _copy(origin: Path, chart: Path) -> None:
    """Copy next to the place, then rename: a copy that was cut is never taken for a chart."""
    chart.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=chart.parent) as temporary:
        # file by file, so that read-only modes of a module cache are not copied along
        shutil.copytree(origin, Path(temporary) / "chart", copy_function=shutil.copyfile)
        for path in (Path(temporary) / "chart").rglob("*"):
            path.chmod(0o755 if path.is_dir() else 0o644)
        (Path(temporary) / "chart").chmod(0o755)
        (Path(temporary) / "chart").rename(chart)


def _pull(pin: Pin, package: Path, shell: Shell) -> None:
    """Have Helm fetch the package, and keep it only if it is the published one: Helm itself verifies nothing."""
    package.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=package.parent) as temporary:
        argv = ("helm", "pull", pin.name, "--repo", pin.repository, "--version", pin.version, "-d", temporary)
        shell.run(Command(argv=argv, timeout_s=120)).must_succeed()
        content = (Path(temporary) / package.name).read_bytes()
    found = hashlib.sha256(content).hexdigest()
    if found != pin.package:
        said = f"{pin.repository} served {package.name} with SHA-256 {found}, wanted {pin.package}: do not use it"
        raise InventoryError((Mistake("kustomize/charts.lock", 1, said),))
    package.write_bytes(content)


def _unpack(package: Path, chart: Path) -> None:
    chart.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=chart.parent) as temporary:
        with tarfile.open(fileobj=BytesIO(package.read_bytes())) as archive:
            archive.extractall(temporary, filter="data")
        (Path(temporary) / chart.name).rename(chart)
