"""Rounds and scores, for people and for programs."""

import json
from collections.abc import Sequence
from dataclasses import asdict

from rich.console import Console
from rich.table import Table

from lab.self_test.rounds import Rounds
from lab.self_test.score import Score


def percent(scores: Sequence[Score]) -> int:
    """How many of a hundred rounds were right, rounded down; nothing played is nothing proven."""
    return 100 * sum(it.right for it in scores) // len(scores) if scores else 0


def as_json(scores: Sequence[Score]) -> str:
    """For programs."""
    rounds = [asdict(it) | {"right": it.right} for it in scores]
    return json.dumps({"percent": percent(scores), "rounds": rounds}, indent=2)


def show_rounds(plan: Rounds, console: Console) -> None:
    """What would be played."""
    table = Table(box=None)
    for column in ("round", "faults", "has to be red"):
        table.add_column(column)
    for one in plan.rounds:
        table.add_row(one.title, "\n".join(" ".join(it) for it in one.faults), "\n".join(one.red))
    console.print(table)


def show_score(one: Score, console: Console) -> None:
    """One round that was played."""
    console.print(f"{'right' if one.right else 'WRONG'}  {one.title}: {'; '.join(one.faults)}", highlight=False)
    for what, rows in (
        ("not found", one.missed),
        ("found beside", [f"{name}: {said}" for name, said in one.wrong.items()]),
        ("blames something else", one.astray),
        ("did not come back", one.unanswered),
    ):
        for row in rows:
            console.print(f"       {what}: {row}", highlight=False, markup=False)


def show_total(scores: Sequence[Score], console: Console) -> None:
    """The last line."""
    right = sum(it.right for it in scores)
    console.print(f"self-test: {percent(scores)} %, {right} of {len(scores)} rounds right", highlight=False)
