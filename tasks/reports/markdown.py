"""The report as Markdown, for an issue, a pull request or a mail."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tasks.model.finding import Verdict
from tasks.reports.words import (
    MARKS,
    WORST_FIRST,
    changes,
    counted,
    details,
    doubtful,
    facts,
    sign,
    some,
    span,
    tally,
    where,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from tasks.model.finding import Finding
    from tasks.model.record import StageRecord
    from tasks.reports.report import Matrix, Report


def render(report: Report) -> str:
    """Headline, causes, warnings, matrices, changes, every row; each table as GitHub reads it."""
    blocks = (
        f"# {_line(report.headline)}",
        _table(("", ""), ((name, _line(text)) for name, text in facts(report))),
        *(_trait(report)),
        *_section("Notes", (f"- {_line(note)}" for note in report.notes), join="\n"),
        *_section("Causes", (_cause(report, number) for number in range(len(report.causes)))),
        *_section("Reachability", (_matrix(matrix) for matrix in report.matrices)),
        *_section("Warnings", _doubtful(report, waived=False)),
        *_section("Waived", _doubtful(report, waived=True)),
        *_section("Changes", _changes(report)),
        "## Stages",
        _table(
            ("stage", *(verdict.value for verdict in WORST_FIRST), "changes", "took"),
            (_stage(stage) for stage in report.stages),
        ),
        *_section("Rows", (_rows(stage) for stage in report.stages)),
    )
    return "\n\n".join(blocks) + "\n"


def _section(title: str, blocks: Iterable[str], join: str = "\n\n") -> Iterator[str]:
    body = join.join(blocks)
    if body:
        yield f"## {title}"
        yield body


def _trait(report: Report) -> Iterator[str]:
    for trait in report.labels.traits:
        yield f"> **{_line(trait.name)}**: {_line(trait.says) or 'says nothing of itself'}"


def _cause(report: Report, number: int) -> str:
    cause = report.causes[number]
    text = _finding(report.finding(cause.row))
    if not cause.consequences:
        return text
    return f"{text}\n- follows from it: {counted(len(cause.consequences), 'row')}: {_line(some(cause.consequences))}"


def _finding(finding: Finding) -> str:
    lines = [f"### {MARKS[finding.verdict]} {finding.verdict} `{finding.row}`", ""]
    for name, text in details(finding):
        lines.append(f"- {name}: {_code(text) if name in {'remedy', 'reproduce'} else _line(text)}")
    if finding.evidence:
        lines += ["", *(f"      {line}" for entry in finding.evidence for line in entry.splitlines())]
    return "\n".join(lines)


def _doubtful(report: Report, *, waived: bool) -> Iterator[str]:
    rows = [
        (
            f"{MARKS[one.verdict]} {one.verdict}",
            f"`{one.row.check}`",
            where(rows),
            _line(one.observed),
            _line(one.waiver) if waived else _code(one.remedy),
        )
        for one, rows in doubtful(report, waived=waived)
    ]
    if rows:
        yield _table(("verdict", "check", "where", "observed", "reason" if waived else "remedy"), rows)


def _matrix(matrix: Matrix) -> str:
    rows = (
        (here, *(f"{MARKS[cell]} {cell}" if cell else "" for cell in cells))
        for here, cells in zip(matrix.vantages, matrix.cells, strict=True)
    )
    return f"`{matrix.check}`, from (down) to (across)\n\n" + _table(("", *matrix.destinations), rows)


def _changes(report: Report) -> Iterator[str]:
    rows = [(change.target, sign(change), _line(change.sentence), _code(change.undo)) for change in changes(report)]
    if rows:
        yield _table(("target", "", "change", "undo"), rows)


def _stage(stage: StageRecord) -> tuple[str, ...]:
    by = tally(stage.findings)
    lasting = sum(not change.temporary for change in stage.changes)
    return (
        stage.title,
        *(str(by.get(verdict, "")) for verdict in WORST_FIRST),
        str(lasting or ""),
        span(stage.duration_s) if stage.reached else "not reached",
    )


def _rows(stage: StageRecord) -> str:
    rows = (
        (f"{MARKS[finding.verdict]} {finding.verdict}", f"`{finding.row}`", _line(_short(finding)))
        for finding in stage.findings
    )
    return f"### {stage.title}\n\n" + _table(("verdict", "row", "observed"), rows)


def _short(finding: Finding) -> str:
    if finding.blocked_by is not None and finding.verdict is Verdict.SKIP:
        return f"{finding.observed} (blocked by {finding.blocked_by})"
    return finding.observed


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines)


def _line(text: str) -> str:
    """One line that Markdown shows as it is: no raw HTML, no link, no picture."""
    return " ".join(text.split()).replace("<", "&lt;").replace("[", "\\[")


def _code(text: str) -> str:
    """A command, fenced by more backticks than it holds."""
    if not text:
        return ""
    longest = max((len(run) for run in "".join(c if c == "`" else " " for c in text).split()), default=0)
    fence = "`" * (longest + 1)
    pad = " " if longest else ""
    return f"{fence}{pad}{' '.join(text.split())}{pad}{fence}"
