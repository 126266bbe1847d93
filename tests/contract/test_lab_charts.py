"""
The lab's small charts against the upstream ones, where those are at hand (FLEETPROOF_CHARTS).

The same overlay is built with both, and everything that another object, a person or a rule relies on must be the same.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from tasks.deploy.pins import Pin, read_lock
from tasks.fleet.load import load_fleet
from tests.contract import programs

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).resolve().parents[2]
CENTRAL = load_fleet(ROOT / "inventory").central.name
PINS = [pin for pin in read_lock(ROOT) if pin.stand_in]
LEFT_OUT: dict[str, Any] = yaml.safe_load((Path(__file__).parent / "lab_charts.yaml").read_text())
each_chart = pytest.mark.parametrize("pin", PINS, ids=lambda pin: pin.label)

VERSIONS = ("helm.sh/chart", "app.kubernetes.io/version")
"""Labels that nothing selects by."""

Objects = dict[tuple[str, str], dict[str, Any]]


def upstream(pin: Pin) -> Path:
    """The unpacked upstream chart; skips where it is not at hand."""
    for folder in filter(None, os.environ.get("FLEETPROOF_CHARTS", "").split(os.pathsep)):
        for chart in (Path(folder) / pin.label / pin.name, Path(folder) / pin.label):
            if (chart / "Chart.yaml").is_file() and not chart.is_relative_to(ROOT):
                return chart
    pytest.skip(f"FLEETPROOF_CHARTS has no {pin.label}")


def build(pin: Pin, chart: Path, folder: Path) -> Objects:
    """The central cluster's overlay as the site has it, with this chart in place, by kind and name."""
    programs.want("kustomize", "helm")
    shutil.copytree(ROOT / "kustomize", folder, ignore=shutil.ignore_patterns("charts"))
    shutil.copytree(chart, folder / "base" / pin.base / "charts" / pin.label / pin.name)
    argv = ["kustomize", "build", str(folder / "overlays" / CENTRAL / pin.base), "--enable-helm"]
    env = {**os.environ, "PATH": programs.search_path()}
    text = subprocess.run(argv, env=env, capture_output=True, text=True, check=True, timeout=120).stdout
    return {(it["kind"], it["metadata"]["name"]): it for it in yaml.safe_load_all(text)}


def reliances(it: dict[str, Any]) -> dict[str, Any]:
    """What others rely on: how an object is found, what it is reached by, what it may do, where it keeps data."""
    spec: dict[str, Any] = it.get("spec") or {}
    found = {
        "namespace": it["metadata"].get("namespace"),
        "labels": _labels(it["metadata"]),
        **{key: spec.get(key) for key in ("type", "clusterIP", "ports", "externalTrafficPolicy", "ingressClassName")},
        **{key: spec.get(key) for key in ("selector", "serviceName", "maxUnavailable", "minAvailable", "rules")},
        **{key: spec.get(key) for key in ("endpoints", "namespaceSelector", "jobLabel", "replicas")},
        "claims": [
            (claim["metadata"]["name"], claim["spec"]["storageClassName"], claim["spec"]["resources"])
            for claim in spec.get("volumeClaimTemplates") or ()
        ],
        "claim": (spec.get("storageClassName"), spec.get("accessModes")),
        "rights": sorted(_rights(it)),
        "role": it.get("roleRef"),
        "subjects": it.get("subjects"),
        "keys": sorted(it.get("data") or ()),
        "automount": it.get("automountServiceAccountToken"),
    }
    if pod := (spec.get("template") or {}).get("spec"):
        found |= {
            "pod labels": _labels(spec["template"]["metadata"]),
            "account": pod.get("serviceAccountName"),
            "host network": bool(pod.get("hostNetwork")),
            "pod security": pod.get("securityContext"),
            "volumes": sorted((_volume(it) for it in pod.get("volumes") or ()), key=str),
            "containers": [_container(it) for key in ("initContainers", "containers") for it in pod.get(key) or ()],
        }
    return {key: value for key, value in found.items() if value not in (None, [], {}, (None, None))}


def _labels(metadata: dict[str, Any]) -> dict[str, str]:
    return {key: value for key, value in (metadata.get("labels") or {}).items() if key not in VERSIONS}


