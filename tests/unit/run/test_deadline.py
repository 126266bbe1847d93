"""Whoever hangs is given up, alone."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

import pytest

from tasks.model.finding import FLEET, Outcome, Row, Verdict
from tasks.model.record import Exit, Fate, exit_of
from tasks.run.interrupt import Stop
from tests.unit.run.workbench import HOSTS, finding, passing, verdicts

if TYPE_CHECKING:
    from collections.abc import Iterator

    from nornir.core.task import Task

    from tasks.run.context import RunContext
    from tests.unit.run.workbench import Workbench


@pytest.fixture
def release() -> Iterator[threading.Event]:
    """Lets hanging steps go when the test is over."""
    event = threading.Event()
    yield event
    event.set()


def hanging(release: threading.Event, who: str) -> Any:
    """A host step that never ends on one host."""

    def step(task: Task, ctx: RunContext) -> Outcome:
        if task.host.name == who:
            ctx.progress.doing(who, "waiting for an answer of `uname`")
            release.wait()
        return Outcome(findings=(passing(Row("a", task.host.name)),))

    return step


def test_a_host_that_hangs_is_named_with_what_it_was_doing(bench: Workbench, release: threading.Event) -> None:
    """The others' results are whole, the next stage goes on without it, and its connections are cut."""
    cut = threading.Event()
    host = bench.nornir.inventory.hosts["cluster-03"]

    class Wire:
        connection = None

        def close(self) -> None:
            cut.set()

    host.connections["node_shell"] = Wire()  # type: ignore[assignment]
    record = bench.run(
        bench.stage("a", host=hanging(release, "cluster-03"), deadline_s=0.3), bench.stage("b", title="Next")
    )
    got = verdicts(record)
    assert {name for name, verdict in got.items() if verdict is not Verdict.PASS} == {"a@cluster-03", "b@cluster-03"}
    assert finding(record, "a@cluster-03").verdict is Verdict.UNREACHABLE
    assert "deadline (was last: waiting for an answer of `uname`)" in finding(record, "a@cluster-03").observed
    assert str(finding(record, "b@cluster-03").blocked_by) == "a@cluster-03"
    assert cut.wait(10)


def test_a_host_still_busy_is_not_touched_twice(bench: Workbench, release: threading.Event) -> None:
    """Not even by a stage that runs after failure; once its step has ended it may."""
    engine = bench.engine(
        bench.stage("a", host=hanging(release, "cluster-02"), deadline_s=0.3),
        bench.stage("b", title="Collect", even_after_failure=True),
    )
    record = engine.run()
    assert verdicts(record)["b@cluster-02"] is Verdict.SKIP
    assert record.stages[1].hosts[1].fate is Fate.BLOCKED
    assert engine.standing.left_behind == ("cluster-02",)


def test_a_fleet_step_that_hangs_is_given_up_likewise(bench: Workbench, release: threading.Event) -> None:
    """Hosts go on looking, but nothing is changed any more."""
    row = Row("s3.canary", FLEET)

    def fleet(_outcomes: Any, ctx: RunContext) -> Outcome:
        ctx.progress.doing(FLEET, "writing the canary")
        release.wait()
        return Outcome()

    record = bench.run(
        bench.stage(rows=(row,), title="Store", fleet=fleet, deadline_s=0.3),
        bench.stage("look", title="Look"),
        bench.stage("do", title="Do", mutates=True),
    )
    got = verdicts(record)
    assert got["s3.canary@fleet"] is Verdict.UNREACHABLE
    assert "was last: writing the canary" in finding(record, "s3.canary@fleet").observed
    assert {got[f"look@{host}"] for host in HOSTS} == {Verdict.PASS}
    assert {got[f"do@{host}"] for host in HOSTS} == {Verdict.SKIP}


def test_the_runs_deadline_ends_the_run_with_every_row_accounted_for(
    bench: Workbench, release: threading.Event
) -> None:
    """Stages that were not reached say so, and the engine's own row is the cause."""
    record = bench.run(
        bench.stage("a", host=hanging(release, "cluster-01")), bench.stage("b", title="Next"), deadline_s=0.3
    )
    got = verdicts(record)
    assert got["a@cluster-01"] is Verdict.UNREACHABLE
    assert {got[f"b@{host}"] for host in HOSTS} == {Verdict.SKIP}
    assert got["engine.deadline@fleet"] is Verdict.ERROR
    assert {str(finding(record, f"b@{host}").blocked_by) for host in HOSTS} == {"engine.deadline@fleet"}
    assert record.interrupted == ""
    assert exit_of(record) is Exit.UNJUDGED


def test_an_interruption_that_comes_after_the_last_step_changes_nothing(bench: Workbench) -> None:
    """What was judged stays judged."""
    bench.stop = Stop()

    def fleet(_outcomes: Any, _ctx: RunContext) -> Outcome:
        bench.stop.request("SIGINT")
        return Outcome(findings=(passing(Row("f", FLEET)),))

    record = bench.run(bench.stage(rows=(Row("f", FLEET),), fleet=fleet))
    assert (exit_of(record), record.interrupted) == (Exit.GREEN, "")
