"""The engine accounts for every row, whatever steps do."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tasks.model.errors import CommandTimeout, Unreachable
from tasks.model.finding import FLEET, Finding, Outcome, Row, Verdict
from tasks.model.record import Exit, Fate, exit_of
from tasks.run.change import Gate
from tasks.run.stage import Stage
from tasks.run.waiver import Waiver, Waivers
from tests.unit.run.workbench import HOSTS, change, failing, finding, passing, verdicts

if TYPE_CHECKING:
    from nornir.core.task import Task

    from tasks.model.record import RunRecord
    from tasks.run.context import RunContext
    from tests.unit.run.workbench import Workbench


def test_all_good_is_green(bench: Workbench) -> None:
    """Every declared row came back and is good."""
    record = bench.run(bench.stage("host.ssh", "host.swap"))
    assert exit_of(record) is Exit.GREEN
    assert set(verdicts(record).values()) == {Verdict.PASS}
    assert len(record.findings) == 8


def test_a_task_that_returns_nothing_is_an_error_per_row(bench: Workbench) -> None:
    """A check whose body was deleted is not green."""
    record = bench.run(bench.stage("host.ssh", host=lambda _task, _ctx: Outcome()))
    assert set(verdicts(record).values()) == {Verdict.ERROR}
    assert "without answering" in finding(record, "host.ssh@cluster-01").observed
    assert exit_of(record) is Exit.UNJUDGED


def test_one_row_fewer_is_an_error_of_that_row_alone(bench: Workbench) -> None:
    """The rows that came keep their verdict."""

    def step(task: Task, _ctx: RunContext) -> Outcome:
        checks = ("a", "b") if task.host.name == "cluster-02" else ("a", "b", "c")
        return Outcome(findings=tuple(passing(Row(check, task.host.name)) for check in checks))

    got = verdicts(bench.run(bench.stage("a", "b", "c", host=step)))
    assert [name for name, verdict in got.items() if verdict is not Verdict.PASS] == ["c@cluster-02"]
    assert got["c@cluster-02"] is Verdict.ERROR


def test_a_host_killed_mid_run_keeps_all_its_rows(bench: Workbench) -> None:
    """Its rows of the stage are UNREACHABLE with the reason, later ones SKIP with the cause; the others go on."""

    def step(task: Task, _ctx: RunContext) -> Outcome:
        if task.host.name == "cluster-03":
            raise Unreachable("cluster-03", "connection-lost", "reset by peer")
        return Outcome(findings=(passing(Row("b1", task.host.name)), passing(Row("b2", task.host.name))))

    first, later = bench.stage("a", title="First"), bench.stage("c", title="Later")
    record = bench.run(first, bench.stage("b1", "b2", title="Dies", host=step), later)
    got = verdicts(record)
    assert len(record.findings) == 16
    assert [got[f"{check}@cluster-03"] for check in ("a", "b1", "b2", "c")] == [
        Verdict.PASS,
        Verdict.UNREACHABLE,
        Verdict.UNREACHABLE,
        Verdict.SKIP,
    ]
    assert "connection-lost (reset by peer)" in finding(record, "b1@cluster-03").observed
    assert str(finding(record, "c@cluster-03").blocked_by) == "b1@cluster-03"
    assert all(verdict is Verdict.PASS for name, verdict in got.items() if "cluster-03" not in name)
    assert exit_of(record) is Exit.UNJUDGED


def test_an_exception_is_told_once_with_its_traceback(bench: Workbench) -> None:
    """Every row of the step is an ERROR; the first carries the evidence, the others point to it."""

    def step(task: Task, _ctx: RunContext) -> Outcome:
        raise CommandTimeout(f"`uname` outlived its 30 s on {task.host.name}")

    record = bench.run(bench.stage("a", "b", host=step))
    first, second = finding(record, "a@cluster-01"), finding(record, "b@cluster-01")
    assert first.verdict is second.verdict is Verdict.ERROR
    assert first.observed == "CommandTimeout: `uname` outlived its 30 s on cluster-01"
    assert any("raise CommandTimeout" in line for line in first.evidence)
    assert second.evidence == ()
    assert second.blocked_by == first.row


def test_an_error_of_a_step_that_owes_no_row_is_told_all_the_same(bench: Workbench) -> None:
    """The engine adds a row of its own, so that nothing is swallowed."""

    def step(_task: Task, _ctx: RunContext) -> Outcome:
        raise ValueError("no such thing")

    rows = (Row("fleet.tools", FLEET),)
    record = bench.run(
        bench.stage(rows=rows, title="Look", host=step, fleet=lambda _o, _c: Outcome(findings=(passing(rows[0]),)))
    )
    assert verdicts(record) == {"fleet.tools@fleet": Verdict.PASS} | {
        f"engine.step.look@{host}": Verdict.ERROR for host in HOSTS
    }
    assert exit_of(record) is Exit.UNJUDGED


def test_a_bad_row_blocks_its_host_and_no_other(bench: Workbench) -> None:
    """Later stages are SKIP there, naming the row; a waiver lifts the block and stays visible."""

    def step(task: Task, _ctx: RunContext) -> Outcome:
        row = Row("host.swap", task.host.name)
        return Outcome(findings=(failing(row) if task.host.name == "cluster-02" else passing(row),))

    def stages() -> tuple:
        return bench.stage("host.swap", host=step), bench.stage("kubeadm.init", title="Init", mutates=True)

    record = bench.run(*stages())
    init = finding(record, "kubeadm.init@cluster-02")
    assert (init.verdict, str(init.blocked_by)) == (Verdict.SKIP, "host.swap@cluster-02")
    assert verdicts(record)["kubeadm.init@cluster-01"] is Verdict.PASS
    assert record.stages[1].hosts[1].fate is Fate.BLOCKED
    assert exit_of(record) is Exit.BAD
    waived = bench.run(*stages(), waivers=Waivers((Waiver(check="host.swap", target="cluster-02", reason="a test"),)))
    assert verdicts(waived)["kubeadm.init@cluster-02"] is Verdict.PASS
    assert finding(waived, "host.swap@cluster-02").waiver == "a test"
    assert exit_of(waived) is Exit.GREEN


def test_a_bad_fleet_row_ends_all_changes_but_not_the_looking(bench: Workbench) -> None:
    """Later mutating stages are skipped on every host; a stage that only looks goes on."""
    tools = Row("fleet.tools", FLEET)
    first = bench.stage(rows=(tools,), title="Tools", fleet=lambda _o, _c: Outcome(findings=(failing(tools),)))
    record = bench.run(first, bench.stage("init", title="Init", mutates=True), bench.stage("look", title="Look"))
    got = verdicts(record)
    assert {got[f"init@{host}"] for host in HOSTS} == {Verdict.SKIP}
    assert {got[f"look@{host}"] for host in HOSTS} == {Verdict.PASS}
    assert {str(finding(record, f"init@{host}").blocked_by) for host in HOSTS} == {"fleet.tools@fleet"}


def test_a_stage_may_run_after_failure(bench: Workbench) -> None:
    """`even_after_failure` walks hosts that are blocked."""

    def step(task: Task, _ctx: RunContext) -> Outcome:
        return Outcome(findings=(failing(Row("a", task.host.name)),))

    record = bench.run(bench.stage("a", host=step), bench.stage("b", title="Collect", even_after_failure=True))
    assert {verdicts(record)[f"b@{host}"] for host in HOSTS} == {Verdict.PASS}


def test_hosts_outside_the_limit_are_skipped_in_sight(bench: Workbench) -> None:
    """Their rows, and rows towards them that nobody looked at, are SKIP(outside --limit)."""
    rows = tuple(Row("reach", here, there) for here in HOSTS for there in HOSTS)
    record = bench.run(
        bench.stage(
            rows=rows,
            host=lambda task, _ctx: Outcome(
                findings=tuple(passing(Row("reach", task.host.name, there)) for there in HOSTS[:3])
            ),
        ),
        hosts=HOSTS[:2],
    )
    got = verdicts(record)
    assert len(got) == 16
    assert {name for name, verdict in got.items() if verdict is Verdict.PASS} == {
        f"reach@{here}->{there}" for here in HOSTS[:2] for there in HOSTS[:3]
    }
    assert finding(record, "reach@cluster-01->cluster-04").observed == "outside --limit: cluster-04"
    assert exit_of(record) is Exit.GREEN


def test_the_fleet_step_sees_who_came_through(bench: Workbench) -> None:
    """Outcomes hold only hosts whose step ended; without a host step, an empty outcome per host in the game."""
    seen: list[tuple[str, ...]] = []

    def step(task: Task, _ctx: RunContext) -> Outcome:
        if task.host.name == "cluster-04":
            raise Unreachable("cluster-04", "no-route")
        return Outcome(findings=(passing(Row("a", task.host.name)),), value=task.host.name)

    def fleet(outcomes: dict[str, Outcome], _ctx: RunContext) -> Outcome:
        seen.append(tuple(outcomes))
        return Outcome(findings=(passing(Row(f"f{len(seen)}", FLEET)),))

    rows = (*(Row("a", host) for host in HOSTS), Row("f1", FLEET))
    record = bench.run(
        bench.stage(rows=rows, host=step, fleet=fleet), bench.stage(rows=(Row("f2", FLEET),), title="Then", fleet=fleet)
    )
    assert seen == [HOSTS[:3], HOSTS[:3]]
    assert verdicts(record)["f2@fleet"] is Verdict.PASS


def test_a_fleet_step_that_raises_is_an_error_of_its_rows(bench: Workbench) -> None:
    """The hosts' own rows stand."""
    rows = (*(Row("a", host) for host in HOSTS), Row("f", FLEET))

    def fleet(_outcomes: dict[str, Outcome], _ctx: RunContext) -> Outcome:
        raise RuntimeError("kubectl is missing")

    def step(task: Task, _ctx: RunContext) -> Outcome:
        return Outcome(findings=(passing(Row("a", task.host.name)),))

    got = verdicts(bench.run(bench.stage(rows=rows, host=step, fleet=fleet)))
    assert got == {f"a@{host}": Verdict.PASS for host in HOSTS} | {"f@fleet": Verdict.ERROR}


