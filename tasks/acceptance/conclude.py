"""The step at the end of ``runbooks/verify.py``: one row for every sentence of the specification."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tasks.acceptance.criteria import load_criteria
from tasks.acceptance.judge import Seen, judge
from tasks.acceptance.renderings import unfulfilled
from tasks.deploy.build import render_all
from tasks.deploy.check import wanted_of
from tasks.deploy.overlay import facts_of
from tasks.model.finding import FLEET, Outcome, Row
from tasks.transport.local import LocalShell

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from tasks.acceptance.criteria import Criterion, Wish
    from tasks.fleet.model import Fleet
    from tasks.model.record import RunRecord
    from tasks.run.context import RunContext


def declares(_fleet: Fleet) -> tuple[Row, ...]:
    """One row for every criterion."""
    return tuple(Row(it.check, FLEET) for it in load_criteria())


def conclude(record: RunRecord, ctx: RunContext) -> Outcome:
    """
    Judge every criterion by the rows of this run, by what the tree renders to, and by the documents that are there.

    Raises:
        InventoryError: the criteria or the tree cannot be read

    """
    criteria = load_criteria()
    seen = Seen(
        findings=record.findings,
        unfulfilled=_unfulfilled(ctx, {wish for it in criteria for wish in it.render}),
        missing=frozenset(missing(ctx.root, criteria)),
    )
    return Outcome(findings=tuple(judge(criterion, seen) for criterion in criteria))


def _unfulfilled(ctx: RunContext, wishes: Iterable[Wish]) -> dict[Wish, dict[str, str]]:
    """What each cluster's rendering lacks of each wish; a component that cannot be rendered lacks everything."""
    by_component: dict[str, list[Wish]] = {}
    for wish in wishes:
        by_component.setdefault(wish.component, []).append(wish)
    wanted = [(cluster, component) for cluster, component in wanted_of(ctx) if component in by_component]
    lacking: dict[Wish, dict[str, str]] = {}
    for (cluster, component), built in zip(wanted, render_all(ctx, wanted, LocalShell(plan=True)), strict=True):
        facts: Mapping[str, str] = facts_of(ctx.fleet, cluster)
        for wish in by_component[component]:
            said = str(built) if isinstance(built, Exception) else unfulfilled(wish, built[1], facts)
            lacking.setdefault(wish, {})[cluster.name] = said
    return lacking


def missing(root: Path, criteria: Iterable[Criterion]) -> set[str]:
    """Documents (with the heading, where one is meant) and tests that criteria name and that are not there."""
    named = {name for it in criteria for name in (*it.document, *it.lab)}
    return {name for name in named if not _is_there(root, name)}


def _is_there(root: Path, name: str) -> bool:
    file, _, part = name.replace("::", "#").partition("#")
    path = root / file
    if not path.is_file():
        return False
    lines = path.read_text(encoding="utf-8").splitlines()
    if path.suffix == ".md":
        return not part or any(_anchor(line) == part for line in lines if line.startswith("#"))
    return any(line.startswith(f"def {part}(") for line in lines)


def _anchor(heading: str) -> str:
    """A heading as links name it."""
    words = heading.lstrip("#").strip().lower()
    return "".join(it for it in words if it.isalnum() or it in " -_").replace(" ", "-")
