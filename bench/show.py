"""A report for people: a table on the terminal, Markdown for the README. Pure but for the console that is given."""

from collections.abc import Iterable, Sequence

from rich.console import Console
from rich.table import Table

from bench.figures import Judged, Spread
from bench.record import Report, Standing

COLUMNS = ("", "wall s: min", "median", "max", "ratio: min", "median", "max", "CPU s", "memory MiB")
BEGIN, END = "<!-- bench:begin -->", "<!-- bench:end -->"


def print_report(report: Report, console: Console) -> None:
    """The whole report."""
    table = Table(title=f"{report.title}\n{setting(report)}", title_justify="left", box=None, pad_edge=False)
    for number, column in enumerate(COLUMNS):
        table.add_column(column, justify="right" if number else "left")
    for standing in report.standings:
        table.add_row(*cells(standing), style="bold" if standing.name == report.reference else "")
    console.print(table)
    for note in (*gathered(report), *report.notes):
        console.print(f"  {note}", style="dim", highlight=False)
    for target in report.targets:
        console.print(f"  {verdict(target)}", style="green" if target.met else "red", highlight=False)
    console.print()


def markdown(reports: Sequence[Report]) -> str:
    """The tables of several reports, for the README."""
    return "\n".join(line for report in reports for line in _section(report))


def within(text: str, tables: str) -> str:
    """
    ``text`` with what stands between the two markers replaced.

    Raises:
        ValueError: the markers are not there, once each and in order

    """
    head, begun, rest = text.partition(BEGIN)
    _, ended, tail = rest.partition(END)
    if not begun or not ended:
        raise ValueError(f"wants the lines {BEGIN} and {END}, in this order")
    return f"{head}{BEGIN}\n{tables}\n{END}{tail}"


def setting(report: Report) -> str:
    """Where, when and how often."""
    machine = report.machine
    return (
        f"{report.measured_at[:10]}, {machine.cores} cores shared by all machines and the operator, "
        f"{report.repetitions} interleaved rounds, revision {report.revision}"
    )


def cells(standing: Standing) -> tuple[str, ...]:
    """One row."""
    return (
        f"{standing.title} ({standing.version})" if standing.version else standing.title,
        *_figures(standing.wall_s),
        *_figures(standing.ratio),
        seconds(standing.cpu_s.median),
        f"{standing.tree_mib or standing.peak_rss_mib.median:.0f}",
    )


def gathered(report: Report) -> Iterable[str]:
    """What besides the work itself is worth telling of a contender, one line each."""
    for standing in report.standings:
        told = [
            f"{key} {low}" if low == high else f"{key} {low} to {high}"
            for key, (low, high) in standing.gathered.items()
        ]
        yield f"{standing.title}: {', '.join(told)}"


def verdict(target: Judged) -> str:
    """One target and what became of it."""
    return f"{'met' if target.met else 'MISSED'}: {target.says}: {target.measured:.3g} (at most {target.limit:g})"


def seconds(value: float) -> str:
    """Three significant digits, never in powers of ten."""
    return f"{value:.0f}" if value >= 100 else f"{value:.1f}" if value >= 10 else f"{value:.2f}"  # noqa: PLR2004


def _figures(figures: Spread) -> tuple[str, str, str]:
    return seconds(figures.min), seconds(figures.median), seconds(figures.max)


def _section(report: Report) -> Iterable[str]:
    yield f"**{report.title}** ({setting(report)})"
    yield ""
    yield "| " + " | ".join(COLUMNS) + " |"
    yield "|---" + "|---:" * (len(COLUMNS) - 1) + "|"
    for standing in report.standings:
        row = cells(standing)
        yield "| " + " | ".join((f"**{row[0]}**" if standing.name == report.reference else row[0], *row[1:])) + " |"
    yield ""
    for target in report.targets:
        yield f"- {verdict(target)}"
    for note in report.notes:
        yield f"- {note}"
    yield ""
