"""A runbook's command line, from options to exit code."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tasks.model.errors import FleetError, SettingsError
from tasks.model.finding import FLEET, Finding, Outcome, Row, Verdict
from tasks.model.record import Exit
from tasks.run.choose import choose_hosts, choose_stages
from tasks.run.confirm import agree, confirm
from tasks.run.declare import BrokenRunbook, declare
from tasks.run.files import write_atomically
from tasks.run.interrupt import Stop
from tasks.run.options import EXIT_CODES
from tasks.run.runbook import Runbook, main
from tasks.run.stage import Stage
from tasks.run.step import done
from tests.unit.run.workbench import HOSTS, passing

if TYPE_CHECKING:
    from nornir.core.task import Result

    from tests.unit.run.workbench import Workbench

GROUPS = {"cluster-01": ("central",), "cluster-02": ("edge",), "cluster-03": ("edge",)}


@pytest.fixture(autouse=True)
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """State goes to the test's own folder, and nothing of the operator's environment comes in."""
    for name in ("NODE_USER", "NODE_PASSWORD", "NODE_SSH_KEY", "FLEETPROOF_TRAITS", "FLEETPROOF_WAIVERS"):
        monkeypatch.setenv(name, "")
    monkeypatch.setenv("FLEETPROOF_STATE", str(tmp_path / "state"))
    return tmp_path / "state"


def judging(verdict: Verdict, *, changes: bool = False, mutates: bool = True) -> Runbook:
    """A runbook with one fleet row that ends like this."""
    row = Row("fleet.tools", FLEET)

    def step(_outcomes: Any, ctx: Any) -> Outcome:
        from tasks.run.change import Gate  # noqa: PLC0415  as tasks do

        gate = Gate("cluster-01", plan=ctx.plan)
        if changes:
            gate.make("write a file", lambda: None)
        return Outcome(findings=(Finding(row=row, verdict=verdict, observed="seen"),), changes=gate.changes)

    stages = (
        Stage(title="Check tools", declares=lambda _fleet: (row,), on_fleet=step, mutates=mutates),
        Stage(title="Look again", declares=lambda _fleet: (Row("again", FLEET),), on_fleet=passed),
    )
    return Runbook(name="judge", summary="Judge.", examples=("judge.py",), stages=stages, mutates=mutates)


def passed(_outcomes: Any, _ctx: Any) -> Outcome:
    """The second stage is always good."""
    return Outcome(findings=(passing(Row("again", FLEET)),))


@pytest.mark.parametrize(
    ("verdict", "argv", "expected"),
    [
        (Verdict.PASS, (), Exit.GREEN),
        (Verdict.WARN, (), Exit.GREEN),
        (Verdict.FAIL, (), Exit.BAD),
        (Verdict.ERROR, (), Exit.UNJUDGED),
        (Verdict.UNREACHABLE, (), Exit.UNJUDGED),
        (Verdict.SKIP, ("--only", "check-tools"), Exit.UNJUDGED),
        (Verdict.SKIP, (), Exit.GREEN),
        (Verdict.FAIL, ("--waive", "fleet.tools=known"), Exit.GREEN),
        (Verdict.ERROR, ("--waive", "fleet.tools@fleet=known"), Exit.GREEN),
        (Verdict.PASS, ("--plan",), Exit.PENDING),
        (Verdict.FAIL, ("--plan",), Exit.BAD),
        (Verdict.ERROR, ("--plan",), Exit.UNJUDGED),
    ],
)
def test_the_exit_code_is_the_documented_one(
    verdict: Verdict, argv: tuple[str, ...], expected: Exit, state: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The table of `--help`, row by row; the report says the same."""
    assert main(judging(verdict, changes=True), (*argv, "--json")) == expected
    report = json.loads(capsys.readouterr().out)
    assert report["exit_code"] == expected
    assert json.loads((state / "reports" / "latest" / "report.json").read_text()) == report


