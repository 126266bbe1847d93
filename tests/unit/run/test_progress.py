"""A run says what it does, and a wait says what it waits for."""

from __future__ import annotations

import io
import re
from dataclasses import replace
from typing import TYPE_CHECKING

from tasks.model.finding import FLEET, Finding, Row, Verdict
from tasks.run.board import FIRST_REMINDER_S, NEXT_REMINDER_S
from tasks.run.live import LiveView, open_view
from tasks.run.progress import View
from tests.unit.reports.specimens import check_hosts, initialise

if TYPE_CHECKING:
    import pytest

    from tests.unit.run.workbench import Workbench


class Clock:
    """Time as a test wants it."""

    now = 0.0

    def __call__(self) -> float:
        """Seconds."""
        return self.now


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        """It does."""
        return True


class Gone(io.StringIO):
    """A reader that has gone away."""

    def write(self, _text: str) -> int:
        """As a closed pipe does."""
        raise BrokenPipeError


def lines(stream: io.StringIO) -> list[str]:
    """What was told, without the time of day."""
    told = stream.getvalue().splitlines()
    assert all(re.match(r"\d\d:\d\d:\d\dZ ", line) for line in told)
    return [line.partition(" ")[2].strip() for line in told]


def test_a_new_doing_is_a_line_and_the_same_again_is_none() -> None:
    """A host that says the same in a loop does not fill the log."""
    stream = io.StringIO()
    view = View(stream, str)
    for what in ("kubeadm init", "kubeadm init", "waiting for the API server"):
        view.doing("cluster-01", what)
    assert lines(stream) == ["cluster-01: kubeadm init", "cluster-01: waiting for the API server"]
    assert view.last_seen("cluster-01") == "waiting for the API server"
    assert view.last_seen("cluster-02") == ""


def test_who_does_the_same_for_long_is_named_again_and_again() -> None:
    """After 15 s, then every 30 s; a step that has ended is left in peace."""
    stream, clock = io.StringIO(), Clock()
    view = View(stream, str, clock=clock)
    view.doing("cluster-01", "waiting for etcd")
    view.doing("cluster-02", "waiting for etcd")
    view.idle("cluster-02", good=True)
    told = []
    for second in range(80):
        clock.now = float(second)
        view.remind()
        if len(lines(stream)) > 2 + len(told):
            told.append(second)
    assert told == [FIRST_REMINDER_S, FIRST_REMINDER_S + NEXT_REMINDER_S, FIRST_REMINDER_S + 2 * NEXT_REMINDER_S]
    assert lines(stream)[2] == "cluster-01: still, after 15 s: waiting for etcd"


def test_a_step_that_never_says_anything_is_named_by_its_stage() -> None:
    """Also who keeps silent is told of, and what a stage that hangs was."""
    stream, clock = io.StringIO(), Clock()
    view = View(stream, str, clock=clock)
    view.busy("cluster-01", "Install Cilium")
    clock.now = 16.0
    view.remind()
    assert lines(stream) == ["cluster-01: still, after 16 s: Install Cilium"]
    assert view.last_seen("cluster-01") == "Install Cilium"


def test_a_stage_ends_with_its_counts_and_what_stands_for_itself(bench: Workbench) -> None:
    """Consequences are not repeated; the time it took last is told where it is known."""
    stream = io.StringIO()
    view = View(stream, str)
    view.before = {"check-hosts": 12.3}
    view.stage(1, 2, bench.stage("a", title="Check hosts"))
    view.stage_ended(check_hosts())
    view.stage_ended(initialise())
    assert lines(stream) == [
        "[1/2] Check hosts (last time 12 s)",
        "2 FAIL, 9 PASS, 4 UNREACHABLE, 1 WARN, 10.0 s",
        "FAIL host.swap@cluster-02: swap is on: /dev/sda2, 8 GiB",
        "UNREACHABLE host.ssh@cluster-03: cluster-03: connect-timeout (no answer from 192.168.101.197:22 within 10 s)",
        "2 PASS, 2 SKIP, 4 changes, 31.2 s",
    ]


def test_every_line_is_masked_and_kept_in_the_log() -> None:
    """The log has the same lines as the terminal."""
    stream, log = io.StringIO(), io.StringIO()
    view = View(stream, lambda text: text.replace("hunter2", "***"))
    view.log_to(log)
    view.doing("cluster-01", "log in with hunter2")
    view.note("hunter2 was wrong")
    assert lines(stream) == lines(log) == ["cluster-01: log in with ***", "*** was wrong"]
    assert view.last_seen("cluster-01") == "log in with ***"


def test_a_reader_that_has_gone_away_ends_nothing() -> None:
    """A deployment goes on although nobody reads its progress any more."""
    view = View(Gone(), str)
    view.doing("cluster-01", "on")
    view.note("and on")
    assert view.last_seen("cluster-01") == "on"


def test_plain_lines_where_there_is_no_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    """No terminal, or one that can do nothing: no control codes."""
    monkeypatch.setenv("TERM", "xterm")
    assert type(open_view(io.StringIO(), str)) is View
    assert type(open_view(Terminal(), str)) is LiveView
    monkeypatch.setenv("TERM", "dumb")
    assert type(open_view(Terminal(), str)) is View


def test_the_live_picture_shows_every_host_and_goes_away(bench: Workbench, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who is busy with what, who has ended and how; notes stay above it, and the log has every line."""
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "100")
    terminal, log = Terminal(), io.StringIO()
    with LiveView(terminal, lambda text: text.replace("hunter2", "***")) as view:
        view.log_to(log)
        view.stage(2, 6, bench.stage("a", title="Initialise"))
        for host in ("cluster-01", "cluster-02", FLEET):
            view.busy(host, "Initialise")
        view.doing("cluster-01", "kubeadm init with hunter2 [bold]as it is[/bold]")
        view.idle("cluster-02", good=True)
        view.idle(FLEET, good=False)
        view.note("a note")
    shown = terminal.getvalue()
    for text in ("[2/6] Initialise", "kubeadm init with *** [bold]as it is[/bold]", "✓", "✗", "a note"):
        assert text in shown
    assert "hunter2" not in shown + log.getvalue()
    assert [line.strip() for line in (part.partition(" ")[2] for part in log.getvalue().splitlines())] == [
        "[2/6] Initialise",
        "cluster-01: kubeadm init with *** [bold]as it is[/bold]",
        "a note",
    ]


def test_a_fleet_row_is_told_like_a_hosts() -> None:
    """The operator's machine has no line of its own, but its bad rows do."""
    stream = io.StringIO()
    record = check_hosts()
    bad = Finding(row=Row("fleet.tools", FLEET), verdict=Verdict.FAIL, observed="no kubectl")
    View(stream, str).stage_ended(replace(record, findings=(bad,)))
    assert lines(stream)[1] == "FAIL fleet.tools@fleet: no kubectl"
