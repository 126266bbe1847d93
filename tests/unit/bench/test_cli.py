"""The command line, as far as it needs no lab."""

from pathlib import Path

import pytest

from bench import record
from bench.cli import main
from bench.subjects.imports import import_times


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["speed"], "invalid choice"),
        (["facts", "--repeat", "0"], "no positive number"),
        (["facts", "--repeat", "many"], "no positive number"),
        (["all", "--json", "x"], "--json goes with one subject"),
        (["facts", "--into", "x"], "--into goes with tables"),
    ],
)
def test_wrong_use_is_refused_at_once(arguments: list[str], said: str, capsys: pytest.CaptureFixture[str]) -> None:
    """One sentence, exit code 2, before anything is booted."""
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    assert ended.value.code == 2
    assert said in capsys.readouterr().err


def test_help_shows_every_subject(capsys: pytest.CaptureFixture[str]) -> None:
    """Subjects, examples and exit codes."""
    with pytest.raises(SystemExit) as ended:
        main(["--help"])
    assert ended.value.code == 0
    told = capsys.readouterr().out
    for wanted in ("facts", "scale", "clusters", "render", "imports", "tables", "examples:", "exit codes:"):
        assert wanted in told


def test_the_lab_wants_root(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """Without it, and without sudo, nothing is begun, and the way out is named."""
    monkeypatch.setattr("os.geteuid", lambda: 1000)
    monkeypatch.setattr("lab.privilege.shutil.which", lambda _program: None)
    assert main(["facts"]) == 1
    assert "run this as root" in capsys.readouterr().err


def test_nothing_measured_is_nothing_to_render(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """An empty table would look like a result."""
    monkeypatch.setattr(record, "RESULTS", tmp_path)
    assert main(["tables"]) == 1
    assert "nothing is measured yet" in capsys.readouterr().err


def test_import_times_are_read_dearest_first() -> None:
    """Own microseconds, not those of what a module imports; the heading is no module."""
    text = (
        "import time: self [us] | cumulative | imported package\n"
        "import time:       120 |        120 |     _io\n"
        "import time:      3500 |       3620 |   json\n"
        "usage: some.py\n"
    )
    assert import_times(text) == [("json", 3500), ("_io", 120)]
