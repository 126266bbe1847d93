"""What a runbook owes, fixed before anything runs."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from tasks.model.errors import FleetError
from tasks.model.finding import FLEET

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from tasks.fleet.model import Fleet
    from tasks.model.finding import Row
    from tasks.run.stage import Stage


class BrokenRunbook(FleetError):
    """A runbook's stages contradict themselves: a defect of the library, found before anything has run."""


def declare(stages: Sequence[Stage], fleet: Fleet) -> dict[str, tuple[Row, ...]]:
    """
    Ask every stage what it owes for this fleet.

    Returns:
        stage slug to its rows, in the order of stages

    Raises:
        BrokenRunbook: two stages of one name, a row declared twice, a stage that owes nothing, an unknown target

    """
    _once((stage.slug for stage in stages), "stage title")
    owed = {stage.slug: tuple(stage.declares(fleet)) for stage in stages}
    _once((str(row) for rows in owed.values() for row in rows), "declared row")
    targets = {FLEET, *(cluster.name for cluster in fleet.clusters)}
    for slug, rows in owed.items():
        if not rows:
            raise BrokenRunbook(f"stage {slug} declares no row: it could never be seen to fail")
        if strangers := sorted({row.target for row in rows} - targets):
            raise BrokenRunbook(f"stage {slug} declares rows for unknown targets: {', '.join(strangers)}")
    return owed


def _once(names: Iterable[str], what: str) -> None:
    if twice := sorted(name for name, count in Counter(names).items() if count > 1):
        raise BrokenRunbook(f"{what} occurs more than once: {', '.join(twice)}")
