"""What one audit says that the ones before it did not. Pure: looks in, changes out."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, replace
from enum import StrEnum
from itertools import pairwise
from typing import TYPE_CHECKING, Final

from tasks.audit.look import Look, Seen, Side

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence


@dataclass(frozen=True, slots=True, kw_only=True)
class Flapping:
    """A row that went from good to red or back ``changes`` times within the last ``audits`` is told once, not daily."""

    changes: int
    audits: int


FLAPPING: Final = Flapping(changes=3, audits=7)
"""
Red, mended and red again within a week is no news any more. A single red is told at once: a wait for a second night
would hide a real fault for a day.
"""


class Kind(StrEnum):
    """How a row stands against what was told before; the order is that of the page and of a message."""

    NEW = "new"
    CHANGED = "changed"
    FLAPPING = "flapping"
    DOUBTFUL = "doubtful"
    FIXED = "fixed"
    DROPPED = "dropped"
    UNJUDGED = "unjudged"
    STILL = "still"
    SILENCED = "silenced"


WORTH_TELLING: Final = frozenset({Kind.NEW, Kind.CHANGED, Kind.FLAPPING, Kind.DOUBTFUL, Kind.FIXED, Kind.DROPPED})
"""What makes a message; the others stand in it, or on the page, for completeness."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """
    What the operators believe of a row, for it is what they were told last.

    Attributes:
        gist: of what was said; see ``Seen.gist``
        since: the run in which it took this side
        flapping: they were told that it flaps, and await its end

    """

    side: Side
    gist: str = ""
    since: str = ""
    flapping: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One row in the comparison; ``said`` is one line, ``since`` the run in which it became what it is."""

    kind: Kind
    row: str
    verdict: str
    said: str
    since: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """
    An audit against those before it.

    Attributes:
        before: the run that it is compared with; empty for the first
        changes: by kind, then in the order of the report
        told: what operators believe once they have been told this

    """

    before: str
    changes: tuple[Change, ...]
    told: Mapping[str, Told]

    def of(self, kind: Kind) -> tuple[Change, ...]:
        """The changes of one kind."""
        return tuple(change for change in self.changes if change.kind is kind)

    @property
    def worth_telling(self) -> bool:
        """Whether anything differs from what was told before."""
        return any(change.kind in WORTH_TELLING for change in self.changes)


@dataclass(frozen=True, slots=True)
class _Judged:
    kind: Kind | None
    told: Told | None


def compare(
    told: Mapping[str, Told],
    recent: Sequence[Look],
    now: Look,
    *,
    silenced: Callable[[str], bool] = lambda _row: False,
    flapping: Flapping = FLAPPING,
) -> Comparison:
    """
    Hold an audit against what was told before.

    Arguments:
        told: by row; empty before the first audit
        recent: the audits before this one, oldest first
        now: this one
        silenced: whether a row's redness is to be told to nobody; what was not told then is told afterwards

    """
    changes: dict[Kind, list[Change]] = defaultdict(list)
    after: dict[str, Told] = {}
    for row in dict.fromkeys((*now.rows, *told)):
        seen = now.rows.get(row) or Seen(side=Side.MOOT, verdict="", said="no runbook asks this any more")
        flaps = _flips(row, recent, seen, flapping) >= flapping.changes
        judged = _judge(told.get(row), seen, now.run_id, flaps=flaps, silenced=silenced(row))
        if judged.told is not None:
            after[row] = judged.told
        if judged.kind is not None:
            since = judged.told.since if judged.told else now.run_id
            changes[judged.kind].append(
                Change(kind=judged.kind, row=row, verdict=seen.verdict, said=seen.said, since=since)
            )
    return Comparison(
        before=recent[-1].run_id if recent else "",
        changes=tuple(change for kind in Kind for change in changes[kind]),
        told=after,
    )


def _flips(row: str, recent: Sequence[Look], now: Seen, flapping: Flapping) -> int:
    """How often the row went over the fence within the window; audits that did not judge it are passed over."""
    window = [look.rows[row] for look in recent if row in look.rows][-(flapping.audits - 1) :]
    reds = [seen.side is Side.RED for seen in (*window, now) if seen.side in {Side.GOOD, Side.DOUBTFUL, Side.RED}]
    return sum(one is not other for one, other in pairwise(reds))


def _judge(before: Told | None, seen: Seen, run_id: str, *, flaps: bool, silenced: bool) -> _Judged:
    known = before or Told(side=Side.GOOD)
    current = Told(side=seen.side, gist=seen.gist, since=known.since if known.side is seen.side else run_id)
    if seen.side is Side.UNKNOWN:
        # nobody can say that it is mended: what was believed stays
        return _Judged(Kind.UNJUDGED if known.side is Side.RED else None, before)
    if seen.side is Side.MOOT:
        return _Judged(Kind.DROPPED if known.side is Side.RED else None, None)
    if silenced and seen.side is not Side.GOOD:
        return _Judged(Kind.SILENCED, before)
    if flaps:
        held = known if known.flapping else replace(current, flapping=True)
        return _Judged(None if known.flapping else Kind.FLAPPING, held)
    if known.flapping:
        # it has come to rest: told whichever way, for what was told last is that it does not
        return _Judged({Side.RED: Kind.NEW, Side.DOUBTFUL: Kind.DOUBTFUL}.get(seen.side, Kind.FIXED), current)
    return _Judged(_settled(known, seen), current)


def _settled(known: Told, seen: Seen) -> Kind | None:
    match known.side, seen.side:
        case Side.RED, Side.RED:
            return Kind.STILL if known.gist == seen.gist else Kind.CHANGED
        case _, Side.RED:
            return Kind.NEW
        case Side.RED, _:
            return Kind.FIXED
        case Side.GOOD, Side.DOUBTFUL:
            return Kind.DOUBTFUL
    return None


def counts(changes: Iterable[Change]) -> str:
    """``2 new, 1 fixed, 3 still``; "nothing" where there is nothing."""
    by: dict[Kind, int] = defaultdict(int)
    for change in changes:
        by[change.kind] += 1
    return ", ".join(f"{by[kind]} {kind}" for kind in Kind if by[kind]) or "nothing"
