"""The nightly audit's image: what ``runbooks/container/Containerfile`` makes, on Debian's own packages."""

import platform
import shutil
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

from lab.build import bases, toolsets
from lab.build.bases import base_recipe, install_python_packages
from lab.build.cache import Recipe, content_of
from lab.build.images import ASSEMBLED, Image
from lab.build.sources import SOURCES
from lab.build.workshop import Workshop

_ROOT = Path(__file__).resolve().parents[2]
_LOCK = _ROOT / "requirements-run.lock"
_OWN_CHARTS = _ROOT / "lab" / "charts"
_HOME = "/opt/fleetproof"
_PYTHON = f"python{sys.version_info.major}.{sys.version_info.minor}"
PROGRAMS = {"kubectl": toolsets.KUBERNETES, "kustomize": toolsets.KUSTOMIZE, "helm": toolsets.HELM}


def _install_site(workshop: Workshop, draft: Path, _needs: Mapping[str, Path]) -> None:
    site = draft / "site"
    workshop.say("audit-site: installing its Python packages")
    install_python_packages(workshop, "audit-site", _LOCK, site)
    shutil.rmtree(site / "bin", ignore_errors=True)
    # in an image every file is of the epoch, which byte code that is held against times would not survive
    compiling = [sys.executable, "-m", "compileall", "-q", "--invalidation-mode", "unchecked-hash"]
    workshop.run("audit-site", [*compiling, "-s", str(site), str(site)])
    shutil.copytree(_OWN_CHARTS, draft / "charts")


AUDIT_BASE = base_recipe("audit-base", ("ca-certificates", "libstdc++6", "python3", _PYTHON))
"""The file system beneath."""

AUDIT_SITE = Recipe(
    name="audit-site",
    build=_install_site,
    inputs=(
        *(_PYTHON, platform.machine(), content_of(_LOCK)),
        *map(content_of, (Path(__file__), Path(bases.__file__))),
        *(content_of(file) for file in sorted(_OWN_CHARTS.rglob("*")) if file.is_file()),
    ),
)
"""``site/``: the packages that the project needs to run, as pinned; ``charts/``: the lab's own."""

NEEDS = (AUDIT_BASE, AUDIT_SITE, SOURCES)


def audit_images(needs: Mapping[str, Path]) -> Iterator[Image]:
    """Describe the image; `needs` are finished artefacts by name."""
    charts = (*(needs[AUDIT_SITE.name] / "charts").iterdir(), *(needs[SOURCES.name] / "charts").iterdir())
    contents = {f"{_HOME}/charts/{chart.name}": chart for chart in charts}
    contents |= {f"/usr/local/bin/{name}": needs[tools.name] / "bin" / name for name, tools in PROGRAMS.items()}
    yield Image(
        reference="registry.invalid/fleetproof/audit:0.1.0",
        contents={**contents, f"{_HOME}/site": needs[AUDIT_SITE.name] / "site"},
        command=("/usr/bin/python3",),
        inside=f"{_PYTHON}, {', '.join(f'{name} {tools.version}' for name, tools in PROGRAMS.items())}",
        origin=ASSEMBLED,
        differs="Debian's Python, and the lab's own charts where the published ones cannot be had",
        base=needs[AUDIT_BASE.name] / "base.tar",
    )
