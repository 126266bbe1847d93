"""The engine's own rows: they appear only where a run did not end as it should."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tasks.model.finding import FLEET, Finding, Row, Verdict
from tasks.model.record import Fate, StageRecord
from tasks.run.rehearsal import UNPROVEN

if TYPE_CHECKING:
    from collections.abc import Sequence

INTERRUPTED = Row("engine.interrupted", FLEET)
DEADLINE = Row("engine.deadline", FLEET)
FAILED = Row("engine.failed", FLEET)
NOTHING = Row("engine.nothing-judged", FLEET)

_REMEDIES = {
    INTERRUPTED: "run the same command again with --resume",
    DEADLINE: "give it longer with --deadline SECONDS, then go on with --resume",
    UNPROVEN: "choose stages by which the canary is judged, or leave --canary out",
    FAILED: "a defect of this library: the traceback is on the terminal",
}


def closing_stage(records: Sequence[StageRecord], ended_by: Row, why: str) -> tuple[StageRecord, ...]:
    """
    A last stage that says what was wrong with the run itself; nothing where nothing was.

    Arguments:
        records: every stage, those not reached included
        ended_by: why stages were not reached, if any was not; ``FAILED`` counts in any case
        why: the same as a sentence

    """
    rows = [finding for record in records for finding in record.findings]
    cut = any(one.fate is Fate.INTERRUPTED for record in records for one in record.hosts)
    findings = []
    if cut or ended_by == FAILED or any(finding.blocked_by == ended_by for finding in rows):
        findings.append(_error(ended_by, why, "every stage is reached", _REMEDIES[ended_by]))
    elif not any(finding.verdict.judged for finding in rows):
        findings.append(_error(NOTHING, "no check was executed", "at least one", "choose other stages or hosts"))
    if not findings:
        return ()
    start = records[-1].started_s + records[-1].duration_s if records else 0.0
    return (
        StageRecord(
            title="The run itself",
            slug="run",
            mutates=False,
            reached=True,
            started_s=start,
            duration_s=0.0,
            hosts=(),
            findings=tuple(findings),
            changes=(),
        ),
    )


def _error(row: Row, observed: str, wanted: str, remedy: str) -> Finding:
    return Finding(row=row, verdict=Verdict.ERROR, observed=observed, wanted=wanted, remedy=remedy)
