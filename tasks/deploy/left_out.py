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

    A trait leaves out what its ``kustomize/components/<trait>/left-out.yaml`` names: component to reason. A component
    whose overlays ask for a trait is left out where the site has not opted in to that.

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
    asked_for = trait_of(root, component)
    return f"for sites with the trait {asked_for} alone" if asked_for and asked_for not in traits else ""


def as_left_out(ctx: RunContext, row: Row, component: str) -> Finding | None:
    """The row of a component that is left out; None where it is not."""
    reason = left_out(ctx.root, ctx.settings.traits, component)
    return Finding(row=row, verdict=Verdict.SKIP, observed=reason) if reason else None
