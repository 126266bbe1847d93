"""The Kustomize tree: one overlay per cluster and component, with the traits that a site has opted in to."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import yaml

from tasks.deploy.files import parse_yaml, read_text
from tasks.model.errors import InventoryError, Mistake
from tasks.run.files import write_atomically

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from tasks.fleet.model import Cluster, Fleet

STAGE = "fleetproof/stage"
NAMESPACE = "fleetproof/namespace"
TRAIT = "fleetproof/trait"
FACTS = "facts"
"""The folder among a cluster's overlays that is no component."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Overlay:
    """
    One component of one cluster.

    Attributes:
        path: folder with the overlay's kustomization.yaml
        namespace: what ``kubectl apply -n`` is given
        stage: components of a lower stage bring what those of a higher one use
        trait: only a site that has opted in to it has the component; empty: every site
        stand_ins: charts of the rendering that are the lab's own, as ``longhorn-1.12.1``; empty before it is rendered

    """

    cluster: str
    component: str
    path: Path
    namespace: str
    stage: int
    trait: str = ""
    stand_ins: tuple[str, ...] = ()


def of_stand_ins(charts: Iterable[str]) -> tuple[str, ...]:
    """Charts that are the lab's own, in a sentence for each; none where there is none."""
    return tuple(f"{chart} is the lab's own chart, not the published one" for chart in sorted(set(charts)))


def components_of_cluster(root: Path, cluster: Cluster, traits: Sequence[str]) -> tuple[Overlay, ...]:
    """
    What a cluster has: every folder among its overlays, in the order of stages; of those for a trait, the opted-in.

    Raises:
        InventoryError: it has none, or one does not say its namespace and stage

    """
    folder = root / "kustomize" / "overlays" / cluster.name
    names = sorted(path.parent.name for path in folder.glob("*/kustomization.yaml") if path.parent.name != FACTS)
    if not names:
        raise InventoryError(
            (Mistake(str(folder), 1, f"{cluster.name} has no overlay: wanted a folder per component"),)
        )
    overlays = [read_overlay(root, cluster, name) for name in names]
    chosen = [overlay for overlay in overlays if not overlay.trait or overlay.trait in traits]
    return tuple(sorted(chosen, key=lambda it: (it.stage, it.component)))


def read_overlay(root: Path, cluster: Cluster, component: str) -> Overlay:
    """
    Read one overlay's own description.

    Raises:
        InventoryError: the overlay is missing, or does not say its namespace and stage

    """
    path = root / "kustomize" / "overlays" / cluster.name / component
    file = path / "kustomization.yaml"
    notes = ((_yaml(file).get("metadata") or {}).get("annotations")) or {}
    mistakes = [
        Mistake(str(file), 1, f"wanted: annotation {key} in the kustomization's metadata")
        for key in (NAMESPACE, STAGE)
        if not notes.get(key)
    ]
    if not mistakes and not str(notes[STAGE]).isdecimal():
        mistakes.append(Mistake(str(file), 1, f"annotation {STAGE} is {notes[STAGE]!r}, wanted: a whole number"))
    if mistakes:
        raise InventoryError(tuple(mistakes))
    return Overlay(
        cluster=cluster.name,
        component=component,
        path=path,
        namespace=notes[NAMESPACE],
        stage=int(notes[STAGE]),
        trait=notes.get(TRAIT, ""),
    )


def trait_of(root: Path, cluster: Cluster, component: str) -> str:
    """The trait that a cluster's overlay of a component asks for; empty where it asks for none, or there is none."""
    there = (root / "kustomize" / "overlays" / cluster.name / component / "kustomization.yaml").is_file()
    return read_overlay(root, cluster, component).trait if there else ""


def facts_of(fleet: Fleet, cluster: Cluster) -> dict[str, str]:
    """What an overlay's ConfigMap ``cluster-facts`` has to say of a cluster."""
    return {
        "name": cluster.name,
        "id": str(cluster.cluster_id),
        "region": cluster.region,
        "address": str(cluster.address),
        "vip": str(cluster.vip.address),
        "domain": cluster.domain,
        "pod-cidr": str(cluster.pod_cidr),
        "service-cidr": str(cluster.service_cidr),
        "central-vip": str(fleet.central.vip.address),
        "s3-endpoint": fleet.s3.endpoint,
        "s3-address": str(fleet.s3.address),
        "lan": str(fleet.lan.cidr),
    }


def facts_that_differ(root: Path, fleet: Fleet, cluster: Cluster) -> list[Mistake]:
    """One mistake per fact that an overlay states otherwise than the inventory."""
    file = root / "kustomize" / "overlays" / cluster.name / "facts" / "facts.yaml"
    stated = _yaml(file).get("data") or {}
    wanted = facts_of(fleet, cluster)
    lines = read_text(file).splitlines()
    return [
        Mistake(
            str(file),
            next((n for n, line in enumerate(lines, 1) if line.strip().startswith(f"{key}:")), 1),
            f"{key} is {stated.get(key, 'missing')}, but the inventory says {wanted.get(key, 'nothing of it')}: "
            "make both the same",
        )
        for key in sorted({*stated, *wanted})
        if stated.get(key) != wanted.get(key)
    ]


def components_of(root: Path, overlay: Overlay, traits: Sequence[str]) -> tuple[Path, ...]:
    """The Kustomize components with which the site's traits change this component."""
    folders = (root / "kustomize" / "components" / trait / overlay.component for trait in traits)
    return tuple(folder for folder in folders if (folder / "kustomization.yaml").is_file())


def buildable(root: Path, overlay: Overlay, traits: Sequence[str], build: Path) -> Path:
    """
    The folder for ``kustomize build``: the overlay itself, or a wrapper that adds the traits' components to it.

    Arguments:
        build: folder for the wrapper

    """
    components = components_of(root, overlay, traits)
    if not components:
        return overlay.path
    wrapper = build / overlay.cluster / overlay.component

    def relative(path: Path) -> str:
        return os.path.relpath(path, wrapper.resolve())  # Kustomize refuses absolute paths

    kustomization = {
        "apiVersion": "kustomize.config.k8s.io/v1beta1",
        "kind": "Kustomization",
        "resources": [relative(overlay.path.resolve())],
        "components": [relative(component.resolve()) for component in components],
    }
    write_atomically(wrapper / "kustomization.yaml", yaml.safe_dump(kustomization, sort_keys=False))
    return wrapper


def _yaml(file: Path) -> dict[str, Any]:
    text = read_text(file)
    if not text:
        raise InventoryError((Mistake(str(file), 1, "no such file, or empty"),))
    try:
        return dict(parse_yaml(text))
    except (yaml.YAMLError, TypeError, ValueError) as error:
        raise InventoryError((Mistake(str(file), 1, f"not a YAML mapping: {error}"),)) from None
