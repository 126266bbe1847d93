"""A bad answer is asked for again until a time that is given, and then it is the answer."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from tasks.model.finding import Finding, Row, Verdict
from tasks.monitoring.patience import patiently
from tests.unit.onsite import OnSite

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

ROW = Row("answers.targets", "cluster-03")


def looked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, verdicts: list[Verdict], patience_s: float
) -> list[Verdict]:
    """The verdicts that were used up; one look finds one."""
    monkeypatch.setattr("tasks.run.wait.time.sleep", lambda _: None)
    used: list[Verdict] = []

    def look() -> list[Finding]:
        used.append(verdicts[min(len(used), len(verdicts) - 1)])
        return [Finding(row=ROW, verdict=used[-1], observed="")]

    (found,) = patiently(OnSite(tmp_path).ctx, "cluster-01", look, time.monotonic() + patience_s)
    assert found.verdict is used[-1]
    return used


def test_a_good_answer_is_asked_for_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Not judged counts as an answer, too."""
    for verdict in (Verdict.PASS, Verdict.WARN, Verdict.SKIP):
        assert looked(tmp_path, monkeypatch, [verdict], 60) == [verdict]


def test_a_bad_answer_is_asked_for_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Until it is good."""
    verdicts = [Verdict.FAIL, Verdict.ERROR, Verdict.PASS]
    assert looked(tmp_path, monkeypatch, verdicts, 60) == verdicts


def test_without_patience_the_first_answer_counts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also where the time is over already."""
    for patience_s in (0.0, -5.0):
        assert looked(tmp_path, monkeypatch, [Verdict.FAIL, Verdict.PASS], patience_s) == [Verdict.FAIL]