def test_changes_made_before_an_exception_are_not_lost(bench: Workbench) -> None:
    """The gate tells the engine at once; a change handed back as well is counted once."""

    def step(task: Task, ctx: RunContext) -> Outcome:
        gate = Gate(task.host.name, plan=ctx.plan)
        gate.make("write a file", lambda: None)
        if task.host.name == "cluster-01":
            raise ValueError("broken off")
        return Outcome(findings=(passing(Row("a", task.host.name)),), changes=(*gate.changes, change(task.host.name)))

    record = bench.run(bench.stage("a", host=step, mutates=True))
    assert [one.target for one in record.changes] == ["cluster-01", *(h for h in HOSTS[1:] for _ in range(2))]


def test_a_plan_with_changes_pending_has_its_own_exit_code(bench: Workbench) -> None:
    """The same path is walked, nothing is made; temporary changes do not count."""
    made: list[str] = []

    def step(task: Task, ctx: RunContext, *, temporary: bool = False) -> Outcome:
        gate = Gate(task.host.name, plan=ctx.plan)
        gate.make("run kubeadm init", lambda: made.append(task.host.name), temporary=temporary)
        assert task.is_dry_run() is ctx.plan
        return Outcome(findings=(passing(Row("a", task.host.name)),), changes=gate.changes)

    planned = bench.run(bench.stage("a", host=step, mutates=True), plan=True)
    assert exit_of(planned) is Exit.PENDING
    assert made == []
    only_temporary = bench.stage("a", host=lambda task, ctx: step(task, ctx, temporary=True), mutates=True)
    assert exit_of(bench.run(only_temporary, plan=True)) is Exit.GREEN
    assert exit_of(bench.run(bench.stage("a", host=step, mutates=True))) is Exit.GREEN
    assert sorted(made) == list(HOSTS)


