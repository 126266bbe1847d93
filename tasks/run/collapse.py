"""One fault, one headline: what is only a consequence of another bad row is marked so, with what was observed kept."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from typing import TYPE_CHECKING

from tasks.model.finding import FLEET, Finding, Row, Verdict

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

_ANY = "->any"


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
    whose declared cause is bad. An UNREACHABLE row keeps its verdict and points to the cause. Causes are followed to
    their root; in a circle the row that was found first is the root. A waived row neither causes nor follows.

    Arguments:
        findings: of one stage
        known: of the stages before it
        causes: as in ``Stage.causes``
        blocked: host to the row that blocked it before this stage began

    """
    everything = (*known, *findings)
    unreachable = _unreachable(everything)
    lost = {**unreachable, **(blocked or {})}
    bad = _Bad(everything)
    parents = {
        finding.row: parent
        for finding in everything
        if finding.blocks or finding.blocked_by is not None
        for parent in (finding.blocked_by or _lost(finding.row, lost) or _declared(finding.row, bad, causes or {}),)
        if parent is not None
    }
    order = {finding.row: number for number, finding in enumerate(everything)}
    return tuple(_pointed(finding, _root(finding.row, parents, order)) for finding in findings)


def _unreachable(findings: Sequence[Finding]) -> dict[str, Row]:
    """The first UNREACHABLE row of every host, or the row that one points to."""
    first: dict[str, Row] = {}
    for finding in findings:
        if finding.verdict is Verdict.UNREACHABLE and finding.blocks and finding.row.target != FLEET:
            first.setdefault(finding.row.target, finding.blocked_by or finding.row)
    return first


def _lost(row: Row, lost: Mapping[str, Row]) -> Row | None:
    """The row by which the target, or else the peer, was lost; None where it is this very row."""
    return next((lost[end] for end in (row.target, row.peer) if end in lost and lost[end] != row), None)


class _Bad:
    """The bad rows, and those that follow from one, by check and target: a fleet of hundreds has thousands of rows."""

    def __init__(self, findings: Sequence[Finding]) -> None:
        self._found: dict[tuple[str, str], list[Finding]] = defaultdict(list)
        for finding in findings:
            if finding.blocks or finding.blocked_by:
                self._found[finding.row.check, finding.row.target].append(finding)

    def meant_by(self, cause: str, row: Row) -> Iterator[Finding]:
        """Those that ``cause`` means when ``row`` asks; see ``Stage.causes``."""
        check, _, whose = cause.removesuffix(_ANY).partition("@")
        target = {"": row.target, "peer": row.peer, "fleet": FLEET}[whose]
        for finding in self._found.get((check, target), ()):
            if finding.row != row and (cause.endswith(_ANY) or finding.row.peer in {"", row.peer}):
                yield finding


def _declared(row: Row, bad: _Bad, causes: Mapping[str, tuple[str, ...]]) -> Row | None:
    """The first bad row that is named as a cause of this one, or the root that it points to already."""
    named = (
        cause
        for check, its in causes.items()
        if row.check == check or row.check.startswith(check.rstrip(".") + ".")
        for cause in its
    )
    found = next((finding for cause in named for finding in bad.meant_by(cause, row)), None)
    return (found.blocked_by or found.row) if found else None


def _root(row: Row, parents: Mapping[Row, Row], order: Mapping[Row, int]) -> Row:
    path: list[Row] = []
    while row in parents and row not in path:
        path.append(row)
        row = parents[row]
    circle = path[path.index(row) :] if row in path else [row]
    return min(circle, key=lambda one: order.get(one, -1))


def _pointed(finding: Finding, root: Row) -> Finding:
    if root == finding.row:
        return finding
    if finding.blocked_by is not None:
        return replace(finding, blocked_by=root)
    verdict = Verdict.UNREACHABLE if finding.verdict is Verdict.UNREACHABLE else Verdict.SKIP
    return replace(finding, verdict=verdict, blocked_by=root)
