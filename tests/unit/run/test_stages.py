"""The REPL's way to walk stages."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tasks import open_nornir
from tasks.model.errors import Locked
from tasks.model.finding import Finding, Outcome, Row, Verdict
from tasks.model.record import Exit
from tasks.reports import text
from tasks.run.lock import hold, holder
from tasks.run.stages import run_stages
from tasks.settings import load_settings
from tests.unit.run.workbench import failing

if TYPE_CHECKING:
    from pathlib import Path

    from nornir.core.task import Task

    from tasks.run.context import RunContext
    from tests.unit.run.workbench import Workbench


def test_a_filtered_fleet_is_walked_and_reported(bench: Workbench, capsys: pytest.CaptureFixture[str]) -> None:
    """The same rows as in a runbook; hosts that were filtered out are skipped in sight."""
    report = run_stages(open_nornir().filter(region="edge"), [bench.stage("host.ssh")])
    assert (report.exit_code, report.totals.passed, report.totals.skipped) == (Exit.GREEN, 3, 1)
    assert "GREEN: 3 of 4 rows judged" in text.render(report)
    assert "[1/1] Look" in capsys.readouterr().err


def test_machines_are_changed_by_runbooks_alone(bench: Workbench) -> None:
    """Without lock and journal nothing is mutated; a plan may be made."""
    stages = [bench.stage("init", title="Init", mutates=True)]
    with pytest.raises(ValueError, match="init would change machines"):
        run_stages(open_nornir(), stages)
    assert run_stages(open_nornir(), stages, plan=True).exit_code == Exit.GREEN


def test_a_proof_holds_the_fleet_and_what_only_looks_does_not(bench: Workbench) -> None:
    """A proof may make what it removes again; two at once would remove each other's."""

    def telling(task: Task, ctx: RunContext) -> Outcome:
        held = holder(ctx.state / "lock")
        said = f"{'proves' if not ctx.read_only else 'looks'}, held by {held.runbook if held else 'nobody'}"
        return Outcome(findings=(Finding(row=Row("a", task.host.name), verdict=Verdict.PASS, observed=said),))

    stages = [bench.stage("a", host=telling)]
    for prove, said in ((True, "proves, held by repl"), (False, "looks, held by nobody")):
        report = run_stages(open_nornir(), stages, prove=prove)
        assert {finding.observed for finding in report.findings} == {said}
    with (
        hold(load_settings().state / "lock", runbook="full_deploy", run_id="x", tell=str),
        pytest.raises(Locked, match="full_deploy"),
    ):
        run_stages(open_nornir(), stages, prove=True)


def test_no_host_left_is_refused(bench: Workbench) -> None:
    """A filter that matches nothing is not a success."""
    with pytest.raises(ValueError, match="no host is chosen"):
        run_stages(open_nornir().filter(name="nobody"), [bench.stage("a")])


def test_the_sites_waivers_count(bench: Workbench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What the operator lives with does not block in the REPL either, and stays visible."""

    def swapping(task: Task, ctx: RunContext) -> Outcome:
        del ctx
        return Outcome(findings=(failing(Row("host.swap", task.host.name)),))

    stages = [bench.stage("host.swap", host=swapping)]
    assert run_stages(open_nornir(), stages).exit_code == Exit.BAD
    waivers = tmp_path / "waivers.yaml"
    waivers.write_text("- {check: host.swap, reason: test box}\n- {check: host.cpu, reason: small}\n")
    monkeypatch.setenv("FLEETPROOF_WAIVERS", str(waivers))
    report = run_stages(open_nornir(), stages)
    assert (report.exit_code, report.totals.waived) == (Exit.GREEN, 4)
    assert any("for no row of this run: host.cpu" in note for note in report.notes)