def test_no_host_at_all_is_refused(bench: Workbench) -> None:
    """Nothing to walk is never success."""
    with pytest.raises(ValueError, match="no host is chosen"):
        bench.run(bench.stage("a"), hosts=())


class Boom(BaseException):
    """Not even an Exception."""


BEHAVIOURS = ("pass", "fail", "warn", "silent", "extra", "twice", "raise", "unreachable", "nothing", "base", "other")


def behave(how: str, rows: tuple[Row, ...]) -> Outcome:
    """Do one of the things that steps do, by name."""
    match how:
        case "raise":
            raise ValueError("broken")
        case "base":
            raise Boom
        case "unreachable":
            raise Unreachable(rows[0].target, "no-route")
        case "nothing":
            return Outcome()
        case "other":
            return "PASS"  # type: ignore[return-value]
    verdict = {"fail": Verdict.FAIL, "warn": Verdict.WARN}.get(how, Verdict.PASS)
    findings = [Finding(row=row, verdict=verdict, observed=how) for row in rows]
    extra = [passing(Row("stranger", rows[0].target))] if how == "extra" else []
    return Outcome(findings=tuple(findings[how == "silent" :] + extra + (findings if how == "twice" else [])))


PLANS = st.lists(st.dictionaries(st.sampled_from(HOSTS), st.sampled_from(BEHAVIOURS)), min_size=1, max_size=3)
WAIVERS = st.builds(
    lambda check, target: Waiver(check=check, target=target, reason="a test"),
    st.sampled_from(["s0.a", "s0.b", "s1.a"]),
    st.sampled_from(["", *HOSTS]),
)
CAUSES = st.dictionaries(st.sampled_from(["s0.a", "s1", "s2.b"]), st.tuples(st.sampled_from(["s0.b", "s1.a", "s0.a"])))