def _rights(it: dict[str, Any]) -> Iterator[tuple[str, str, str, str]]:
    for rule in it.get("rules") or ():
        for group in rule.get("apiGroups") or ("",):
            for resource in rule.get("resources") or rule.get("nonResourceURLs") or ():
                for verb in rule["verbs"]:
                    yield group, resource, verb, ",".join(rule.get("resourceNames") or ())


def _volume(it: dict[str, Any]) -> tuple[str, str, str]:
    (kind,) = it.keys() - {"name"}
    source = it[kind] or {}
    return it["name"], kind, str(source.get("name") or source.get("secretName") or source.get("claimName") or "")


def _container(it: dict[str, Any]) -> dict[str, Any]:
    return {
        "name": it["name"],
        "image": it["image"],
        "ports": sorted((port["name"], port["containerPort"]) for port in it.get("ports") or ()),
        "args": it.get("args"),
        "resources": it.get("resources"),
        "mounts": sorted((mount["name"], mount["mountPath"]) for mount in it.get("volumeMounts") or ()),
        "probes": {key: _probe(it.get(key)) for key in ("readinessProbe", "livenessProbe", "startupProbe")},
        "security": it.get("securityContext"),
    }


def _probe(it: dict[str, Any] | None) -> Any:
    if not it or "httpGet" not in it:
        return it
    return it["httpGet"]["path"], it["httpGet"]["port"]


@each_chart
def test_the_lab_renders_what_the_site_renders(pin: Pin, tmp_path: Path) -> None:
    """Same objects, and in each the same of all that others rely on, but for what is listed with a reason."""
    theirs = build(pin, upstream(pin), tmp_path / "upstream")
    ours = build(pin, ROOT / "lab" / "charts" / pin.label, tmp_path / "lab")
    left_out = LEFT_OUT.get(pin.name, {})
    if left_out.get("of_another_kind"):
        assert left_out["reason"]
        return
    missing = {f"{kind} {name}" for kind, name in theirs.keys() - ours.keys() if kind not in left_out.get("kinds", ())}
    assert missing == set(left_out.get("objects", ())), "objects that the lab lacks"
    assert not ours.keys() - theirs.keys(), "objects that the site lacks"
    parts = left_out.get("parts", {})
    differ = {
        f"{kind} {name}": {
            part: (here.get(part), there.get(part))
            for part in sorted({*here, *there})
            if here.get(part) != there.get(part) and part not in parts.get(f"{kind} {name}", ())
        }
        for (kind, name), it in ours.items()
        if (here := reliances(it)) != (there := reliances(theirs[kind, name]))
    }
    assert {name: parts for name, parts in differ.items() if parts} == {}


def test_the_lab_stands_in_for_longhorns_class(tmp_path: Path) -> None:
    """The class that Longhorn's driver makes from its ConfigMap, and the lab's: same name, default and retention."""
    (pin,) = (pin for pin in PINS if pin.name == "longhorn")
    theirs = build(pin, upstream(pin), tmp_path / "upstream")
    ours = build(pin, ROOT / "lab" / "charts" / pin.label, tmp_path / "lab")
    real = yaml.safe_load(theirs["ConfigMap", "longhorn-storageclass"]["data"]["storageclass.yaml"])
    stand_in = ours["StorageClass", "longhorn"]
    default = "storageclass.kubernetes.io/is-default-class"
    assert stand_in["metadata"]["annotations"][default] == real["metadata"]["annotations"][default] == "true"
    assert stand_in["reclaimPolicy"] == real["reclaimPolicy"] == "Retain"
    target = ("ConfigMap", "longhorn-default-resource")
    assert yaml.safe_load(ours[target]["data"]["default-resource.yaml"]) == yaml.safe_load(
        theirs[target]["data"]["default-resource.yaml"]
    )


@each_chart
def test_a_stand_in_says_that_it_is_one(pin: Pin) -> None:
    """Its own description names the lab, under the name and version of the chart that it stands for."""
    chart = yaml.safe_load((ROOT / "lab" / "charts" / pin.label / "Chart.yaml").read_text())
    assert (chart["name"], chart["version"]) == (pin.name, pin.version)
    assert "lab" in chart["description"]
