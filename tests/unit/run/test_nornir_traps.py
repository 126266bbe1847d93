"""Nornir's own traps, each with the proof that it cannot make a run look better than it was."""
# ruff: noqa: ARG002, D102  the hooks are named and shaped by Nornir

from __future__ import annotations

from importlib.metadata import entry_points
from typing import TYPE_CHECKING, Any

from nornir.core.processor import Processor

from tasks.model.errors import Unreachable
from tasks.model.finding import Outcome, Row, Verdict
from tasks.model.record import Exit, exit_of
from tests.unit.run.workbench import HOSTS, finding, passing, verdicts

if TYPE_CHECKING:
    from pathlib import Path

    import pytest
    from nornir.core.inventory import Host
    from nornir.core.task import AggregatedResult, MultiResult, Task

    from tasks.run.context import RunContext
    from tests.unit.run.workbench import Workbench


class Quiet(Processor):
    """Names its hooks as they are called."""

    def _hook(self, hook: str) -> None:
        """What a test puts here."""

    def task_started(self, task: Task) -> None:
        self._hook("task_started")

    def task_completed(self, task: Task, result: AggregatedResult) -> None:
        self._hook("task_completed")

    def task_instance_started(self, task: Task, host: Host) -> None:
        self._hook("task_instance_started")

    def task_instance_completed(self, task: Task, host: Host, result: MultiResult) -> None:
        self._hook("task_instance_completed")

    def subtask_instance_started(self, task: Task, host: Host) -> None:
        """Never reached: no step here is grouped."""

    def subtask_instance_completed(self, task: Task, host: Host, result: MultiResult) -> None:
        """Never reached: no step here is grouped."""


class Raising(Quiet):
    """Raises at one hook."""

    def __init__(self, where: str) -> None:
        self._where = where

    def _hook(self, hook: str) -> None:
        if hook == self._where:
            raise RuntimeError(f"processor broke in {hook}")


class Witness(Quiet):
    """Keeps what the end of a task was given."""

    def __init__(self) -> None:
        self.completed: list[tuple[str, set[str]]] = []

    def task_completed(self, task: Task, result: AggregatedResult) -> None:
        self.completed.append((task.name, set(result)))


def test_trap_1_a_host_that_failed_before_is_not_silently_absent(bench: Workbench) -> None:
    """Nornir drops failed hosts from later runs and calls the rest a success; the engine asks them all the same."""
    bench.nornir.data.failed_hosts.add("cluster-02")
    record = bench.run(bench.stage("a"))
    assert verdicts(record) == {f"a@{host}": Verdict.PASS for host in HOSTS}
    assert bench.nornir.data.failed_hosts == set()


def test_trap_1_a_host_that_the_inventory_lost_is_an_error(bench: Workbench) -> None:
    """An expected host that Nornir does not bring back is an ERROR, not a smaller success."""
    del bench.nornir.inventory.hosts["cluster-04"]
    record = bench.run(bench.stage("a"))
    assert verdicts(record)["a@cluster-04"] is Verdict.ERROR
    assert "no result back" in finding(record, "a@cluster-04").observed
    assert exit_of(record) is Exit.UNJUDGED


def test_trap_2_what_a_step_is_given_arrives(bench: Workbench) -> None:
    """`name`, `task` and others never arrive through `Nornir.run`; steps get `ctx` alone, and get it."""
    seen: list[Any] = []

    def step(task: Task, ctx: RunContext) -> Outcome:
        seen.append((ctx.run_id, task.host.name))
        return Outcome(findings=(passing(Row("a", task.host.name)),))

    bench.run(bench.stage("a", title="A title", host=step))
    assert sorted(seen) == [("20261123T140501Z-1a2b", host) for host in HOSTS]


def test_trap_3_no_two_plugins_share_a_name() -> None:
    """Nornir keeps plugins of all kinds in one table; the engine's runner is handed over, never registered."""
    ours = [
        entry.name
        for kind in ("inventory", "connections", "runners", "transform_function", "processors")
        for entry in entry_points(group=f"nornir.plugins.{kind}")
        if entry.value.startswith("tasks.")
    ]
    assert ours
    assert len(ours) == len(set(ours))


def test_trap_4_an_error_never_skips_the_end_of_a_task(bench: Workbench) -> None:
    """With `raise_on_error` set in the configuration a failure would raise before `task_completed`."""
    witness = Witness()

    def step(_task: Task, _ctx: RunContext) -> Outcome:
        raise ValueError("broken")

    bench.nornir.config.core.raise_on_error = True
    bench.nornir = bench.nornir.with_processors([witness])
    record = bench.run(bench.stage("a", title="Look", host=step))
    assert witness.completed == [("Look", set(HOSTS))]
    assert set(verdicts(record).values()) == {Verdict.ERROR}


def test_trap_5_a_processor_that_raises_ends_as_rows_not_as_a_crash(bench: Workbench) -> None:
    """Wherever an operator's own processor breaks, every row says so and later stages are accounted for."""
    plain = bench.nornir
    for where in ("task_started", "task_instance_started", "task_instance_completed", "task_completed"):
        bench.nornir = plain.with_processors([Raising(where)])
        record = bench.run(bench.stage("a"), bench.stage("b", title="Next"))
        got = verdicts(record)
        assert {got[f"a@{host}"] for host in HOSTS} == {Verdict.ERROR}
        assert f"processor broke in {where}" in finding(record, "a@cluster-01").observed
        assert {got[f"b@{host}"] for host in HOSTS} == {Verdict.SKIP}


def test_trap_6_a_failed_subtask_shows_its_own_error(bench: Workbench) -> None:
    """A grouped task stops at its first failed subtask; what is told is what happened there, not the wrapper."""

    def inner(task: Task) -> None:
        raise Unreachable(task.host.name, "login-refused")

    def step(task: Task, _ctx: RunContext) -> Outcome:
        task.run(inner)
        raise AssertionError("never reached")

    record = bench.run(bench.stage("a", host=step))
    assert finding(record, "a@cluster-01").verdict is Verdict.UNREACHABLE
    assert finding(record, "a@cluster-01").observed == "cluster-01: login-refused"


def test_trap_7_the_working_directory_does_not_matter(
    bench: Workbench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Inventory and log do not follow the working directory: nothing is read from it and nothing left in it."""
    from tasks.run.site import open_site  # noqa: PLC0415  imported where the trap would spring

    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("FLEETPROOF_STATE", str(tmp_path / "state"))
    site = open_site()
    assert [cluster.name for cluster in site.fleet.clusters] == list(HOSTS)
    bench.nornir = site.nornir
    bench.run(bench.stage("a"))
    assert list(tmp_path.iterdir()) == []