@given(PLANS, st.lists(WAIVERS, max_size=2), CAUSES)
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_behaviour_of_steps_makes_a_false_green(
    bench: Workbench, plans: list[dict[str, str]], waivers: list[Waiver], causes: dict[str, tuple[str, ...]]
) -> None:
    """Declared rows end exactly once, whatever is bad has a headline, and green means that all was good or waived."""

    def stage(number: int, how: dict[str, str]) -> object:
        def step(task: Task, _ctx: RunContext) -> Outcome:
            rows = tuple(Row(f"s{number}.{name}", task.host.name) for name in "ab")
            return behave(how.get(task.host.name, "pass"), rows)

        return bench.stage(f"s{number}.a", f"s{number}.b", title=f"Stage {number}", host=step, causes=causes)

    record = bench.run(*(stage(number, how) for number, how in enumerate(plans)), waivers=Waivers(tuple(waivers)))
    names = verdicts(record)
    assert {f"s{number}.{name}@{host}" for number in range(len(plans)) for name in "ab" for host in HOSTS} <= set(names)
    roots = {one.row for one in record.findings if one.verdict.blocks and one.blocked_by is None}
    assert {one.blocked_by for one in record.findings if one.blocked_by is not None} <= roots
    headlines = {one.row for one in record.findings if one.blocks and one.blocked_by is None}
    assert {one.blocked_by or one.row for one in record.findings if one.blocks} <= headlines
    good = all(how in {"pass", "warn"} for behaviours in plans for how in behaviours.values())
    assert (exit_of(record) is Exit.GREEN) >= good
    if not waivers:
        assert (exit_of(record) is Exit.GREEN) == good == (not headlines)


def test_a_fleet_row_is_skipped_where_no_host_came_so_far(bench: Workbench) -> None:
    """The step never ran, so its silence is a consequence of what blocked the hosts, not a defect of its own."""

    def step(task: Task, _ctx: RunContext) -> Outcome:
        return Outcome(findings=(failing(Row("a", task.host.name)),))

    wire = Row("wire", FLEET)
    later = bench.stage(rows=(wire,), title="Later", fleet=lambda _o, _c: Outcome(findings=(passing(wire),)))
    judged = finding(bench.run(bench.stage("a", host=step), later), "wire@fleet")
    assert (judged.verdict, str(judged.blocked_by)) == (Verdict.SKIP, "a@cluster-01")


def test_what_steps_note_is_told_once(bench: Workbench) -> None:
    """However many hosts and stages say it; it is in the report's notes."""

    def step(task: Task, _ctx: RunContext) -> Outcome:
        return Outcome(findings=(passing(Row("a", task.host.name)),), notes=("a chart of the lab's own",))

    assert bench.run(bench.stage("a", host=step)).notes == ("a chart of the lab's own",)


def test_a_step_over_the_record_is_given_the_run_so_far(bench: Workbench) -> None:
    """Every stage before it, whatever became of the hosts; what it raises is its row's error."""
    row, seen = Row("run.judged", FLEET), []

    def lost(task: Task, _ctx: RunContext) -> Outcome:
        raise Unreachable(task.host.name, "no-route")

    def judge(record: RunRecord, _ctx: RunContext) -> Outcome:
        seen.append([str(one.row) for one in record.findings])
        return Outcome(findings=(passing(row),))

    def broken(_record: RunRecord, _ctx: RunContext) -> Outcome:
        raise ValueError("no such thing")

    first = bench.stage("host.ssh", host=lost)
    record = bench.run(first, Stage(title="Judge", declares=lambda _fleet: (row,), on_record=judge))
    assert seen == [[f"host.ssh@{host}" for host in HOSTS]]
    assert verdicts(record)["run.judged@fleet"] is Verdict.PASS
    assert [(one.host, one.fate) for one in record.stages[1].hosts] == [(FLEET, Fate.DONE)]
    record = bench.run(first, Stage(title="Judge", declares=lambda _fleet: (row,), on_record=broken))
    assert verdicts(record)["run.judged@fleet"] is Verdict.ERROR
    assert finding(record, "run.judged@fleet").observed == "ValueError: no such thing"
