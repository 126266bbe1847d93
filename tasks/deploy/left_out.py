"""Components that a site goes without, each with its reason: said in the report, never passed over."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tasks.deploy.files import parse_yaml, read_text
from tasks.deploy.overlay import trait_of
from tasks.model.errors import InventoryError, Mistake
from tasks.model.finding import Finding, Verdict

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from tasks.model.finding import Row
    from tasks.run.context import RunContext


def left_out(root: Path, traits: Sequence[str], component: str) -> str:
    """
    Why a component is left out; empty where it is not.

    Reads ``kustomize/components/<trait>/left-out.yaml``: component to reason.

    Raises:
        InventoryError: a file is no such mapping, or gives no reason

    """
    for trait in traits:
        file = root / "kustomize" / "components" / trait / "left-out.yaml"
        entries = parse_yaml(read_text(file)) or {}
        if not isinstance(entries, dict) or not all(isinstance(it, str) and it.strip() for it in entries.values()):
            raise InventoryError((Mistake(str(file), 1, "wanted: lines of the form component: reason"),))
        if component in entries:
            return f"left out by trait {trait}: {entries[component].strip()}"
    return ""


def as_left_out(ctx: RunContext, row: Row, component: str) -> Finding | None:
    """The row of a component that is left out, or that its cluster has for a trait only; None where it has it."""
    reason = left_out(ctx.root, ctx.settings.traits, component)
    asked_for = trait_of(ctx.root, ctx.fleet.cluster(row.target), component)
    if asked_for and asked_for not in ctx.settings.traits:
        reason = f"for sites with the trait {asked_for} alone"
    return Finding(row=row, verdict=Verdict.SKIP, observed=reason) if reason else None
