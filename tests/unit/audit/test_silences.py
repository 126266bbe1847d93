"""What nobody is to be told of for a while."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import TYPE_CHECKING

import pytest

from tasks.audit.around import judge_silences
from tasks.audit.silences import Silences, read_silences
from tasks.model.errors import InventoryError
from tasks.model.finding import Verdict

if TYPE_CHECKING:
    from pathlib import Path

TODAY = date(2026, 11, 25)
NOW = datetime(2026, 11, 25, 3, 17, tzinfo=UTC)
GOOD = "- check: host.swap\n  target: cluster-02\n  reason: test box\n  until: 2026-11-25\n"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A file of one silence, on its last day."""
    path = tmp_path / "silences.yaml"
    path.write_text(GOOD)
    return path


def test_a_silence_counts_on_its_last_day_and_not_on_the_next(file: Path) -> None:
    """Then it is told as expired."""
    assert read_silences(file, TODAY).cover("host.swap@cluster-02")
    after = read_silences(file, date(2026, 11, 26))
    assert not after.cover("host.swap@cluster-02")
    assert [one.reason for one in after.expired] == ["test box"]


@pytest.mark.parametrize(
    ("row", "covered"),
    [
        ("host.swap@cluster-02", True),
        ("host.swap@cluster-02->cluster-03", True),
        ("host.swap@cluster-03", False),
        ("host.swaps@cluster-02", False),
    ],
)
def test_a_silence_is_for_its_row_alone(file: Path, row: str, covered: bool) -> None:  # noqa: FBT001  a column
    """Exact check, exact host; of a host's paths all."""
    assert read_silences(file, TODAY).cover(row) is covered


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        ("check: host.swap\n", 1, "holds no list"),
        ("- host.swap\n", 1, "is no mapping"),
        ("- check: host.swap\n  reason: x\n", 1, "until is missing"),
        ("- {check: a, until: 2026-12-01}\n", 1, "reason is missing"),
        ("\n- check: a\n  reason: b\n  until: soon\n", 4, "which is no date"),
        ("- check: a\n  reason: b\n  until: 2026-12-01\n  hosts: c\n", 4, "unknown key 'hosts'"),
        ("- check: a\n  reason:\n  until: 2026-12-01\n", 2, "reason is no text"),
        ("- check: [a\n", 2, "is not YAML here"),
    ],
)
def test_a_wrong_file_is_told_with_its_line(tmp_path: Path, text: str, line: int, said: str) -> None:
    """File, line, what is wrong and what was wanted."""
    path = tmp_path / "silences.yaml"
    path.write_text(text)
    with pytest.raises(InventoryError) as told:
        read_silences(path, TODAY)
    assert f"silences.yaml:{line}: " in str(told.value)
    assert said in str(told.value)
    found = judge_silences(path, NOW)
    assert found.verdict is Verdict.ERROR
    assert f"silences.yaml:{line}: " in found.observed


def test_an_empty_file_and_no_file_silence_nothing(tmp_path: Path) -> None:
    """Neither is a mistake."""
    path = tmp_path / "silences.yaml"
    path.write_text("# none\n")
    assert read_silences(path, TODAY) == read_silences(None, TODAY) == Silences()
    assert judge_silences(None, NOW).verdict is Verdict.PASS


def test_an_expired_silence_is_a_warning(file: Path) -> None:
    """So that somebody takes it out or thinks again."""
    assert judge_silences(file, NOW).verdict is Verdict.PASS
    found = judge_silences(file, datetime(2026, 12, 1, tzinfo=UTC))
    assert found.verdict is Verdict.WARN
    assert "host.swap@cluster-02 (test box) expired on 2026-11-25" in found.observed
