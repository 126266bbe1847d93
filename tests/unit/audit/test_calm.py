"""The audit's stages as it walks them: nothing bad keeps the rest from being asked, and one cause is told once."""

from __future__ import annotations

import runpy
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from tasks.audit.around import UNDISTURBED
from tasks.audit.calm import calmly
from tasks.fleet.load import load_fleet
from tasks.model.finding import FLEET, Finding, Outcome, Row, Verdict
from tasks.run.collapse import collapse
from tasks.run.stage import Stage
from tests.unit.onsite import ROOT
from tests.unit.run.workbench import failing, passing

if TYPE_CHECKING:
    from tasks.run.runbook import Runbook


@pytest.fixture
def runbook(monkeypatch: pytest.MonkeyPatch) -> Runbook:
    """The real one."""
    monkeypatch.syspath_prepend(str(ROOT / "runbooks"))
    book: Runbook = runpy.run_path(str(ROOT / "runbooks" / "nightly_audit.py"))["RUNBOOK"]
    return book


def collapsed(rows: list[Finding]) -> dict[str, str]:
    """Bad row to its cause, as the engine marks it under the audit's causes."""
    stage = calmly(Stage(title="x", declares=lambda _fleet: (), on_fleet=lambda _o, _c: Outcome()))
    found = collapse(rows, causes=stage.causes)
    return {str(one.row): str(one.blocked_by or "") for one in found if one.verdict is not Verdict.PASS}


def test_nothing_of_the_audit_changes_a_machine(runbook: Runbook) -> None:
    """No stage mutates, so it takes no lock and every transport refuses."""
    assert not runbook.mutates
    assert not any(stage.mutates for stage in runbook.stages)


def test_every_looking_stage_is_walked_whatever_was_found(runbook: Runbook) -> None:
    """A host with swap on still has certificates that end."""
    walked = [stage.even_after_failure for stage in runbook.stages if stage.on_hosts]
    assert len(walked) == 13
    assert all(walked)


def test_every_check_of_the_audit_has_the_deployment_as_its_cause(runbook: Runbook) -> None:
    """A probe whose rows no prefix covers would be false red while somebody deploys."""
    fleet = load_fleet(ROOT / "inventory")
    for stage in runbook.stages:
        if stage.on_record or stage.slug == "look-around":
            continue
        for row in stage.declares(fleet):
            named = [key for key in stage.causes if row.check == key or row.check.startswith(f"{key}.")]
            assert any(f"{UNDISTURBED.check}@fleet" in stage.causes[key] for key in named), row


def test_a_deployment_under_way_is_the_one_cause() -> None:
    """Everything red follows from it; what is good stays good."""
    disturbed = Finding(row=UNDISTURBED, verdict=Verdict.ERROR, observed="held")
    rows = [Row("host.swap", "cluster-01"), Row("drift.thanos", "cluster-01"), Row("s3.endpoint", FLEET)]
    got = collapsed([disturbed, *map(failing, rows), passing(Row("host.cpu", "cluster-01"))])
    assert got == {str(UNDISTURBED): ""} | {str(row): str(UNDISTURBED) for row in rows}


def test_a_host_that_is_away_is_one_headline() -> None:
    """Its API server, its drift and its services are not told again."""
    away = failing(Row("reach.from-operator", "cluster-03"))
    rows = [Row(check, "cluster-03") for check in ("host.swap", "api.ready", "drift.thanos", "answers.targets")]
    assert set(collapsed([away, *map(failing, rows)]).values()) == {"", "reach.from-operator@cluster-03"}


def test_an_expired_certificate_is_why_the_api_server_is_silent() -> None:
    """The certificate is the headline, not the silence."""
    rows = [failing(Row(check, "cluster-02")) for check in ("certificates.control-plane", "api.ready", "drift.thanos")]
    assert collapsed(rows) == {
        "certificates.control-plane@cluster-02": "",
        "api.ready@cluster-02": "certificates.control-plane@cluster-02",
        "drift.thanos@cluster-02": "certificates.control-plane@cluster-02",
    }


@pytest.mark.parametrize(
    ("cause", "consequence"),
    [
        (Row("host.containerd", "cluster-02"), Row("settled.monitoring", "cluster-02")),
        (Row("host.sysctl.net.ipv4.ip_forward", "cluster-02"), Row("answers.targets", "cluster-02")),
        (Row("host.sysctl.net.ipv4.ip_forward", "cluster-02"), Row("reach.operator.storeapi", FLEET, "cluster-02")),
        (Row("reach.mtu", "cluster-02", "cluster-03"), Row("drift.cilium", "cluster-02")),
        (Row("reach.mtu", "cluster-02", "cluster-03"), Row("reach.host.storeapi", "cluster-01", "cluster-02")),
        (Row("s3.endpoint", FLEET), Row("answers.targets", "cluster-02")),
        (Row("s3.endpoint", FLEET), Row("query.strict", "cluster-01")),
        (Row("s3.endpoint", FLEET), Row("panels.thanos", "cluster-01")),
        (Row("vip.free", "cluster-02"), Row("reach.operator.storeapi", FLEET, "cluster-02")),
        (Row("vip.free", "cluster-02"), Row("ingress.http.prometheus", "cluster-02")),
        (Row("reach.dns", "cluster-02", "192.168.101.1"), Row("ingress.name.prometheus", "cluster-02")),
    ],
)  # fmt: skip
def test_what_was_seen_to_follow_from_a_fault_blames_it(cause: Row, consequence: Row) -> None:
    """Each pair stood in a report of the lab with that fault in force; elsewhere the same row stands for itself."""
    assert collapsed([failing(cause), failing(consequence)])[str(consequence)] == str(cause)
    other = {"target": "cluster-04"} if consequence.target != FLEET else {}
    elsewhere = replace(consequence, **other, **({"peer": "cluster-04"} if consequence.peer else {}))
    if cause.target != FLEET:
        assert collapsed([failing(cause), failing(elsewhere)])[str(elsewhere)] == ""
