"""What a rendering says, found by a path."""

from __future__ import annotations

from typing import Any

import pytest

from tasks.acceptance.criteria import Wish
from tasks.acceptance.renderings import unfulfilled, values_at
from tasks.deploy.manifest import parse_stream

CONTENT = {"a": {"b": [{"c": 1}, {"c": 2}, {"d": 3}], "x.y": {"c": 4}}, "e": [["f"]]}


@pytest.mark.parametrize(
    ("path", "values"),
    [
        ("a.b[].c", [1, 2]),
        ("a.b", [[{"c": 1}, {"c": 2}, {"d": 3}]]),
        ('a."x.y".c', [4]),
        ("a.*.c", [4]),
        ("a.z", []),
        ("a.b.c", []),
        ("a[]", []),
        ("e[]", [["f"]]),
    ],
)
def test_everything_at_a_path_is_found(path: str, values: list[Any]) -> None:
    """And nothing where the object is of another shape."""
    assert list(values_at(CONTENT, path)) == values


STREAM = parse_stream(
    """\
apiVersion: v1
kind: Service
metadata: {name: web}
spec: {type: LoadBalancer, ports: [{port: 80}, {port: 443}]}
---
apiVersion: v1
kind: Service
metadata: {name: hidden}
spec: {type: ClusterIP, domain: k8s-cluster-01.test}
"""
)
FACTS = {"domain": "k8s-cluster-01.test"}


@pytest.mark.parametrize(
    ("wish", "lacks"),
    [
        ({"name": "web", "at": "spec.type", "equals": "LoadBalancer"}, ""),
        ({"at": "spec.type", "equals": "LoadBalancer"}, "spec.type of Service * is ClusterIP, wanted: LoadBalancer"),
        ({"at": "spec.type", "includes": "LoadBalancer"}, ""),
        ({"at": "spec.ports[].port", "includes": "44"}, ""),
        ({"at": "spec.ports[].port", "includes": "22"}, "spec.ports[].port of Service * does not have 22"),
        ({"at": "spec.domain", "equals": "{domain}"}, ""),
        ({"at": "spec.selector"}, "no Service * has spec.selector"),
        ({"name": "none*", "at": "spec"}, "it has no Service none*"),
    ],
)
def test_what_a_rendering_lacks_is_said(wish: dict[str, str], lacks: str) -> None:
    """Every value has to equal, one has to include, and there has to be one at all."""
    assert unfulfilled(Wish(component="c", kind="Service", **wish), STREAM, FACTS) == lacks
