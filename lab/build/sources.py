"""Files out of the pinned modules from which nothing is compiled: charts, kinds as YAML, the API's own description."""

from collections.abc import Mapping
from pathlib import Path

from lab.build import toolsets
from lab.build.cache import Recipe, content_of
from lab.build.programs import ToolSet, keep_sources
from lab.build.workshop import Workshop

_KEPT: tuple[tuple[ToolSet, dict[str, str]], ...] = (
    (toolsets.KUBERNETES, {"api/openapi-spec/swagger.json": "swagger.json"}),
    (
        toolsets.CILIUM,
        {
            "pkg/k8s/apis/cilium.io/client/crds": "cilium-crds",
            "install/kubernetes/cilium": toolsets.CILIUM.worded("charts/cilium-{bare}"),
        },
    ),
    (
        toolsets.PROMETHEUS_OPERATOR,
        {
            "example/prometheus-operator-crd": toolsets.PROMETHEUS_OPERATOR.worded(
                "charts/prometheus-operator-crds-{bare}"
            )
        },
    ),
)


def _keep(workshop: Workshop, draft: Path, _needs: Mapping[str, Path]) -> None:
    (draft / "charts").mkdir()
    for tools, sources in _KEPT:
        keep_sources(tools, sources, workshop, draft)


SOURCES = Recipe(
    name="sources",
    build=_keep,
    inputs=(*(str(sources) for _, sources in _KEPT), *(content_of(tools.folder / "go.mod") for tools, _ in _KEPT)),
)
"""``charts/`` as FLEETPROOF_CHARTS takes it, ``swagger.json`` of Kubernetes, ``cilium-crds/{v2,v2alpha1}/*.yaml``."""
