"""One host goes first; the others are touched only when every row of it is good."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from tasks.model.finding import FLEET, Finding, Outcome, Row, Verdict
from tasks.model.record import Exit, Fate, exit_of
from tasks.run.change import Gate
from tasks.run.choose import check_canary
from tasks.run.close import DEADLINE, INTERRUPTED
from tasks.run.hooks import Hooks
from tasks.run.journal import Journal
from tasks.run.rehearsal import UNPROVEN
from tasks.run.resume import Journalled
from tasks.run.waiver import Waiver, Waivers
from tests.unit.run.workbench import HOSTS, failing, finding, passing, verdicts

if TYPE_CHECKING:
    from nornir.core.task import Task

    from tasks.model.record import RunRecord
    from tasks.run.context import RunContext
    from tasks.run.stage import Stage
    from tests.unit.run.processes import Probe
    from tests.unit.run.workbench import Workbench

CANARY, OTHERS = HOSTS[3], HOSTS[:3]


class Course:
    """Look, change, prove: what each stage did on whom, and where it goes wrong."""

    def __init__(self, bench: Workbench) -> None:
        """Nothing goes wrong; every machine differs once."""
        self.bench = bench
        self.walked: list[str] = []
        self.bad: set[str] = set()
        self.due = set(HOSTS)

    def _step(self, check: str, task: Task, ctx: RunContext) -> Outcome:
        host = task.host.name
        self.walked.append(f"{check} {host}")
        gate = Gate(host, plan=ctx.plan)
        if check == "deploy" and host in self.due:
            gate.make("apply it", lambda: self.due.discard(host))
        row = Row(check, host)
        found = (failing if f"{check} {host}" in self.bad else passing)(row)
        paths = [passing(Row("reach", host, peer)) for peer in task.nornir.inventory.hosts if check == "prove"]
        return Outcome(findings=(found, *paths), changes=gate.changes)

    def stages(self) -> tuple[Stage, ...]:
        """The literal tuple."""
        paths = tuple(Row("reach", here, there) for here in HOSTS for there in HOSTS)
        wire = Row("wire", FLEET)

        def stage(check: str, *rows: Row, mutates: bool = False) -> Stage:
            fleet = (lambda _o, _c: Outcome(findings=(passing(wire),))) if wire in rows else None
            return self.bench.stage(
                title=check.title(),
                rows=(*(Row(check, host) for host in HOSTS), *rows),
                host=lambda task, ctx: self._step(check, task, ctx),
                fleet=fleet,
                mutates=mutates,
            )

        return stage("look"), stage("deploy", mutates=True), stage("prove", *paths, wire), stage("ask")

    def run(self, canary: str = CANARY, **how: object) -> RunRecord:
        """Walk it."""
        return self.bench.run(*self.stages(), canary=canary, **how)


@pytest.fixture
def course(bench: Workbench) -> Course:
    """A fresh one."""
    return Course(bench)


def test_a_good_canary_is_followed_by_everybody(course: Course) -> None:
    """All look; the canary alone changes and proves; then all do, the canary once more; each row is there once."""
    record = course.run()
    assert sorted(course.walked[:4]) == [f"look {host}" for host in HOSTS]
    assert course.walked[4:7] == [f"{check} {CANARY}" for check in ("deploy", "prove", "ask")]
    assert sorted(course.walked[7:11]) == [f"deploy {host}" for host in HOSTS]
    got = verdicts(record)
    assert set(got.values()) == {Verdict.PASS}
    assert len(got) == 4 * len(HOSTS) + len(HOSTS) ** 2 + 1
    assert exit_of(record) is Exit.GREEN
    assert [change.target for change in record.changes] == [CANARY, *OTHERS]


def test_the_report_shows_the_canarys_own_turn(course: Course) -> None:
    """Its step stands before everybody's in the same stage."""
    _, deploy, *_ = course.run().stages
    assert [host.host for host in deploy.hosts] == [CANARY, *HOSTS]
    assert deploy.hosts[0].started_s < deploy.hosts[1].started_s
    assert {host.fate for host in deploy.hosts} == {Fate.DONE}