def test_help_documents_every_exit_code() -> None:
    """None is missing from the text, and none is there that does not exist."""
    told = {int(line.split()[0]) for line in EXIT_CODES.splitlines() if line.startswith("  ")}
    assert told == {int(code) for code in Exit}


@pytest.mark.parametrize(
    ("argv", "said"),
    [
        (("--only", "check-toolz"), "known: check-tools, look-again"),
        (("--limit", "cluster-09"), "hosts: cluster-01, cluster-02, cluster-03, cluster-04; groups: central, edge"),
        (("--waive", "fleet.tool=typo"), "known checks: again, fleet.tools"),
        (("--waive", "fleet.tools"), "wanted CHECK"),
        (("--waivers", "/nowhere.yaml"), "cannot be read"),
    ],
)
def test_wrong_usage_is_answered_with_what_is_right(
    argv: tuple[str, ...], said: str, state: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Exit code 2, one sentence, and nothing was run or written."""
    assert main(judging(Verdict.PASS), argv) == Exit.USAGE
    assert said in capsys.readouterr().err
    assert not state.exists()


@pytest.mark.parametrize("argv", [("--deadline", "0"), ("--deadline", "x"), ("--limit", ","), ("--lim", "x"), ("x",)])
def test_options_that_cannot_be_read_end_with_2(argv: tuple[str, ...], capsys: pytest.CaptureFixture[str]) -> None:
    """Also an abbreviated option: it might mean another one tomorrow."""
    with pytest.raises(SystemExit) as ended:
        main(judging(Verdict.PASS), argv)
    assert ended.value.code == 2
    assert "usage: judge.py" in capsys.readouterr().err


def test_a_wrong_inventory_ends_with_2(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Each mistake on a line of its own, and nothing is run."""
    root = tmp_path / "site"
    (root / "inventory").mkdir(parents=True)
    project = Path(__file__).resolve().parents[3]
    (root / "nornir_config.yaml").write_text((project / "nornir_config.yaml").read_text())
    for name in ("hosts", "groups", "defaults"):
        (root / "inventory" / f"{name}.yaml").write_text("")
    assert main(judging(Verdict.PASS), (), root=root) == Exit.USAGE
    assert "inventory/hosts.yaml" in capsys.readouterr().err


def test_stages_and_rows_are_listed_without_running(state: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """`--list` names what would be judged."""
    assert main(judging(Verdict.FAIL), ("--list",)) == 0
    assert capsys.readouterr().out == (
        "check-tools: Check tools\n  fleet.tools@fleet\nlook-again: Look again\n  again@fleet\n"
    )
    assert not state.exists()


def test_a_readable_report_is_printed_and_its_folder_named(state: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Tables on standard output, progress and the place of the report on standard error."""
    main(judging(Verdict.FAIL, mutates=False), ())
    told = capsys.readouterr()
    assert "BAD: 1 cause; 1 of 2 rows failed" in told.out
    assert f"report: {state}/reports/" in told.err
    latest = state / "reports" / "latest"
    assert {path.name for path in latest.iterdir()} == {
        "report.html",
        "report.json",
        "report.md",
        "report.xml",
        "run.log",
    }
    assert not (state / "lock").exists()


def test_an_expired_waiver_is_told_and_does_not_count(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is in the notes of the report, and the row blocks again."""
    path = tmp_path / "waivers.yaml"
    path.write_text("- {check: fleet.tools, reason: for a day, until: 2020-01-01}\n")
    monkeypatch.setenv("FLEETPROOF_WAIVERS", str(path))
    assert main(judging(Verdict.FAIL), ("--json",)) == Exit.BAD
    told = capsys.readouterr()
    assert "expired on 2020-01-01" in json.loads(told.out)["notes"][0]
    assert "expired on 2020-01-01" in told.err


@pytest.mark.parametrize("here", [True, False])
def test_waivers_of_other_runbooks_are_one_note(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, *, here: bool
) -> None:
    """A site keeps one file for all its runbooks; it is named as one would from where one stands."""
    path = tmp_path / "waivers.yaml"
    if here:
        monkeypatch.chdir(tmp_path)
    path.write_text("- {check: host.a, reason: r}\n- {check: fleet.tools, reason: r}\n- {check: host.b, reason: r}\n")
    assert main(judging(Verdict.FAIL), ("--json", "--waivers", str(path))) == Exit.GREEN
    (note,) = json.loads(capsys.readouterr().out)["notes"]
    assert note == f"waivers of {path.name if here else path} that are for no row of this run: host.a, host.b"


@pytest.mark.parametrize("argv", [(), ("--only", "check-tools")])
def test_a_defect_of_the_engine_shows_no_secret(
    argv: tuple[str, ...], monkeypatch: pytest.MonkeyPatch, state: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A traceback that leaves the program is masked, and the report is not green, even after the last stage."""
    monkeypatch.setenv("S3_ACCESS_KEY", "access")
    monkeypatch.setenv("S3_SECRET_KEY", "hunter2-canary")

    def broken(*_args: object, **_named: object) -> None:
        raise RuntimeError("hunter2-canary")

    monkeypatch.setattr("tasks.run.journal.Journal.finish", broken)
    assert main(judging(Verdict.PASS), argv) == Exit.UNJUDGED
    told = capsys.readouterr()
    assert "RuntimeError: ***" in told.err
    assert "hunter2" not in told.err + told.out
    report = json.loads((state / "reports" / "latest" / "report.json").read_text())
    assert report["exit_code"] == Exit.UNJUDGED
    assert [cause["row"]["check"] for cause in report["causes"]] == ["engine.failed"]


def destroying(verdict: Verdict = Verdict.PASS) -> Runbook:
    """A runbook that asks before it goes on."""
    return replace(judging(verdict), confirm="destroys everything on this machine")


@pytest.mark.parametrize(
    ("argv", "code"),
    [
        (("cluster-02",), Exit.USAGE),
        (("cluster-02", "--yes", "cluster-03"), Exit.USAGE),
        (("edge", "--yes", "edge"), Exit.USAGE),
        (("cluster-02", "--yes", "cluster-02"), Exit.GREEN),
        (("cluster-02", "--plan"), Exit.GREEN),
    ],
)
def test_what_destroys_wants_every_host_by_name_twice(
    argv: tuple[str, ...], code: Exit, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without a terminal the name has to be given; a group is no name; a plan asks nothing."""
    monkeypatch.setattr("sys.stdin.isatty", lambda: False, raising=False)
    assert main(destroying(), argv) == code


def test_what_destroys_wants_a_host_at_all(capsys: pytest.CaptureFixture[str]) -> None:
    """Nothing named is not everything."""
    with pytest.raises(SystemExit) as ended:
        main(destroying(), ("--yes", "cluster-01"))
    assert ended.value.code == 2
    assert "HOST" in capsys.readouterr().err


@pytest.mark.parametrize(("typed", "good"), [("cluster-02", True), (" cluster-02 ", True), ("y", False), ("", False)])
def test_the_typed_name_has_to_be_the_hosts(typed: str, good: bool) -> None:  # noqa: FBT001  a column of the table
    """Anything else does nothing."""
    asked: list[str] = []

    def ask(question: str) -> str:
        asked.append(question)
        return typed

    def go() -> None:
        confirm("destroys everything", ["cluster-02"], [], is_terminal=lambda: True, ask=ask)

    if good:
        go()
    else:
        with pytest.raises(SettingsError, match="nothing was done"):
            go()
    assert asked[0].startswith("cluster-02: this destroys everything.")


@pytest.mark.parametrize(
    ("limit", "chosen"),
    [
        ((), ("cluster-01", "cluster-02", "cluster-03")),
        (("edge",), ("cluster-02", "cluster-03")),
        (("cluster-03", "cluster-01"), ("cluster-01", "cluster-03")),
        (("central", "cluster-03"), ("cluster-01", "cluster-03")),
    ],
)
def test_hosts_are_chosen_by_name_or_group(limit: tuple[str, ...], chosen: tuple[str, ...]) -> None:
    """In the inventory's order, whatever the order of the options."""
    assert choose_hosts(GROUPS, limit) == chosen


def test_no_host_is_an_error() -> None:
    """An empty inventory is not a green one."""
    with pytest.raises(SettingsError, match="nothing would be judged"):
        choose_hosts({}, ())


def test_stages_keep_the_runbooks_order() -> None:
    """`--only` chooses, it does not reorder."""
    stages = judging(Verdict.PASS).stages
    assert choose_stages(stages, ("look-again", "check-tools")) == stages


@pytest.mark.parametrize(
    ("titles", "rows", "said"),
    [
        (("A", "a"), ((Row("x", FLEET),), (Row("y", FLEET),)), "stage title occurs more than once: a"),
        (("A", "B"), ((Row("x", FLEET),), (Row("x", FLEET),)), "declared row occurs more than once: x@fleet"),
        (("A", "B"), ((Row("x", FLEET),), ()), "stage b declares no row"),
        (("A", "B"), ((Row("x", FLEET),), (Row("x", "nobody"),)), "unknown targets: nobody"),
    ],
)
def test_a_runbook_that_contradicts_itself_is_found_before_it_runs(
    bench: Workbench, titles: tuple[str, ...], rows: tuple[tuple[Row, ...], ...], said: str
) -> None:
    """What is owed has to be clear from the start."""
    stages = [bench.stage(title=title, rows=owed) for title, owed in zip(titles, rows, strict=True)]
    with pytest.raises(BrokenRunbook, match=said):
        declare(stages, bench.fleet)
    assert issubclass(BrokenRunbook, FleetError)


def test_patience_ends_with_the_grace_or_the_second_signal() -> None:
    """The first signal's name stays the reason."""
    now = [0.0]
    stop = Stop(grace_s=10, clock=lambda: now[0])
    assert not stop.requested
    stop.request("SIGINT")
    assert (stop.requested, stop.impatient) == (True, False)
    now[0] = 10.0
    assert stop.impatient
    other = Stop(grace_s=10, clock=lambda: now[0])
    other.request("SIGINT")
    other.request("SIGTERM")
    assert (other.impatient, other.reason) == (True, "SIGINT")


@pytest.mark.parametrize(("writes", "code"), [(0, Exit.USAGE), (1, Exit.UNJUDGED)])
def test_a_report_that_cannot_be_written_is_not_a_success(
    writes: int, code: Exit, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """At the start nothing is run; at the end the report is still printed, and the exit code is not 0."""
    left = iter(range(writes))

    def full(path: Path, text: str) -> None:
        if next(left, None) is None:
            raise OSError(28, "No space left on device")
        write_atomically(path, text)

    monkeypatch.setattr("tasks.run.deliver.write_atomically", full)
    argv = ("--json", "--report-dir", str(tmp_path / "reports"))
    assert main(judging(Verdict.PASS, mutates=False), argv) == code
    told = capsys.readouterr()
    assert "No space left on device" in told.err
    assert bool(told.out) == bool(writes)
    if writes:
        assert json.loads(told.out)["headline"] == "GREEN: 2 of 2 rows judged, none bad"


def test_a_report_folder_that_cannot_be_made_is_wrong_usage(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Told before anything runs."""
    (tmp_path / "file").touch()
    assert main(judging(Verdict.PASS), ("--report-dir", str(tmp_path / "file"))) == Exit.USAGE
    assert "no report can be written there" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("mutates", "argv", "refuses"), [(True, (), False), (True, ("--plan",), True), (False, (), True)]
)
def test_who_only_looks_is_refused_every_change(
    mutates: bool,  # noqa: FBT001  a column of the table
    argv: tuple[str, ...],
    refuses: bool,  # noqa: FBT001  as above
) -> None:
    """A plan, and a runbook that changes nothing: Nornir's dry run, by which transports refuse, and its own word."""
    seen: list[tuple[bool, bool]] = []

    def look(task: Any, *, ctx: Any) -> Result:
        seen.append((task.is_dry_run(), ctx.read_only))
        return done(task, Outcome(findings=(passing(Row("seen", task.host.name)),)))

    stage = Stage(title="Look", declares=lambda _fleet: tuple(Row("seen", host) for host in HOSTS), on_hosts=look)
    book = Runbook(name="look", summary="Look.", examples=("look.py",), stages=(stage,), mutates=mutates)
    assert main(book, (*argv, "--json")) == Exit.GREEN
    assert set(seen) == {(refuses, refuses)}


def test_further_pages_are_written_beside_the_report(state: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """And the first of them is what the operator is pointed to; one that fails leaves the report, and is not green."""
    book = replace(judging(Verdict.PASS, mutates=False), pages=lambda report, _ctx: {"page.html": report.headline})
    assert main(book, ()) == Exit.GREEN
    assert (state / "reports" / "latest" / "page.html").read_text().startswith("GREEN")
    assert capsys.readouterr().err.endswith("/page.html\n")

    def broken(_report: Any, _ctx: Any) -> dict[str, str]:
        raise FleetError("no history")

    assert main(replace(book, pages=broken), ()) == Exit.UNJUDGED
    assert (state / "reports" / "latest" / "report.json").exists()


def test_every_host_is_there(bench: Workbench) -> None:
    """The workbench walks the fleet of the specification."""
    assert tuple(cluster.name for cluster in bench.fleet.clusters) == HOSTS


def pruning(seen: list[bool]) -> Runbook:
    """A runbook that deletes what earlier versions left, where it is asked to."""
    row = Row("fleet.tools", FLEET)

    def step(_outcomes: Any, ctx: Any) -> Outcome:
        seen.append(ctx.prune)
        return Outcome(findings=(passing(row),))

    stage = Stage(title="Prune", declares=lambda _fleet: (row,), on_fleet=step, mutates=True)
    return replace(judging(Verdict.PASS), stages=(stage,), prunes=True)


@pytest.mark.parametrize(
    ("argv", "code", "seen"),
    [
        ((), Exit.GREEN, [False]),
        (("--prune",), Exit.USAGE, []),
        (("--prune", "--yes"), Exit.GREEN, [True]),
        (("--prune", "--plan"), Exit.GREEN, [True]),
    ],
)
def test_deleting_is_asked_for_and_agreed_to(argv: tuple[str, ...], code: Exit, seen: list[bool]) -> None:
    """Nobody to ask is no consent; a plan asks nothing, for it deletes nothing."""
    came: list[bool] = []
    assert main(pruning(came), argv) == code
    assert came == seen


@pytest.mark.parametrize(("typed", "refused"), [("prune", False), ("yes", True), ("", True)])
def test_one_word_is_typed_before_deleting(typed: str, *, refused: bool) -> None:
    """Any other answer is a no."""
    asked: list[str] = []

    def ask(text: str) -> str:
        asked.append(text)
        return typed

    if refused:
        with pytest.raises(SettingsError, match="prune was not typed, so nothing was done"):
            agree("deletes things", "prune", is_terminal=lambda: True, ask=ask)
    else:
        agree("deletes things", "prune", is_terminal=lambda: True, ask=ask)
    assert "This deletes things." in asked[0]


@pytest.mark.parametrize("argv", [("--prune",), ("--canary", "cluster-01")])
def test_options_are_offered_where_they_mean_something(argv: tuple[str, ...]) -> None:
    """A runbook that deletes nothing has no --prune, and one that changes nothing no --canary."""
    with pytest.raises(SystemExit):
        main(replace(judging(Verdict.PASS, mutates=False), mutates=False), argv)
