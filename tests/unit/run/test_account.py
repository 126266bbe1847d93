"""Declared equals executed, whatever comes back."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from tasks.model.finding import FLEET, Finding, Row, Verdict, skipped
from tasks.model.record import Exit, exit_of
from tasks.run.account import account, never_came
from tests.unit.reports.specimens import run_of, stage

ROWS = st.builds(
    Row, st.sampled_from(["a", "b", "c"]), st.sampled_from(["h1", "h2", FLEET]), st.sampled_from(["", "h1"])
)
FINDINGS = st.builds(
    lambda row, verdict: Finding(row=row, verdict=verdict, observed="seen"), ROWS, st.sampled_from(Verdict)
)
OWED = st.lists(ROWS, unique=True, max_size=8)
GOOD = {Verdict.PASS, Verdict.WARN}


def exit_for(findings: tuple[Finding, ...]) -> Exit:
    """The exit code of a run that found exactly this."""
    return exit_of(run_of(stage("Look", 0.0, findings, {}, mutates=False, took=1.0)))


@given(OWED, st.lists(FINDINGS, max_size=12))
def test_every_declared_row_ends_exactly_once(declared: list[Row], returned: list[Finding]) -> None:
    """The answer begins with the declared rows, in order; every other row is one that nobody declared."""
    settled = account(declared, returned, never_came)
    assert [finding.row for finding in settled[: len(declared)]] == declared
    assert {finding.row for finding in settled} == {*declared, *(finding.row for finding in returned)}
    assert len({finding.row for finding in settled}) == len(settled)


@given(OWED, st.lists(FINDINGS, max_size=12))
def test_only_an_exact_and_good_answer_is_green(declared: list[Row], returned: list[Finding]) -> None:
    """A row too few, too many or twice is never green, and neither is an empty set."""
    exact = sorted(declared) == sorted(finding.row for finding in returned)
    fine = all(finding.verdict in GOOD | {Verdict.SKIP} for finding in returned)
    judged = any(finding.verdict in GOOD for finding in returned)
    code = exit_for(account(declared, returned, never_came))
    assert (code is Exit.GREEN) == (exact and fine and judged)


@given(OWED)
def test_nothing_returned_is_nothing_proven(declared: list[Row]) -> None:
    """A task that returns nothing leaves an ERROR per declared row."""
    settled = account(declared, (), never_came)
    assert [finding.verdict for finding in settled] == [Verdict.ERROR] * len(declared)
    assert exit_for(settled) is Exit.UNJUDGED


@given(st.lists(ROWS, unique=True, min_size=1, max_size=8))
def test_nothing_but_skips_is_not_green(declared: list[Row]) -> None:
    """Zero executed checks never make a green run."""
    assert exit_for(account(declared, (), lambda row: skipped(row, "not today"))) is Exit.UNJUDGED


def test_a_row_that_comes_twice_is_an_error_that_shows_both() -> None:
    """Neither answer wins, and both are cited."""
    row = Row("host.swap", "h1")
    good = Finding(row=row, verdict=Verdict.PASS, observed="none")
    (settled,) = account([row], [good, replace(good, verdict=Verdict.FAIL, observed="8 GiB")], never_came)
    assert settled.verdict is Verdict.ERROR
    assert "PASS (none)" in settled.observed
    assert "FAIL (8 GiB)" in settled.observed


def test_a_row_that_nobody_declared_is_an_error_even_where_it_passed() -> None:
    """A PASS for a misspelt check does not count."""
    (settled,) = account([], [Finding(row=Row("host.swop", "h1"), verdict=Verdict.PASS, observed="none")], never_came)
    assert settled.verdict is Verdict.ERROR
    assert "nobody declared" in settled.observed
