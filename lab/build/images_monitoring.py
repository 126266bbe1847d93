"""The images of the monitoring plane, under the references that the charts ask for."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from lab.build import toolsets
from lab.build.images import BASIC, STAND_IN, UPSTREAM, Image
from lab.build.programs import ToolSet


@dataclass(frozen=True, slots=True, kw_only=True)
class _Program:
    """One static program as an image: its reference without the tag, and where its users look for it."""

    repository: str
    tools: ToolSet
    program: str
    place: str
    tag: str = "{version}"
    origin: str = UPSTREAM
    differs: str = ""


_NO_PAGES = "the program alone: no pages of its web interface"
_PROGRAMS = (
    _Program(
        repository="quay.io/prometheus/prometheus",
        tools=toolsets.PROMETHEUS,
        program="prometheus",
        place="/bin/prometheus",
        # release v3.14.0 is published as module v0.314.0
        tag="v{minor[0]}.{minor[1]}{minor[2]}.{patch}-distroless",
        differs=_NO_PAGES,
    ),
    _Program(
        repository="quay.io/prometheus-operator/prometheus-operator",
        tools=toolsets.PROMETHEUS_OPERATOR,
        program="operator",
        place="/bin/operator",
    ),
    _Program(
        repository="quay.io/prometheus-operator/prometheus-config-reloader",
        tools=toolsets.PROMETHEUS_OPERATOR,
        program="prometheus-config-reloader",
        place="/bin/prometheus-config-reloader",
    ),
    _Program(
        repository="quay.io/thanos/thanos",
        tools=toolsets.THANOS,
        program="thanos",
        place="/bin/thanos",
        differs=_NO_PAGES,
    ),
    _Program(
        repository="quay.io/prometheus/alertmanager",
        tools=toolsets.ALERTMANAGER,
        program="alertmanager",
        place="/bin/alertmanager",
    ),
    _Program(
        repository="quay.io/prometheus/node-exporter",
        tools=toolsets.NODE_EXPORTER,
        program="node_exporter",
        place="/bin/node_exporter",
        tag="{version}-distroless",
    ),
    _Program(
        repository="docker.io/rancher/local-path-provisioner",
        tools=toolsets.LOCAL_PATH,
        program="local-path-provisioner",
        place="/usr/bin/local-path-provisioner",
        origin=STAND_IN,
        differs="serves volumes in Longhorn's place",
    ),
)

TOOLS = tuple({program.tools.name: program.tools for program in _PROGRAMS}.values())
"""What these images are made from."""


def monitoring_images(needs: Mapping[str, Path]) -> Iterator[Image]:
    """Describe every image; `needs` are finished artefacts by name."""
    for one in _PROGRAMS:
        yield Image(
            reference=f"{one.repository}:{one.tools.worded(one.tag)}",
            contents={**BASIC, one.place: needs[one.tools.name] / "bin" / one.program},
            command=(one.place,),
            inside=f"{one.program} {one.tools.version}",
            origin=one.origin,
            differs=one.differs,
        )
