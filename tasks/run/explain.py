"""Why a declared row did not come back."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from tasks.model.finding import FLEET, Finding, Row, Verdict, skipped
from tasks.model.record import Fate
from tasks.run.account import never_came

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from tasks.run.walked import Walked

_DIED = {Fate.UNREACHABLE: Verdict.UNREACHABLE, Fate.ERROR: Verdict.ERROR}


@dataclass(frozen=True, slots=True, kw_only=True)
class Explain:
    """
    Turns a missing row into a finding, by what is known about its target and its peer.

    Attributes:
        outside: hosts that ``--limit`` left out
        waiting: hosts whose turn comes only when the canary is good
        resumed: host to the sentence that says when it finished this stage
        blocked: host (or ``FLEET``) to the row that blocked it before this stage
        walked: how every host, and the fleet step, came out of this stage
        roots: host to the row that carries its step's error; the other rows of that step point there
        ended_by: the engine's row that says why the run ended, where it did

    """

    outside: frozenset[str] = frozenset()
    waiting: frozenset[str] = frozenset()
    resumed: Mapping[str, str] = field(default_factory=dict)
    blocked: Mapping[str, Row] = field(default_factory=dict)
    walked: Mapping[str, Walked] = field(default_factory=dict)
    roots: Mapping[str, Row] = field(default_factory=dict)
    ended_by: Row | None = None

    def __call__(self, row: Row) -> Finding:
        """The first explanation that holds; a row without any is an ERROR."""
        if elsewhere := self._elsewhere({row.target, row.peer}):
            return skipped(row, elsewhere)
        if row.target in self.resumed:
            return skipped(row, self.resumed[row.target])
        if row.target in self.blocked:
            return self._blocked(row, row.target)
        if self._died(row.target):
            return self.error(row, self.walked[row.target])
        if self.ended_by is not None:
            return skipped(row, "the run ended before this was asked", self.ended_by)
        return self._by_others(row)

    def _elsewhere(self, ends: set[str]) -> str:
        """Why an end takes no part in this stage, though nothing is wrong with it."""
        if strangers := self.outside & ends:
            return f"outside --limit: {', '.join(sorted(strangers))}"
        return "not before the canary is good" if self.waiting & ends else ""

    def _by_others(self, row: Row) -> Finding:
        """The other end, the fleet step or the journal, where the target itself is not to blame."""
        for end in (row.peer, FLEET):
            if end in self.blocked:
                return self._blocked(row, end)
        if self._died(row.peer) and row.peer in self.roots:
            return skipped(row, f"not asked, because {row.peer} did not get that far", self.roots[row.peer])
        if self._died(FLEET):
            return self.error(row, self.walked[FLEET])
        if self.resumed and not self.walked:
            return skipped(row, next(iter(self.resumed.values())))
        if self.blocked and not self.walked:
            return skipped(row, "not asked, because no host came so far", next(iter(self.blocked.values())))
        return never_came(row)

    def _blocked(self, row: Row, end: str) -> Finding:
        return skipped(row, f"not asked, because {self.blocked[end]} went wrong", self.blocked[end])

    def _died(self, end: str) -> bool:
        return end in self.walked and self.walked[end].record.fate in _DIED

    def error(self, row: Row, walked: Walked) -> Finding:
        """The step's own error, in full at its first row; the others point there."""
        root = self.roots.get(walked.record.host, row)
        return Finding(
            row=row,
            verdict=_DIED[walked.record.fate],
            observed=walked.record.detail,
            wanted="the step runs to its end",
            evidence=walked.evidence if root == row else (),
            duration_s=walked.record.duration_s,
            blocked_by=None if root == row else root,
        )


def roots_of(
    declared: Sequence[Row], walked: Mapping[str, Walked], slug: str, waived: Callable[[Row], bool]
) -> dict[str, Row]:
    """
    Choose, for every step that died, the row that carries its error: the first that it owes and nobody has waived.

    Where it owes none, the engine adds one of its own, so that no error is ever swallowed.
    """
    came = {finding.row for one in walked.values() if one.outcome for finding in one.outcome.findings}
    roots = {}
    for host, one in walked.items():
        if one.record.fate in _DIED:
            owed = sorted((row for row in declared if row.target == host and row not in came), key=waived)
            roots[host] = next(iter(owed), Row(f"engine.step.{slug}", host))
    return roots


def unclaimed(explain: Explain, findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Errors of steps that owed no row."""
    rows = {finding.row for finding in findings}
    return tuple(explain.error(row, explain.walked[host]) for host, row in explain.roots.items() if row not in rows)
