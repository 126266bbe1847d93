"""The Kustomize tree as a shell needs it: charts in place, overlays with the lab's components in them."""

import shutil
from collections.abc import Sequence
from pathlib import Path

from bench.record import ROOT
from lab.build.cache import default_cache
from lab.build.sources import SOURCES
from tasks.deploy.charts import Sources, lay_in_place
from tasks.deploy.overlay import Overlay, buildable
from tasks.transport.local import LocalShell


def chart_folders() -> tuple[Path, Path]:
    """The lab's own charts, and those of the pinned modules."""
    return ROOT / "lab" / "charts", default_cache().path(SOURCES) / "charts"


def copied_tree(folder: Path) -> Path:
    """A copy of the tree below a new folder, which has every chart in its place."""
    shutil.copytree(ROOT / "kustomize", folder / "kustomize", ignore=shutil.ignore_patterns("charts"))
    lay_in_place(folder, LocalShell(), Sources(folders=chart_folders(), stand_ins=True))
    return folder


def lay_overlay(root: Path, overlay: Overlay, traits: Sequence[str], folder: Path) -> None:
    """Put the very overlay that the product builds at ``<cluster>/<component>`` below a folder."""
    built = buildable(root, overlay, traits, folder)
    if not built.is_relative_to(folder):
        (folder / overlay.cluster).mkdir(parents=True, exist_ok=True)
        (folder / overlay.cluster / overlay.component).symlink_to(built)
