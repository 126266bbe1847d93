"""The whole tree, judged by the real kubeconform with schemas out of the pinned modules."""

from __future__ import annotations

import shutil
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from lab.build.cache import default_cache
from lab.build.recipes import BIN
from lab.build.sources import SOURCES
from tasks.deploy.check import check
from tasks.deploy.kubeconform import conform
from tasks.deploy.manifest import parse_stream
from tasks.deploy.pins import digest_of, files_below, read_lock
from tasks.deploy.schemas import schema_folder
from tasks.settings import Settings
from tasks.transport.local import LocalShell
from tests.contract import programs
from tests.unit.onsite import ROOT, OnSite

if TYPE_CHECKING:
    from pathlib import Path

    from tasks.run.context import RunContext

DEPLOYMENT = """\
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, creationTimestamp: null}
spec:
  replicas: 1
  selector: {matchLabels: {a: b}}
  template:
    metadata: {labels: {a: b}}
    spec: {containers: [{name: c, image: "x:1", resources: {requests: {cpu: 1, memory: 1Mi}}}]}
"""


@pytest.fixture(scope="module")
def sources() -> Path:
    """What the lab keeps of the pinned modules; skips where that, or a program, is not built yet."""
    cache = default_cache()
    if not (cache.has(BIN) and cache.has(SOURCES)):
        pytest.skip("kubeconform and the kinds' descriptions are not here; `python -m lab build` makes them")
    return cache.path(SOURCES)


@pytest.fixture
def ctx(sources: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> RunContext:
    """The lab's site, with an empty state."""
    monkeypatch.setenv("PATH", programs.search_path())
    settings = Settings(
        state=tmp_path, traits=("lab", "audit"), charts=(ROOT / "lab" / "charts", sources / "charts"), schemas=sources
    )
    root = tmp_path / "site"
    shutil.copytree(ROOT / "kustomize", root / "kustomize", ignore=shutil.ignore_patterns("charts"))
    return replace(OnSite(tmp_path).ctx, settings=settings, root=root)


def test_every_rendering_passes_guards_and_schemas(ctx: RunContext) -> None:
    """Of all clusters; each object was looked at, and no kind lacks its schema."""
    checked = check(ctx, LocalShell(plan=True))
    assert [(row.cluster, row.component, row.complaints) for row in checked.rows if row.complaints] == []
    assert checked.mistakes == ()
    assert checked.good


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("", "", ""),
        ("  replicas: 1", "  replicaz: 1", "replicaz"),
        ("  replicas: 1", '  replicas: "1"', "replicas"),
        ("memory: 1Mi", "memory: [1]", "memory"),
        ("  selector: {matchLabels: {a: b}}\n", "", "selector"),
        ("apps/v1", "apps/v7", "has no schema"),
    ],
    ids=["good", "unknown field", "wrong type", "quantity", "missing field", "no schema"],
)
def test_kubeconform_sees_what_does_not_fit(
    ctx: RunContext, sources: Path, tmp_path: Path, old: str, new: str, said: str
) -> None:
    """A misspelt field, a wrong type, a missing one; and a kind that nobody describes is an error."""
    stream = parse_stream(DEPLOYMENT.replace(old, new) if old else DEPLOYMENT)
    schemas = schema_folder([], sources, tmp_path / "schemas")
    version = ctx.fleet.versions.kubernetes
    found = conform({"one": stream}, schemas, given=sources, kubernetes=version, shell=LocalShell(plan=True))["one"]
    assert len(found) == bool(said)
    assert all(said in one for one in found)


def test_the_labs_charts_are_the_pinned_stand_ins() -> None:
    """Whoever changes one pins it anew: lock and folder say the same."""
    found = {path.name: digest_of(files_below(path)) for path in (ROOT / "lab" / "charts").iterdir()}
    assert found == {pin.label: pin.stand_in for pin in read_lock(ROOT) if pin.stand_in}
