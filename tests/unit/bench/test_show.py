"""The result file and its renderings."""

import io
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from rich.console import Console

from bench.model import BenchError, Contender, Sample, Subject, Target
from bench.record import NAMES, RESULTS, Report, load, report_of, save
from bench.show import BEGIN, END, markdown, print_report, seconds, within

MakeSamples = Callable[..., list[Sample]]


def report(samples: dict[str, Sequence[Sample]]) -> Report:
    """A report over made-up samples."""
    contenders = tuple(
        Contender(name=name, title=f"the {name}", version="1.2", order=lambda _f: None, gathered=lambda _f, _t: {})  # type: ignore[arg-type,return-value]
        for name in samples
    )
    subject = Subject(
        name="facts",
        title="Facts",
        reference="ours",
        unit="host",
        unit_count=4,
        contenders=contenders,
        targets=(Target(who="ours", than="other", limit=1.1, says="times other"),),
        notes=("a note",),
    )
    return report_of(subject, samples, {name: seen[0] for name, seen in samples.items()}, 0.5)


@pytest.fixture
def made(samples: MakeSamples) -> Report:
    """Ours takes 2 s, the other 1 s."""
    return report({"ours": samples(2.0, 2.0, 2.0), "other": samples(1.0, 1.0, 1.0)})


def test_a_saved_report_is_read_back_the_same(made: Report, tmp_path: Path) -> None:
    """Nothing is lost in the file."""
    save(made, tmp_path / "results" / "facts.json")
    assert load(tmp_path / "results" / "facts.json") == made


def test_a_report_that_is_not_there_is_asked_for(tmp_path: Path) -> None:
    """The sentence names the command that makes it; a file that is no report is named."""
    with pytest.raises(BenchError, match="python -m bench scale"):
        load(tmp_path / "scale-64.json")
    (tmp_path / "facts.json").write_text("{}")
    with pytest.raises(BenchError, match=r"facts\.json"):
        load(tmp_path / "facts.json")


def test_markdown_has_a_row_per_contender_and_the_verdicts(made: Report) -> None:
    """The reference is bold, ratios are against it, and a missed target says so."""
    lines = markdown([made]).splitlines()
    assert "| **the ours (1.2)** | 2.00 | 2.00 | 2.00 | 1.00 | 1.00 | 1.00 | 1.00 | 1 |" in lines
    assert "| the other (1.2) | 1.00 | 1.00 | 1.00 | 0.50 | 0.50 | 0.50 | 0.50 | 1 |" in lines
    assert "- MISSED: times other: 2 (at most 1.1)" in lines
    assert "- a note" in lines


def test_the_terminal_shows_the_same(made: Report) -> None:
    """Contenders, what each gathered, notes and targets."""
    out = io.StringIO()
    print_report(made, Console(file=out, width=150))
    for wanted in ("the other (1.2)", "the ours: hosts 4", "a note", "MISSED: times other", "3 interleaved rounds"):
        assert wanted in out.getvalue()


def test_tables_go_between_the_markers_and_nothing_else_changes() -> None:
    """Doing it twice is doing it once."""
    text = f"before\n{BEGIN}\nold\n{END}\nafter\n"
    once = within(text, "new")
    assert once == f"before\n{BEGIN}\nnew\n{END}\nafter\n"
    assert within(once, "new") == once


@pytest.mark.parametrize("text", ["none", f"{BEGIN} only", f"{END} {BEGIN}"])
def test_a_file_without_the_markers_is_refused(text: str) -> None:
    """Nothing is guessed about where the tables belong."""
    with pytest.raises(ValueError, match="wants the lines"):
        within(text, "new")


@pytest.mark.parametrize(("value", "shown"), [(0.0123, "0.01"), (1.234, "1.23"), (12.34, "12.3"), (123.4, "123")])
def test_seconds_have_three_digits(value: float, shown: str) -> None:
    """No powers of ten, no false precision."""
    assert seconds(value) == shown


@pytest.mark.parametrize("file", sorted(RESULTS.glob("*.json")), ids=lambda file: file.name)
def test_committed_results_can_be_read(file: Path) -> None:
    """Every file in bench/results is a report of its own name that `render` knows."""
    assert load(file).name == file.stem
    assert file.stem in NAMES
