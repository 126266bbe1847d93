"""What all renderings say alike."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from tasks.model.finding import Finding, Row, Verdict

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from tasks.model.finding import Change
    from tasks.model.record import StageRecord
    from tasks.reports.report import Report

MARKS = {
    Verdict.PASS: "✓",
    Verdict.WARN: "!",
    Verdict.FAIL: "✗",
    Verdict.ERROR: "?",
    Verdict.SKIP: "–",  # noqa: RUF001  the dash is meant
    Verdict.UNREACHABLE: "⊘",
}
WORST_FIRST = (Verdict.FAIL, Verdict.ERROR, Verdict.UNREACHABLE, Verdict.WARN, Verdict.SKIP, Verdict.PASS)


def span(seconds: float) -> str:
    """A duration for people: ``0.4 s``, ``12 s``, ``3 min 05 s``, ``2 h 07 min``."""
    if seconds < 9.95:  # noqa: PLR2004  tenths of a second tell nothing beyond
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes == 0:
        return f"{rest} s"
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes:02} min" if hours else f"{minutes} min {rest:02} s"


def counted(number: int, noun: str) -> str:
    """``1 row``, ``2 rows``."""
    return f"{number} {noun}" + ("" if number == 1 else "s")


def tally(findings: Iterable[Finding]) -> dict[Verdict, int]:
    """How many findings ended how, worst first, without zeros."""
    by = Counter(finding.verdict for finding in findings)
    return {verdict: by[verdict] for verdict in WORST_FIRST if by[verdict]}


def facts(report: Report) -> tuple[tuple[str, str], ...]:
    """What a reader needs to know about the run besides its verdict."""
    labels = report.labels
    chosen = [member.name for member in labels.members if member.chosen]
    everyone = len(chosen) == len(labels.members)
    return (
        ("runbook", " ".join((f"{labels.runbook}.py", *labels.argv))),
        ("run", labels.run_id),
        ("hosts", ", ".join(chosen) + ("" if everyone else f" (of {len(labels.members)})")),
        ("began", f"{report.started:%Y-%m-%d %H:%M:%S} UTC"),
        ("took", span(report.duration_s)),
        ("by", labels.operator),
        ("versions", ", ".join(f"{name} {version}" for name, version in labels.versions)),
        ("tool", f"{labels.tool}, revision {labels.revision or 'unknown'}"),
        ("traits", ", ".join(trait.name for trait in labels.traits) or "none"),
    )


def details(finding: Finding) -> tuple[tuple[str, str], ...]:
    """The texts of a finding that are there, named, in the order in which one reads them; evidence left out."""
    said = (
        ("observed", finding.observed),
        ("wanted", finding.wanted),
        ("remedy", finding.remedy),
        ("reproduce", finding.reproduce),
        ("waived", finding.waiver),
        ("blocked by", str(finding.blocked_by) if finding.blocked_by else ""),
    )
    return tuple((name, text) for name, text in said if text)


def doubtful(report: Report, *, waived: bool) -> tuple[tuple[Finding, tuple[Row, ...]], ...]:
    """
    What a green report still wants to be read: warnings, or everything that is waived.

    Returns:
        one entry per thing said, worst first, with all rows that say the same: one machine like the other

    """
    said = [one for one in report.findings if (bool(one.waiver) if waived else _warns(one))]
    groups: dict[tuple[object, ...], list[Finding]] = {}
    for one in said:
        groups.setdefault((one.verdict, one.row.check, one.observed, one.wanted, one.waiver), []).append(one)
    ordered = sorted(groups.values(), key=lambda group: WORST_FIRST.index(group[0].verdict))
    return tuple((group[0], tuple(one.row for one in group)) for group in ordered)


def _warns(finding: Finding) -> bool:
    return finding.verdict is Verdict.WARN and not finding.waiver


def where(rows: Sequence[Row]) -> str:
    """The ends that rows of one check are about: ``cluster-01, cluster-02``."""
    return ", ".join(str(row).partition("@")[2] for row in rows)


def changes(report: Report) -> tuple[Change, ...]:
    """Every change, in the order in which it was made."""
    return tuple(change for stage in report.stages for change in stage.changes)


def sign(change: Change) -> str:
    """``made``, ``pending``, or ``temporary`` for what its task takes away again."""
    if change.temporary:
        return "temporary"
    return "made" if change.made else "pending"


def worst(verdicts: Iterable[Verdict | None]) -> Verdict | None:
    """The verdict that counts where several stand for one path; None where there is none."""
    there = set(verdicts)
    return next((verdict for verdict in WORST_FIRST if verdict in there), None)


def in_order(names: Iterable[str], members: Sequence[str]) -> tuple[str, ...]:
    """Each name once: the fleet's members in their own order, then the others as they come."""
    there = dict.fromkeys(names)
    return (*(name for name in members if name in there), *(name for name in there if name not in members))


def some(rows: Sequence[Row], limit: int = 6) -> str:
    """The first few rows by name, and how many more there are."""
    more = f" and {len(rows) - limit} more" if len(rows) > limit else ""
    return ", ".join(str(row) for row in rows[:limit]) + more


def steps(stage: StageRecord) -> str:
    """How many of a stage's steps ended how: ``3 done, 1 blocked``."""
    by = Counter(str(host.fate) for host in stage.hosts)
    return ", ".join(f"{count} {fate}" for fate, count in by.items()) or "not reached"
