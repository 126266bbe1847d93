"""One fault, one headline: what is only a consequence of another bad row is marked so, with what was observed kept."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from tasks.model.finding import FLEET, Verdict

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from tasks.model.finding import Finding, Row


def collapse(
    findings: Sequence[Finding],
    *,
    known: Sequence[Finding] = (),
    causes: Mapping[str, tuple[str, ...]] | None = None,
    blocked: Mapping[str, Row] | None = None,
) -> tuple[Finding, ...]:
    """
    Mark consequences.

    A bad row whose target or peer was already blocked, or cannot be reached, becomes SKIP(blocked_by). So does one
    whose declared cause is bad. Further UNREACHABLE rows of one host keep their verdict and point to its first.
    A waived row neither causes nor follows.

    Arguments:
        findings: of one stage
        known: of the stages before it
        causes: as in ``Stage.causes``
        blocked: host to the row that blocked it before this stage began

    """
    everything = (*known, *findings)
    blame = _Blame({finding.row: finding for finding in everything}, _unreachable(everything), blocked or {})
    return tuple(_collapsed(finding, blame, causes or {}) for finding in findings)


class _Blame:
    """Who can be the cause of what."""

    def __init__(self, rows: Mapping[Row, Finding], unreachable: Mapping[str, Row], blocked: Mapping[str, Row]) -> None:
        self.rows, self.unreachable, self.blocked = rows, unreachable, blocked

    def of(self, finding: Finding, causes: Mapping[str, tuple[str, ...]]) -> Row | None:
        """The row that this one is a consequence of, followed to its root; None where it stands for itself."""
        row = finding.row
        first = (
            self.blocked.get(row.target)
            or self.blocked.get(row.peer)
            or self.unreachable.get(row.target)
            or self.unreachable.get(row.peer)
            or self._declared(row, causes, frozenset({row}))
        )
        return None if first == row else first

    def _declared(self, row: Row, causes: Mapping[str, tuple[str, ...]], seen: frozenset[Row]) -> Row | None:
        """Follow ``causes`` upwards; a circle ends where it would begin again."""
        for wanted in _wanted(row, causes):
            for other, finding in self.rows.items():
                if other in seen or not _answers(other, wanted, row):
                    continue
                if finding.blocked_by is not None:
                    return finding.blocked_by
                if finding.blocks:
                    return self.blocked.get(other.target) or self._declared(other, causes, seen | {other}) or other
        return None


def _unreachable(findings: Sequence[Finding]) -> dict[str, Row]:
    """The first UNREACHABLE row of every host, or the row that one points to."""
    first: dict[str, Row] = {}
    for finding in findings:
        if finding.verdict is Verdict.UNREACHABLE and finding.blocks and finding.row.target != FLEET:
            first.setdefault(finding.row.target, finding.blocked_by or finding.row)
    return first


def _wanted(row: Row, causes: Mapping[str, tuple[str, ...]]) -> tuple[str, ...]:
    return tuple(
        cause
        for check, named in causes.items()
        if row.check == check or row.check.startswith(check.rstrip(".") + ".")
        for cause in named
    )


def _answers(other: Row, wanted: str, row: Row) -> bool:
    """Whether ``other`` is the row that ``wanted`` means when ``row`` asks."""
    check, _, whose = wanted.partition("@")
    target = {"": row.target, "peer": row.peer, "fleet": FLEET}[whose]
    return other.check == check and other.target == target and other.peer in {"", row.peer}


def _collapsed(finding: Finding, blame: _Blame, causes: Mapping[str, tuple[str, ...]]) -> Finding:
    if not finding.blocks or finding.blocked_by is not None:
        return finding
    if finding.verdict is Verdict.UNREACHABLE:
        root = blame.unreachable.get(finding.row.target, finding.row)
        if root != finding.row:
            return replace(finding, blocked_by=root)
    cause = blame.of(finding, causes)
    return finding if cause is None else replace(finding, verdict=Verdict.SKIP, blocked_by=cause)
