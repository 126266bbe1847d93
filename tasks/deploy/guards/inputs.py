"""What a kustomization may draw from outside the tree: pinned charts, each told where and for which Kubernetes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tasks.deploy.files import line_of_name, parse_yaml, read_text
from tasks.deploy.pins import LOCK
from tasks.deploy.tree import walk
from tasks.model.errors import Mistake

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from tasks.deploy.pins import Pin

_WANTED = {
    "version": "which one",
    "repo": "or its version is ignored",
    "namespace": "Kustomize's own transformer passes over what Helm made",
    "kubeVersion": "or the output depends on the local helm",
    "includeCRDs": "say so either way",
    "releaseName": "or Kustomize makes one up",
}


def wrong_inputs(root: Path, pins: Sequence[Pin]) -> Iterator[Mistake]:
    """Every mistake about charts and remote resources in the kustomizations below ``kustomize/``."""
    used = set()
    for file in sorted(path for path in walk(root / "kustomize") if path.name == "kustomization.yaml"):
        text = read_text(file)
        content = parse_yaml(text) or {}
        for chart in content.get("helmCharts") or ():
            used.add((chart.get("name"), str(chart.get("version")), file.parent.name))
            yield from (
                Mistake(str(file), line_of_name(text, chart.get("name")), said)
                for said in _wrong(chart, file.parent.name, pins)
            )
        for resource in (*(content.get("resources") or ()), *(content.get("components") or ())):
            if "://" in resource or resource.startswith("git@"):
                said = (
                    f"{resource} comes from outside, unpinned: copy it, or pin it in kustomize/charts.lock as an asset"
                )
                yield Mistake(str(file), 1, said)
    for pin in pins:
        if pin.repository and (pin.name, pin.version, pin.base) not in used:
            said = f"{pin.name} {pin.version} is pinned for base {pin.base}, which inflates no such chart: take it out"
            yield Mistake(LOCK, 1, said)


def _wrong(chart: dict[str, Any], base: str, pins: Sequence[Pin]) -> Iterator[str]:
    name = chart.get("name", "?")
    for key, why in _WANTED.items():
        if key not in chart:
            yield f"the chart {name} states no {key}: {why}"
    found = [pin for pin in pins if (pin.name, pin.version, pin.base) == (name, str(chart.get("version")), base)]
    if not found:
        yield f"the chart {name} {chart.get('version', '')} of base {base} is not pinned: add it to {LOCK}"
    elif chart.get("repo") != found[0].repository:
        yield f"the chart {name} is to come from {chart.get('repo')}, but {LOCK} says {found[0].repository}"