@pytest.mark.parametrize("where", ["deploy", "prove", "ask"])
def test_a_bad_canary_leaves_the_others_untouched(course: Course, where: str) -> None:
    """Wherever it goes bad, its last proof included; every row of the others says which row is the cause."""
    course.bad = {f"{where} {CANARY}"}
    record = course.run()
    assert not [it for it in course.walked if not it.startswith("look") and not it.endswith(CANARY)]
    assert {change.target for change in record.changes} == {CANARY}
    got = verdicts(record)
    assert got[f"{where}@{CANARY}"] is Verdict.FAIL
    for stage in record.stages[1:]:
        for one in stage.findings:
            if {one.row.target, one.row.peer} & set(OTHERS):
                assert (one.verdict, str(one.blocked_by)) == (Verdict.SKIP, f"{where}@{CANARY}")
                assert one.observed == f"not touched: the canary {CANARY} is not good"
        assert {host.fate for host in stage.hosts if host.host in OTHERS} == {Fate.BLOCKED}
    assert {got[f"look@{host}"] for host in OTHERS} == {Verdict.PASS}
    assert exit_of(record) is Exit.BAD


def test_a_canary_that_raises_leaves_the_others_untouched(course: Course, monkeypatch: pytest.MonkeyPatch) -> None:
    """An error is not good either."""
    step = course._step

    def raising(check: str, task: Task, ctx: RunContext) -> Outcome:
        if (check, task.host.name) == ("prove", CANARY):
            raise ValueError("broken")
        return step(check, task, ctx)

    monkeypatch.setattr(course, "_step", raising)
    record = course.run()
    assert str(finding(record, f"deploy@{OTHERS[0]}").blocked_by) == f"prove@{CANARY}"
    assert course.due == set(OTHERS)
    assert exit_of(record) is Exit.UNJUDGED


def test_a_canary_that_is_bad_before_the_first_change_keeps_everybody_waiting(course: Course) -> None:
    """Nothing is changed at all."""
    course.bad = {f"look {CANARY}"}
    record = course.run()
    assert record.changes == ()
    assert str(finding(record, f"deploy@{OTHERS[0]}").blocked_by) == f"look@{CANARY}"


def test_another_host_that_is_bad_keeps_only_itself_out(course: Course) -> None:
    """As without a canary."""
    course.bad = {f"look {OTHERS[0]}"}
    record = course.run()
    assert sorted(change.target for change in record.changes) == sorted({*OTHERS[1:], CANARY})
    assert str(finding(record, f"deploy@{OTHERS[0]}").blocked_by) == f"look@{OTHERS[0]}"


def test_a_waived_row_of_the_canary_does_not_hold(course: Course) -> None:
    """The operator lives with it."""
    course.bad = {f"ask {CANARY}"}
    record = course.run(waivers=Waivers((Waiver(check="ask", target=CANARY, reason="known"),)))
    assert course.due == set()
    assert exit_of(record) is Exit.GREEN


def test_a_canary_of_which_nothing_is_judged_proves_nothing(bench: Workbench) -> None:
    """All SKIP is no success: the engine says so itself."""

    def skip(task: Task, _ctx: RunContext) -> Outcome:
        if task.host.name == CANARY:
            return Outcome(findings=(Finding(row=Row("a", CANARY), verdict=Verdict.SKIP, observed="left out"),))
        return Outcome(findings=(passing(Row("a", task.host.name)),))

    record = bench.run(bench.stage("a", host=skip, mutates=True), canary=CANARY)
    assert finding(record, f"a@{OTHERS[0]}").blocked_by == UNPROVEN
    assert finding(record, str(UNPROVEN)).observed == f"nothing was judged of {CANARY}"
    assert exit_of(record) is Exit.UNJUDGED


def test_a_plan_foresees_everything_at_once(course: Course) -> None:
    """Nothing is risked, so nobody goes first, and no change is foreseen twice."""
    record = course.run(plan=True)
    assert [change.target for change in record.changes] == list(HOSTS)
    assert len(course.walked) == 4 * len(HOSTS)


@pytest.mark.parametrize("how", [{"hosts": (CANARY,)}, {"canary": ""}])
def test_nobody_goes_first_where_nobody_waits(course: Course, how: dict[str, object]) -> None:
    """Each stage is walked once."""
    course.run(**how)  # type: ignore[arg-type]
    assert len(course.walked) == len(set(course.walked))


def test_hosts_outside_the_limit_stay_outside(course: Course) -> None:
    """They are skipped for that reason, not for the canary's."""
    course.bad = {f"ask {CANARY}"}
    record = course.run(hosts=(OTHERS[0], CANARY))
    assert finding(record, f"deploy@{OTHERS[1]}").observed == f"outside --limit: {OTHERS[1]}"
    assert str(finding(record, f"deploy@{OTHERS[0]}").blocked_by) == f"ask@{CANARY}"


