"""What the operator lives with is visible, has a reason, and ends when it was said to end."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import pytest

from tasks.model.errors import SettingsError
from tasks.model.finding import Finding, Row, Verdict
from tasks.run.waiver import Waiver, Waivers, parse_waiver, read_waivers

if TYPE_CHECKING:
    from pathlib import Path

TODAY = date(2026, 11, 23)


@pytest.mark.parametrize(
    ("text", "check", "target", "reason"),
    [
        ("host.swap=a test box", "host.swap", "", "a test box"),
        ("host.swap@cluster-02=a=b", "host.swap", "cluster-02", "a=b"),
        ("reach.vip@cluster-01->cluster-02= firewall ", "reach.vip", "cluster-01->cluster-02", "firewall"),
    ],
)
def test_a_waiver_is_read_from_the_command_line(text: str, check: str, target: str, reason: str) -> None:
    """CHECK[@TARGET]=REASON, where the target may be a path."""
    waiver = parse_waiver(text)
    assert (waiver.check, waiver.target, waiver.reason) == (check, target, reason)


@pytest.mark.parametrize("text", ["host.swap", "host.swap=", "=because", "host.swap@x= "])
def test_a_waiver_without_check_or_reason_is_refused(text: str) -> None:
    """Nobody may waive without saying why."""
    with pytest.raises(SettingsError, match="wanted CHECK"):
        parse_waiver(text)


@pytest.mark.parametrize(
    ("target", "covered"),
    [
        ("", True),
        ("cluster-01", True),
        ("cluster-01->cluster-02", True),
        ("cluster-02", False),
        ("cluster-01->x", False),
    ],
)
def test_a_waiver_covers_what_it_names(target: str, covered: bool) -> None:  # noqa: FBT001  a column of the table
    """Everyone, one host, or one path; never another check."""
    row = Row("reach.vip", "cluster-01", "cluster-02")
    assert Waiver(check="reach.vip", target=target, reason="r").covers(row) is covered
    assert not Waiver(check="reach.vi", target=target, reason="r").covers(row)


@pytest.mark.parametrize("verdict", Verdict)
def test_only_bad_and_doubtful_rows_are_marked(verdict: Verdict) -> None:
    """The verdict itself never changes, and a PASS or SKIP is not waived."""
    row = Row("host.swap", "cluster-01")
    waivers = Waivers((Waiver(check="host.swap", target="", reason="why not"),))
    (after,) = waivers.applied([Finding(row=row, verdict=verdict, observed="x")])
    assert after.verdict is verdict
    assert bool(after.waiver) == (verdict.blocks or verdict is Verdict.WARN)


def test_a_file_of_waivers_is_read_and_the_expired_do_not_count(tmp_path: Path) -> None:
    """The last day still counts; the day after is told and void."""
    path = tmp_path / "waivers.yaml"
    path.write_text(
        "- {check: host.swap, target: cluster-02, reason: test box, until: 2026-11-23}\n"
        "- {check: host.cpu, reason: small, until: 2026-11-22}\n"
        "- {check: host.mtu, reason: known}\n"
    )
    waivers, told = read_waivers(path, today=TODAY)
    assert [str(one) for one in waivers.given] == ["host.swap@cluster-02", "host.mtu"]
    assert told == (f"waiver host.cpu of {path} expired on 2026-11-22 and does not count",)
    assert [str(one) for one in waivers.without_use([Row("host.swap", "cluster-02")])] == ["host.mtu"]


def test_every_mistake_in_the_file_is_told_at_once(tmp_path: Path) -> None:
    """One line per mistake, with the entry's number and what was wanted."""
    path = tmp_path / "waivers.yaml"
    path.write_text(
        "- {check: host.swap}\n- {check: a, reason: b, till: 1}\n- x\n- {check: a, reason: b, until: soon}\n"
    )
    with pytest.raises(SettingsError) as refused:
        read_waivers(path, today=TODAY)
    lines = str(refused.value).splitlines()
    assert [line.split(": ")[1] for line in lines] == ["entry 1", "entry 2", "entry 3", "entry 4"]
    for line, word in zip(lines, ("reason is missing", "unknown key 'till'", "no mapping", "no date"), strict=True):
        assert word in line


@pytest.mark.parametrize("content", [b"a: b\n", b"- [\n", b"\xff\xfe\x00"])
def test_a_file_that_holds_no_list_is_refused(tmp_path: Path, content: bytes) -> None:
    """A mapping, broken YAML and no text at all, each with what was wanted."""
    path = tmp_path / "waivers.yaml"
    path.write_bytes(content)
    with pytest.raises(SettingsError, match="wanted a list"):
        read_waivers(path)


def test_a_missing_file_is_refused_and_an_empty_one_is_empty(tmp_path: Path) -> None:
    """A misspelt path must not mean that nothing is waived."""
    with pytest.raises(SettingsError, match="cannot be read"):
        read_waivers(tmp_path / "none.yaml")
    path = tmp_path / "waivers.yaml"
    path.touch()
    assert read_waivers(path) == (Waivers(), ())
