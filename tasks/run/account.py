"""Declared against returned: every declared row ends exactly once, and nothing else passes for a row."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from tasks.model.finding import Finding, Verdict

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from tasks.model.finding import Row


def account(
    declared: Sequence[Row], returned: Iterable[Finding], explain: Callable[[Row], Finding]
) -> tuple[Finding, ...]:
    """
    Settle one stage's debt.

    Arguments:
        declared: what the stage owes; no row twice
        returned: what its steps handed back, in any order
        explain: the finding of a row that did not come back; never a good verdict

    Returns:
        one finding per declared row, in declared order, then one ERROR per row that nobody declared

    """
    came: dict[Row, list[Finding]] = defaultdict(list)
    for finding in returned:
        came[finding.row].append(finding)
    settled = [_settle(came.pop(row, []), row, explain) for row in declared]
    return (*settled, *(_undeclared(findings) for findings in came.values()))


def _settle(came: list[Finding], row: Row, explain: Callable[[Row], Finding]) -> Finding:
    match came:
        case []:
            return explain(row)
        case [finding]:
            return finding
        case _:
            return Finding(
                row=row,
                verdict=Verdict.ERROR,
                observed=f"came back {len(came)} times: {', '.join(_short(finding) for finding in came)}",
                wanted="one finding per declared row",
                remedy="a defect of this stage: let one step alone answer the row",
            )


def _undeclared(came: list[Finding]) -> Finding:
    return Finding(
        row=came[0].row,
        verdict=Verdict.ERROR,
        observed=f"nobody declared this row; it said {', '.join(_short(finding) for finding in came)}",
        wanted="a row that the stage's `declares` names",
        remedy="a defect of this stage: declare the row, or do not answer it",
    )


def _short(finding: Finding) -> str:
    return f"{finding.verdict} ({finding.observed})"


def never_came(row: Row) -> Finding:
    """A step came to its end without a word about this row."""
    return Finding(
        row=row,
        verdict=Verdict.ERROR,
        observed="declared, but the step ended without answering it",
        wanted="one finding per declared row",
        remedy="a defect of this stage: answer the row, or do not declare it",
    )
