"""From the engine's record to the canonical report: count, find causes, draw matrices, and take every secret out."""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import TYPE_CHECKING, Literal

from tasks.model.finding import Change, Finding, Row, Verdict
from tasks.model.record import Exit, exit_of
from tasks.reports.clean import cleaned
from tasks.reports.report import SCHEMA_VERSION, Cause, Matrix, Report, Totals
from tasks.reports.words import in_order

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from tasks.model.record import RunRecord


def build(record: RunRecord, mask: Callable[[str], str]) -> Report:
    """
    Make the report of a run.

    Arguments:
        record: finished or not
        mask: takes secrets out of a text; applied to every string of the record

    """
    record = cleaned(record, mask)
    code, totals, causes = exit_of(record), _totals(record.findings, record.changes), _causes(record.findings)
    return Report(
        schema_version=SCHEMA_VERSION,
        labels=record.labels,
        state=_state(record),
        interrupted=record.interrupted,
        exit_code=int(code),
        headline=_headline(code, totals, len(causes), record),
        started=record.started,
        finished=record.finished,
        duration_s=record.duration_s,
        totals=totals,
        causes=causes,
        matrices=_matrices(record.findings, [member.name for member in record.labels.members]),
        stages=record.stages,
        notes=record.notes,
    )


def _state(record: RunRecord) -> Literal["finished", "interrupted", "running"]:
    if record.finished is None:
        return "running"
    return "interrupted" if record.interrupted else "finished"


def _totals(findings: Sequence[Finding], changes: Sequence[Change]) -> Totals:
    by = Counter(finding.verdict for finding in findings)
    lasting = [change for change in changes if not change.temporary]
    return Totals(
        rows=len(findings),
        passed=by[Verdict.PASS],
        warned=by[Verdict.WARN],
        failed=by[Verdict.FAIL],
        errors=by[Verdict.ERROR],
        skipped=by[Verdict.SKIP],
        unreachable=by[Verdict.UNREACHABLE],
        waived=sum(bool(finding.waiver) for finding in findings),
        blocked=sum(finding.blocked_by is not None for finding in findings),
        changes_made=sum(change.made for change in lasting),
        changes_pending=sum(not change.made for change in lasting),
    )


def _causes(findings: Sequence[Finding]) -> tuple[Cause, ...]:
    consequences: dict[Row | None, list[Row]] = defaultdict(list)
    for one in findings:
        consequences[one.blocked_by].append(one.row)
    return tuple(
        Cause(row=cause.row, consequences=tuple(consequences.get(cause.row, ())))
        for cause in findings
        if cause.blocks and cause.blocked_by is None
    )


def _matrices(findings: Sequence[Finding], members: Sequence[str]) -> tuple[Matrix, ...]:
    paths = [finding for finding in findings if finding.row.peer]
    checks = dict.fromkeys(finding.row.check for finding in paths)
    return tuple(_matrix(check, [one for one in paths if one.row.check == check], members) for check in checks)


def _matrix(check: str, paths: Sequence[Finding], members: Sequence[str]) -> Matrix:
    vantages = in_order((finding.row.target for finding in paths), members)
    destinations = in_order((finding.row.peer for finding in paths), members)
    verdicts = {(finding.row.target, finding.row.peer): finding.verdict for finding in paths}
    return Matrix(
        check=check,
        vantages=vantages,
        destinations=destinations,
        cells=tuple(tuple(verdicts.get((here, there)) for there in destinations) for here in vantages),
    )


def _headline(code: Exit, totals: Totals, causes: int, record: RunRecord) -> str:
    judged = totals.passed + totals.warned + totals.failed
    failed = sum(finding.verdict is Verdict.FAIL and not finding.waiver for finding in record.findings)
    because = f"{causes} cause{'s' if causes != 1 else ''}"
    kept = f", {totals.waived} waived" if totals.waived else ""
    silent = f", {totals.rows - judged} were not judged" if totals.rows > judged else ""
    match code:
        case Exit.INTERRUPTED:
            return f"INTERRUPTED by {record.interrupted}: {judged} of {totals.rows} rows were judged"
        case _ if record.finished is None:
            return f"UNFINISHED: {judged} of {totals.rows} rows were judged so far"
        case Exit.BAD:
            return f"BAD: {because}; {failed} of {totals.rows} rows failed{silent}{kept}"
        case Exit.UNJUDGED:
            return f"NOT PROVEN: {because}; {judged} of {totals.rows} rows were judged{kept}"
        case Exit.PENDING:
            return f"PENDING: {totals.changes_pending} changes would be made"
    plan = "; nothing would change" if record.labels.plan else ""
    return f"GREEN: {judged} of {totals.rows} rows judged, none bad{kept}{plan}"
