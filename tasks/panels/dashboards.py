"""The tree's dashboards as values, and what is declared of panels that may be empty."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

from tasks.deploy.files import parse_yaml, read_text
from tasks.deploy.left_out import left_out
from tasks.model.errors import InventoryError, Mistake
from tasks.panels.substitute import built_in, chosen, span_s, step_s, substitute

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

FOLDER = "kustomize/base/grafana/dashboards"
DECLARED = "kustomize/base/grafana/panels.yaml"
METRICS = "thanos"
"""Uid of the datasource that is the Thanos Query Frontend."""

_KEYS = {"component", "empty", "some"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """
    One query of one panel, as it is sent.

    Attributes:
        source: uid of its datasource
        text: with every variable replaced
        of_each: the panel tells clusters apart, so each of them is to be in it
        may_be_empty: why it may rightly show nothing; empty: it may not
        some: why not every cluster is in it; empty: each is
        absent: why nothing can be there on this site; empty: it can

    """

    panel: str
    source: str
    text: str
    of_each: bool
    may_be_empty: str = ""
    some: str = ""
    absent: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Dashboard:
    """
    One dashboard.

    Attributes:
        span_s, step_s: of its range queries
        absent: why the site goes without all that it shows; empty: it does not

    """

    uid: str
    span_s: int
    step_s: int
    queries: tuple[Query, ...]
    absent: str = ""


@cache
def uids(root: Path) -> tuple[str, ...]:
    """The dashboards of the tree, by their uids."""
    return tuple(str(json.loads(read_text(it))["uid"]) for it in _files(root))


def read_dashboards(root: Path, traits: Sequence[str]) -> tuple[Dashboard, ...]:
    """
    Read every dashboard of the tree and what is declared of its panels.

    Raises:
        InventoryError: a query cannot be sent, or a declaration is about no panel

    """
    declared = parse_yaml(read_text(root / DECLARED)) or {}
    models = {file: json.loads(read_text(file)) for file in _files(root)}
    wrong = [*_wrong(declared, models.values())]
    found = []
    for file, model in models.items():
        try:
            found.append(_dashboard(root, traits, model, declared.get(model["uid"]) or {}))
        except (ValueError, KeyError) as error:
            wrong.append(f"{file.relative_to(root)}: {error}")
    if wrong:
        raise InventoryError(tuple(Mistake(str(root / DECLARED), 1, it) for it in wrong))
    return tuple(found)


def _files(root: Path) -> list[Path]:
    return sorted((root / FOLDER).glob("*.json"))


def _dashboard(root: Path, traits: Sequence[str], model: Mapping[str, Any], declared: Mapping[str, Any]) -> Dashboard:
    uid, span = model["uid"], span_s(model["time"]["from"], model["time"]["to"])
    step = step_s(span)
    values = {it["name"]: chosen(it) for it in model["templating"]["list"]} | built_in(span, step)
    component = declared.get("component", uid)
    return Dashboard(
        uid=uid,
        span_s=span,
        step_s=step,
        absent=left_out(root, traits, component) or left_out(root, traits, f"panels.{uid}"),
        queries=tuple(
            Query(
                panel=panel["title"],
                source=target["datasource"]["uid"],
                text=substitute(target.get("expr") or target["query"], values),
                of_each=_of_each(target),
                may_be_empty=(declared.get("empty") or {}).get(panel["title"], ""),
                some=(declared.get("some") or {}).get(panel["title"], ""),
                absent=left_out(root, traits, f"panels.{uid}/{panel['title']}"),
            )
            for panel in model["panels"]
            for target in panel.get("targets") or ()
        ),
    )


def _of_each(target: Mapping[str, Any]) -> bool:
    """Whether a query tells clusters apart: by its legend, or where it counts logs by the buckets it asks for."""
    by_cluster = any(it.get("field") == "cluster" for it in target.get("bucketAggs") or ())
    return by_cluster or "{{cluster}}" in target.get("legendFormat", "")


def _wrong(declared: Mapping[str, Any], models: Any) -> list[str]:
    """What is declared and cannot be meant."""
    panels = {model["uid"]: {panel["title"] for panel in model["panels"]} for model in models}
    wrong = [f"there is no dashboard {uid}" for uid in declared if uid not in panels]
    for uid, entry in declared.items():
        wrong += [f"{uid}: {key}, wanted component, empty or some" for key in set(entry) - _KEYS]
        for key in ("empty", "some"):
            reasons = entry.get(key) or {}
            wrong += [f"{uid}: there is no panel {title!r}" for title in reasons if title not in panels.get(uid, ())]
            wrong += [
                f"{uid}: {title!r} wants a reason" for title, why in reasons.items() if not str(why or "").strip()
            ]
    return wrong
