"""Whole audits without machines: a record of made-up rows, walked through the last stage as the runbook does."""

from __future__ import annotations

import time
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from tasks.audit import tell
from tasks.fleet.load import load_fleet
from tasks.model.finding import Finding, Measure, Row, Verdict
from tasks.notices import Notices
from tasks.run.context import RunContext
from tasks.settings import Settings
from tests.unit.onsite import ROOT, Told
from tests.unit.reports.specimens import labels, run_of, stage

if TYPE_CHECKING:
    from pathlib import Path

    from tasks.model.record import RunRecord

FIRST = datetime(2026, 11, 1, 3, 17, tzinfo=UTC)
SWAP = Row("host.swap", "cluster-02")
DISK = Row("host.disk.etcd", "cluster-02")


def red(row: Row, said: str = "swap is on") -> Finding:
    """A row that is bad."""
    return Finding(
        row=row,
        verdict=Verdict.FAIL,
        observed=said,
        wanted="none",
        remedy="sudo swapoff -a",
        reproduce="cat /proc/swaps",
    )


def good(row: Row) -> Finding:
    """A row that is good."""
    return Finding(row=row, verdict=Verdict.PASS, observed="fine")


def disk(used: float) -> Finding:
    """A row with a number."""
    measured = (Measure(name="disk.used", value=used, unit="%"),)
    return Finding(row=DISK, verdict=Verdict.PASS, observed=f"{used} % used", measured=measured)


def audit(number: int, *findings: Finding, **changed: object) -> RunRecord:
    """The record of one night's audit, before its last stage."""
    looking = stage("Check hosts", 0.1, findings, {}, mutates=False, took=2.0)
    named = replace(labels(), run_id=f"2026110{number}T031700Z-{number:04}", **{"runbook": "nightly_audit", **changed})  # type: ignore[arg-type]
    return replace(run_of(looking), labels=named, started=FIRST + timedelta(days=number), finished=None)


@dataclass
class Site:
    """A site with its own state folder."""

    state: Path
    notices: Notices = field(default_factory=Notices)

    def tell(self, record: RunRecord) -> dict[str, Finding]:
        """Walk the last stage; its rows by check."""
        outcome = tell.tell(record, self.context(record))
        assert {finding.row for finding in outcome.findings} == set(tell.declares(load_fleet(ROOT / "inventory")))
        return {finding.row.check: finding for finding in outcome.findings}

    def context(self, record: RunRecord) -> RunContext:
        """What the stage is handed."""
        return RunContext(
            fleet=load_fleet(ROOT / "inventory"),
            settings=Settings(state=self.state, notices=self.notices),
            root=ROOT,
            state=self.state,
            plan=False,
            run_id=record.labels.run_id,
            progress=Told(),
            deadline_at=time.monotonic() + 60,
        )
