"""The first stage: is a deployment under way, and what is nobody to be told of."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from tasks.audit.silences import read_silences
from tasks.model.errors import InventoryError
from tasks.model.finding import FLEET, Finding, Outcome, Row, Verdict, skipped
from tasks.notices import ELSEWHERE
from tasks.run.lock import holder

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from tasks.fleet.model import Fleet
    from tasks.model.record import RunRecord
    from tasks.run.context import RunContext
    from tasks.run.lock import Owner

UNDISTURBED = Row("audit.undisturbed", FLEET)
SILENCES = Row("audit.silences", FLEET)


def declares(_fleet: Fleet) -> tuple[Row, ...]:
    """Two rows of the operator's machine."""
    return (UNDISTURBED, SILENCES)


def look(outcomes: Mapping[str, Outcome], ctx: RunContext) -> Outcome:  # noqa: ARG001  a fleet step
    """Read the lock, without touching it, and the silences."""
    silences = judge_silences(ctx.settings.notices.silences, datetime.now(UTC))
    return Outcome(findings=(_of_lock(ctx), silences))


def _of_lock(ctx: RunContext) -> Finding:
    if ctx.settings.notices.lock == ELSEWHERE:
        return skipped(UNDISTURBED, "deployments run on another machine, and whether one does is not known here")
    return judge_lock(holder(ctx.state / "lock"))


def judge_lock(owner: Owner | None) -> Finding:
    """An audit runs beside a deployment, takes no lock from it, and believes nothing red that it sees meanwhile."""
    if owner is None:
        return Finding(row=UNDISTURBED, verdict=Verdict.PASS, observed="no run that changes anything is under way")
    return Finding(
        row=UNDISTURBED,
        verdict=Verdict.ERROR,
        observed=f"{owner} holds the fleet: what is red now may be its work, and is not judged",
        wanted="no deployment while the audit looks",
        remedy="once it has ended: python runbooks/nightly_audit.py",
        reproduce="cat .state/lock",
    )


def judge_silences(path: Path | None, now: datetime) -> Finding:
    """A silence whose last day is over is told, so that somebody takes it out or thinks again."""
    try:
        silences = read_silences(path, now.date())
    except InventoryError as error:
        remedy = f"mend {path}; until then nothing is silenced"
        return Finding(row=SILENCES, verdict=Verdict.ERROR, observed=str(error), remedy=remedy, reproduce=f"cat {path}")
    if silences.expired:
        named = "; ".join(f"{one} ({one.reason}) expired on {one.until}" for one in silences.expired)
        return Finding(
            row=SILENCES,
            verdict=Verdict.WARN,
            observed=f"{named}: it does not count any more",
            wanted="no silence whose last day is over",
            remedy=f"take it out of {path}, or give it another `until`",
        )
    named = "; ".join(f"{one} until {one.until} ({one.reason})" for one in silences.given)
    return Finding(row=SILENCES, verdict=Verdict.PASS, observed=named or "none")


def disturbed_since(state: Path, record: RunRecord) -> bool:
    """Whether a deployment held the fleet at any time of this run: it keeps writing into its lock, and clears it."""
    try:
        return (state / "lock").stat().st_mtime >= record.started.timestamp()
    except FileNotFoundError:
        return False
