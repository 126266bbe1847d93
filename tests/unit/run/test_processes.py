"""What only a real process shows: signals, crashes, locks, and what reaches the terminal."""

from __future__ import annotations

import json
import os
import signal
from typing import TYPE_CHECKING

import pytest

from tests.unit.run.processes import PATIENCE_S
from tests.unit.run.workbench import HOSTS

if TYPE_CHECKING:
    from tests.unit.run.processes import Probe

MADE = {f"{slug}.{host}" for slug in ("one", "two", "three") for host in HOSTS}


def made(probe: Probe) -> set[str]:
    """The files that the runbook has converged so far."""
    return {path.name for path in probe.world.iterdir()} & MADE


@pytest.mark.parametrize("sign", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_leaves_a_valid_report_marked_interrupted(probe: Probe, sign: signal.Signals) -> None:
    """What was under way may end, nothing new begins, every row is accounted for, and the exit code is 130."""
    process = probe.start(fault="linger:two:cluster-02")
    probe.wait_until_reached()
    process.send_signal(sign)
    _, err = process.communicate(timeout=PATIENCE_S)
    report = probe.report()
    assert process.returncode == report["exit_code"] == 130
    assert (report["state"], report["interrupted"]) == ("interrupted", sign.name)
    assert f"{sign.name}: nothing new begins" in err
    assert made(probe) == {name for name in MADE if not name.startswith("three")}
    rows = [finding for stage in report["stages"] for finding in stage["findings"]]
    assert {finding["verdict"] for finding in rows if finding["row"]["check"] == "two.made"} == {"PASS"}
    assert {finding["verdict"] for finding in rows if finding["row"]["check"] == "three.made"} == {"SKIP"}
    (cause,) = report["causes"]
    assert cause["row"]["check"] == "engine.interrupted"
    assert len(cause["consequences"]) == 4


def test_a_second_signal_does_not_wait_for_what_hangs(probe: Probe) -> None:
    """The host that hangs is left behind, named with what it was doing; the report is written all the same."""
    process = probe.start(fault="hang:one:cluster-03")
    probe.wait_until_reached()
    process.send_signal(signal.SIGINT)
    assert process.stderr is not None
    while "nothing new begins" not in process.stderr.readline():
        pass
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=PATIENCE_S)
    report = probe.report()
    assert process.returncode == 130
    hung = next(one for one in report["stages"][1]["hosts"] if one["host"] == "cluster-03")
    assert hung["fate"] == "interrupted"
    assert "waiting for the end of the world" in hung["detail"]


def test_a_host_that_hangs_is_given_up_at_the_deadline(probe: Probe) -> None:
    """Its row says what it was last doing, the others are whole, and the process ends although its thread does not."""
    ended = probe.run("--deadline", "5", "--json", fault="hang:two:cluster-03")
    report = json.loads(ended.stdout)
    assert ended.returncode == report["exit_code"] == 3
    rows = {(one["row"]["check"], one["row"]["target"]): one for stage in report["stages"] for one in stage["findings"]}
    hung = rows["two.made", "cluster-03"]
    assert hung["verdict"] == "UNREACHABLE"
    assert hung["observed"] == "cluster-03: deadline (was last: waiting for the end of the world)"
    assert {rows["two.made", host]["verdict"] for host in HOSTS if host != "cluster-03"} == {"PASS"}


KILLS = [
    ("kill-write:1:before", 0),
    ("kill-write:8:after", 1),
    ("kill:two:cluster-04", 2),
    ("kill-write:24:after", 3),
]


@pytest.mark.parametrize(("fault", "begun"), KILLS)
def test_a_killed_run_is_taken_up_again(probe: Probe, fault: str, begun: int) -> None:
    """SIGKILL at a boundary or inside a stage: the rerun completes, repeats at most one finished stage per host."""
    killed = probe.run(fault=fault)
    assert killed.returncode == -signal.SIGKILL
    assert len({line.split()[0] for line in probe.walked()}) == begun
    left = [path for path in (probe.state / "reports").iterdir() if path.name != "latest"]
    assert probe.report(left[0].name)["state"] == "running"
    again = probe.run("--resume")
    assert again.returncode == 0, again.stderr
    assert "took over the lock of a run that died: probe" in again.stderr
    assert made(probe) == MADE
    walked = probe.walked()
    assert len(walked) == len(set(walked))
    assert {"three " + host for host in HOSTS} <= set(walked)


def test_a_run_that_holds_the_fleet_turns_a_second_one_away(probe: Probe) -> None:
    """At once, with exit code 5 and the owner's name; plans are never turned away; a dead owner is succeeded."""
    holder = probe.start(fault="hang:one:cluster-01")
    probe.wait_until_reached()
    second = probe.run()
    assert second.returncode == 5
    for word in ("probe", str(holder.pid), os.uname().nodename):
        assert word in second.stderr
    assert probe.run("--plan").returncode == 4
    holder.kill()
    holder.communicate(timeout=PATIENCE_S)
    third = probe.run()
    assert third.returncode == 0
    assert "took over the lock of a run that died: probe (run " in third.stderr
    assert any("took over the lock" in note for note in probe.report()["notes"])
    again = probe.run()
    assert (again.returncode, probe.report()["totals"]["changes_made"]) == (0, 0)
    assert "took over" not in again.stderr


def test_no_secret_reaches_any_sink(probe: Probe) -> None:
    """A canary in an exception, its traceback and the progress is found nowhere; that it was there is told masked."""
    canary = "c4n4ry-S3cr3t/with+signs"
    ended = probe.run(fault="leak:two:cluster-01", S3_ACCESS_KEY="access", S3_SECRET_KEY=canary)
    assert ended.returncode == 3
    files = [path for path in probe.folder.rglob("*") if path.is_file()]
    assert {"report.json", "report.html", "report.md", "report.xml", "run.log"} <= {path.name for path in files}
    for text in (ended.stdout, ended.stderr, *(path.read_text() for path in files)):
        assert canary not in text
    assert "cannot log in with ***" in ended.stdout
    assert "the key is ***" in ended.stderr


def test_a_reader_that_goes_away_changes_no_verdict(probe: Probe) -> None:
    """`full_deploy.py | head -1` ends as the run did, without a traceback, also where the pipe speaks ASCII."""
    process = probe.start(PYTHONIOENCODING="ascii")
    assert process.stdout is not None
    process.stdout.close()
    process.stdout = None
    _, err = process.communicate(timeout=PATIENCE_S)
    assert process.returncode == probe.report()["exit_code"] == 0
    assert "Traceback" not in err
    assert "Exception ignored" not in err


def test_plain_progress_has_no_control_codes(probe: Probe) -> None:
    """Where standard error is no terminal, it holds lines of text and nothing else; JSON has standard output alone."""
    ended = probe.run("--json")
    assert json.loads(ended.stdout)["exit_code"] == ended.returncode == 0
    assert "\x1b" not in ended.stderr + ended.stdout
    assert "[2/4] One" in ended.stderr
