"""The report for a terminal, or as plain text where there is none."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

from tasks.model.finding import Verdict
from tasks.model.record import Exit
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
    from collections.abc import Iterator

    from rich.console import RenderableType
    from rich.table import Table

    from tasks.model.finding import Finding
    from tasks.reports.report import Matrix, Report

STYLES = {
    Verdict.PASS: "green",
    Verdict.WARN: "yellow",
    Verdict.FAIL: "bold red",
    Verdict.ERROR: "bold magenta",
    Verdict.SKIP: "dim",
    Verdict.UNREACHABLE: "bold bright_black",
}
_MOODS = {Exit.GREEN: "bold green", Exit.BAD: "bold red", Exit.PENDING: "bold blue"}
_EVIDENCE_LINES = 8


def render(report: Report, *, width: int = 100, colour: bool = False) -> str:
    """Totals and matrices first, the verdict and its causes last, where a terminal leaves the eye."""
    from rich.console import Console  # noqa: PLC0415  only who renders pays for it

    console = Console(
        file=io.StringIO(),
        width=width,
        force_terminal=colour,
        color_system="standard" if colour else None,
        highlight=False,
        markup=False,
        emoji=False,
        soft_wrap=False,
        legacy_windows=False,
    )
    with console.capture() as captured:
        for part in _parts(report):
            console.print(part)
    return "\n".join(line.rstrip() for line in captured.get().splitlines()) + "\n"


def _parts(report: Report) -> Iterator[RenderableType]:
    from rich.text import Text  # noqa: PLC0415  as above

    yield _stages(report)
    for matrix in report.matrices:
        yield _matrix(matrix)
    yield from _changes(report)
    for waived in (True, False):
        yield from _doubtful(report, waived=waived)
    for cause in report.causes:
        yield from _finding(report.finding(cause.row))
        if cause.consequences:
            rows = counted(len(cause.consequences), "row")
            yield Text(f"  {rows} blocked by it: {some(cause.consequences)}", "dim")
    yield Text()
    for note in report.notes:
        yield Text(f"note: {note}", "yellow")
    yield Text(report.headline, _MOODS.get(Exit(report.exit_code), "bold magenta"))
    told = dict(facts(report))
    yield Text("  ".join(f"{name} {told[name]}" for name in ("run", "took", "versions", "traits")), "dim")


def _table(title: str, *heads: str) -> Table:
    from rich import box  # noqa: PLC0415  as above
    from rich.table import Table  # noqa: PLC0415  as above

    table = Table(title=title, title_justify="left", box=box.SIMPLE_HEAD, title_style="bold", pad_edge=False)
    for head in heads:
        table.add_column(head)
    return table


def _stages(report: Report) -> Table:
    shown = [verdict for verdict in reversed(WORST_FIRST) if any(one.verdict is verdict for one in report.findings)]
    table = _table("Stages", "stage", *shown, "changes", "took")
    for column in table.columns[1:]:
        column.justify = "right"
    for stage in report.stages:
        by = tally(stage.findings)
        lasting = sum(not change.temporary for change in stage.changes)
        table.add_row(
            stage.title,
            *(_styled(str(by[verdict]), verdict) if verdict in by else "" for verdict in shown),
            str(lasting or ""),
            span(stage.duration_s) if stage.reached else "not reached",
        )
    return table


def _matrix(matrix: Matrix) -> Table:
    table = _table(f"{matrix.check}, from (down) to (across)", "", *matrix.destinations)
    for column in table.columns[1:]:
        column.justify = "center"
    for here, cells in zip(matrix.vantages, matrix.cells, strict=True):
        table.add_row(here, *(_styled(f"{MARKS[cell]} {cell}", cell) if cell else "" for cell in cells))
    return table


def _changes(report: Report) -> Iterator[RenderableType]:
    from rich.text import Text  # noqa: PLC0415  as above

    every = changes(report)
    lasting = [change for change in every if not change.temporary]
    if lasting:
        table = _table("Changes", "target", "", "change")
        for change in lasting:
            table.add_row(change.target, sign(change), change.sentence)
        yield table
    if brief := len(every) - len(lasting):
        yield Text(f"besides {counted(brief, 'temporary change')}", "dim")


def _doubtful(report: Report, *, waived: bool) -> Iterator[RenderableType]:
    from rich.padding import Padding  # noqa: PLC0415  as above
    from rich.text import Text  # noqa: PLC0415  as above

    said = doubtful(report, waived=waived)
    if said:
        yield Text("\nWaived" if waived else "\nWarnings", "bold")
    for one, rows in said:
        yield Padding(
            Text.assemble(
                (f"{MARKS[one.verdict]} {one.verdict}", STYLES[one.verdict]),
                f" {one.row.check}: ",
                (where(rows), "dim"),
            ),
            (0, 0, 0, 1),
        )
        yield Padding(Text(f"{one.observed}; {one.waiver}" if waived else one.observed), (0, 0, 0, 3))


def _finding(finding: Finding) -> Iterator[RenderableType]:
    from rich.padding import Padding  # noqa: PLC0415  as above
    from rich.text import Text  # noqa: PLC0415  as above

    yield Text()
    yield Text.assemble((f"{MARKS[finding.verdict]} {finding.verdict}", STYLES[finding.verdict]), f"  {finding.row}")
    for name, text in details(finding):
        yield Padding(Text.assemble((f"{name}: ", "dim"), text), (0, 0, 0, 2))
    for line in finding.evidence[-_EVIDENCE_LINES:]:
        yield Padding(Text(line, "dim"), (0, 0, 0, 4))


def _styled(text: str, verdict: Verdict) -> RenderableType:
    from rich.text import Text  # noqa: PLC0415  as above

    return Text(text, STYLES[verdict])