class Ending(Hooks):
    """Ends the run after so many stages; remembers what the running report said then."""

    def __init__(self, bench: Workbench, after: int) -> None:
        """Count down."""
        self.bench, self.left = bench, after
        self.seen: RunRecord | None = None

    def after(self, stage: Stage, record: RunRecord, walked: tuple[str, ...], good: tuple[str, ...]) -> None:
        """As if the operator had pressed Ctrl-C now."""
        del stage, walked, good
        self.left -= 1
        if self.left == 0:
            self.seen = record
            self.bench.stop.request("SIGINT")


@pytest.mark.parametrize("after", range(1, 8))
def test_a_run_that_is_ended_accounts_for_every_row(course: Course, after: int) -> None:
    """In the canary's turn and in everybody's; changes that were made are told."""
    hooks = Ending(course.bench, after)
    record = course.run(hooks=hooks)
    named = verdicts(record)
    expected = 4 * len(HOSTS) + len(HOSTS) ** 2 + 1
    assert len(set(named) - {str(INTERRUPTED)}) == expected
    assert (exit_of(record) is Exit.INTERRUPTED) == (after < 7)
    assert {change.target for change in record.changes} == set(HOSTS) - course.due
    assert hooks.seen is not None
    assert {change.target for change in hooks.seen.changes} == set(HOSTS) - course.due
    if after in {2, 3}:
        assert finding(record, f"deploy@{OTHERS[0]}").blocked_by == INTERRUPTED


def test_a_deadline_in_the_canarys_turn_is_the_cause(course: Course, monkeypatch: pytest.MonkeyPatch) -> None:
    """The others' rows say that the run ended."""
    engine = course.bench.engine(*course.stages(), canary=CANARY)

    class Late(Hooks):
        def after(self, stage: Stage, *_: object) -> None:
            if stage.slug == "prove":
                monkeypatch.setattr("tasks.run.engine.time.monotonic", lambda: engine.ctx.deadline_at + 1)

    engine.hooks = Late()
    record = engine.run()
    assert finding(record, f"deploy@{OTHERS[0]}").blocked_by == DEADLINE
    assert finding(record, str(DEADLINE)).verdict is Verdict.ERROR
    assert course.due == set(OTHERS)


def test_a_bad_canary_is_resumed_where_it_stood(course: Course) -> None:
    """The journal has its stages alone; once it is good the others follow."""
    journal = Journal(course.bench.state / "journal", lambda _said: None)
    stages = course.stages()

    def hooks() -> Journalled:
        inputs = dict.fromkeys(HOSTS, "same")
        return Journalled(journal, stages, inputs, runbook="r", run_id="1", resume=True, write=True)

    course.bad = {f"ask {CANARY}"}
    course.run(hooks=hooks())
    assert {host for host in HOSTS if journal.read(host).stages} == {CANARY}
    course.bad = set()
    record = course.run(hooks=hooks())
    assert exit_of(record) is Exit.GREEN
    assert course.due == set()


def test_an_unknown_canary_is_answered_with_the_known_ones(probe: Probe) -> None:
    """Exit code 2 before anything runs; so is one whom --limit left out."""
    for argv in (("--canary", "cluster-09"), ("--canary", "cluster-04", "--limit", "cluster-01,cluster-02")):
        ran = probe.run(*argv, PROBE_AGAIN="1")
        assert ran.returncode == Exit.USAGE
        assert f"--canary: no host {argv[1]} among those of this run: cluster-01" in ran.stderr
    assert probe.walked() == []


def test_stages_that_prove_nothing_are_no_canarys(course: Course) -> None:
    """The sentence names the proofs that the runbook has."""
    stages = course.stages()
    with pytest.raises(
        Exception, match="after deploy nothing proves the canary; add one of these to --only: prove, ask"
    ):
        check_canary(CANARY, HOSTS, stages[:2], stages)
    check_canary(CANARY, HOSTS, stages, stages)


def test_a_canary_as_a_process(probe: Probe) -> None:
    """From the command line: the note in the report, and the order in which hosts were walked."""
    ran = probe.run("--canary", "cluster-04", "--json", "--only", "one,again", PROBE_AGAIN="1")
    assert ran.returncode == Exit.GREEN, ran.stderr
    assert probe.walked()[0] == "one cluster-04"
    (note,) = json.loads(ran.stdout)["notes"]
    assert (
        note
        == "canary: cluster-04 is changed and proven first; cluster-01, cluster-02, cluster-03 only when it is good"
    )
