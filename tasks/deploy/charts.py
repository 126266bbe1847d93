"""Helm charts and other pinned inputs: where they are, whether they are the pinned ones, and fetching them."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from threading import Lock
from typing import TYPE_CHECKING

from tasks.deploy.files import make_folder
from tasks.deploy.objects import OBJECTS, normal_form
from tasks.deploy.pins import digest_of, files_below, read_lock
from tasks.deploy.pull import pull, unpack
from tasks.model.errors import InventoryError, Mistake

if TYPE_CHECKING:
    from collections.abc import Collection
    from pathlib import Path

    from tasks.deploy.pins import Pin
    from tasks.model.command import Shell
    from tasks.settings import Settings

STAND_INS = "lab"
"""The trait with which the lab's own charts may stand in for those that it cannot have."""

_ONE_AT_A_TIME = Lock()


@dataclass(frozen=True, slots=True, kw_only=True)
class Sources:
    """
    Where charts may come from, the first that has one wins.

    Attributes:
        folders: FLEETPROOF_CHARTS
        mirror: FLEETPROOF_CHART_MIRROR, in the place of the repositories; empty: there is none
        stand_ins: the lab's own charts are accepted

    """

    folders: tuple[Path, ...] = ()
    mirror: str = ""
    stand_ins: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Chart:
    """
    A pinned input, verified.

    Attributes:
        files: content by path below the chart's folder
        digest: of ``files``
        origin: the folder that it was read from
        stand_in: it is the lab's own

    """

    pin: Pin
    files: dict[str, bytes]
    digest: str
    origin: Path
    stand_in: bool = False


def sources_of(settings: Settings) -> Sources:
    """What the operator's environment says of it."""
    return Sources(
        folders=settings.charts, mirror=settings.chart_mirror, stand_ins=any(it == STAND_INS for it in settings.traits)
    )


def charts_of(root: Path, base: str, shell: Shell, sources: Sources) -> tuple[Chart, ...]:
    """
    Every pinned input of one base, verified; what is nowhere yet is fetched into the project's tree.

    Raises:
        InventoryError: one is not the pinned one, or cannot be had; the sentence says what to do

    """
    return tuple(chart_of(root, pin, shell, sources) for pin in read_lock(root) if pin.base == base)


def chart_of(root: Path, pin: Pin, shell: Shell, sources: Sources) -> Chart:
    """One pinned input, verified: from the named folders, the tree itself, the mirror, or where it is published."""
    place = pin.place(root)
    for folder in sources.folders:
        for found in (folder / pin.label / pin.name, folder / pin.label):
            if any(found.glob("*.y*ml")):
                return _verified(pin, _read(pin, found), found, sources, kept=folder / pin.published)
    with _ONE_AT_A_TIME:
        if not place.is_dir():
            make_folder(place, _fetched(root, pin, shell, sources))
    return _verified(pin, files_below(place), place, sources, kept=place.parents[1] / pin.published)


def lay_in_place(root: Path, shell: Shell, sources: Sources, bases: Collection[str] = ()) -> tuple[Chart, ...]:
    """
    Put every pinned input where the specification's literal command finds it, and verify what is there.

    Arguments:
        bases: only those of these; empty: all

    Raises:
        InventoryError: one mistake for each that is not the pinned one, or cannot be had

    """
    charts: list[Chart] = []
    mistakes: list[Mistake] = []
    for pin in (pin for pin in read_lock(root) if not bases or pin.base in bases):
        try:
            chart = chart_of(root, pin, shell, sources)
            place = pin.place(root)
            if not place.is_dir():
                make_folder(place, chart.files)
            kept = place.parents[1] / pin.published
            charts.append(_verified(pin, files_below(place), place, sources, kept=kept))
        except InventoryError as error:
            mistakes += error.mistakes
    if mistakes:
        raise InventoryError(tuple(mistakes))
    return tuple(charts)


def _fetched(root: Path, pin: Pin, shell: Shell, sources: Sources) -> dict[str, bytes]:
    """What is published, from a package in one of the folders or over the network; the package is kept beside."""
    kept = pin.place(root).parents[1] / pin.published
    given = next((folder / pin.published for folder in sources.folders if (folder / pin.published).is_file()), None)
    if given is None and sources.folders and not sources.mirror:
        looked = f"no {pin.label}/ and no {pin.published} in {', '.join(map(str, sources.folders))}"
        raise _not_to_be_had(pin, looked)
    try:
        content = given.read_bytes() if given else pull(pin, sources.mirror, shell)
    except OSError as error:
        raise _not_to_be_had(pin, str(error)) from error
    found = hashlib.sha256(content).hexdigest()
    if pin.package and found != pin.package:
        whence = given or sources.mirror or pin.repository or pin.asset
        said = f"{whence} has {pin.published} with SHA-256 {found}, wanted {pin.package}: do not use it"
        raise InventoryError((Mistake("kustomize/charts.lock", 1, said),))
    kept.parent.mkdir(parents=True, exist_ok=True)
    kept.write_bytes(content)
    return contents_of(pin, content)


def _not_to_be_had(pin: Pin, why: str) -> InventoryError:
    said = (
        f"{pin.name} {pin.version} cannot be had ({why}): put {pin.published}, or it unpacked as {pin.label}/, into a "
        "folder and name that in FLEETPROOF_CHARTS, or name a mirror in FLEETPROOF_CHART_MIRROR; then: make charts"
    )
    return InventoryError((Mistake("kustomize/charts.lock", 1, said),))


def contents_of(pin: Pin, content: bytes) -> dict[str, bytes]:
    """What is in a published file, by path below the chart's folder."""
    return {OBJECTS: normal_form((content.decode(),)).encode()} if pin.asset else unpack(content, pin.name)


def _read(pin: Pin, folder: Path) -> dict[str, bytes]:
    files = files_below(folder)
    if not pin.asset:
        return files
    texts = (files[name].decode() for name in sorted(files) if name.endswith((".yaml", ".yml")))
    return {OBJECTS: normal_form(tuple(texts)).encode()}


def _verified(pin: Pin, files: dict[str, bytes], origin: Path, sources: Sources, *, kept: Path | None = None) -> Chart:
    found = digest_of(files)
    stand_in = bool(pin.stand_in) and found == pin.stand_in
    if stand_in and not sources.stand_ins:
        said = f"{pin.label} is the lab's stand-in, which only a site with the trait {STAND_INS} may build from"
        raise InventoryError((Mistake(str(origin), 1, f"{said}: remove it, then: make charts"),))
    if not stand_in and found not in _trusted(pin, kept):
        said = f"the chart {pin.label} has digest {found}, wanted {pin.tree or 'that of the published package'}"
        raise InventoryError((Mistake(str(origin), 1, f"{said}: remove it, then: rm -r {origin} && make charts"),))
    return Chart(pin=pin, files=files, digest=found, origin=origin, stand_in=stand_in)


def _trusted(pin: Pin, kept: Path | None) -> Collection[str]:
    """The digests that the lock vouches for; the published package, where it is kept, vouches for what is in it."""
    trusted = {pin.tree} - {""}
    if (
        kept
        and pin.package
        and kept.is_file()
        and hashlib.sha256(content := kept.read_bytes()).hexdigest() == pin.package
    ):
        trusted.add(digest_of(contents_of(pin, content)))
    return trusted
