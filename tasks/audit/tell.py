"""The last stage: compare with what was told before, keep the audit, tell what has changed, and beat."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING

from tasks.audit import channels, message, textfile
from tasks.audit.around import UNDISTURBED, disturbed_since
from tasks.audit.comparison import FLAPPING, Comparison, compare, counts
from tasks.audit.history import open_history
from tasks.audit.look import Look, Side, look_of
from tasks.audit.silences import Silences, read_silences
from tasks.model.errors import InventoryError
from tasks.model.finding import FLEET, Finding, Outcome, Row, Verdict, skipped
from tasks.model.record import StageRecord
from tasks.reports.build import build
from tasks.run.files import write_atomically
from tasks.settings import masker

if TYPE_CHECKING:
    from tasks.audit.channels import Channel
    from tasks.audit.history import History
    from tasks.fleet.model import Fleet
    from tasks.model.record import RunRecord
    from tasks.reports.report import Report
    from tasks.run.context import RunContext

RUNBOOK = "nightly_audit"
COMPARED = Row("audit.compared", FLEET)
LISTENERS = Row("audit.listeners", FLEET)
TEXTFILE = Row("audit.textfile", FLEET)
HEARTBEAT = Row("audit.heartbeat", FLEET)
READABLE = 0o644
"""A node exporter runs as a user of its own."""


def declares(_fleet: Fleet) -> tuple[Row, ...]:
    """What becomes of the audit itself: one row per channel among them, set up or not."""
    return (COMPARED, LISTENERS, *(told_row(one) for one in channels.CHANNELS), TEXTFILE, HEARTBEAT)


def told_row(channel: Channel) -> Row:
    """The row that says whether a channel works."""
    return Row(f"audit.told.{channel.name}", FLEET)


def tell(record: RunRecord, ctx: RunContext) -> Outcome:
    """
    Compare, keep, tell, beat.

    Raises:
        HistoryError: the history cannot be read or written

    """
    if why := only_a_part(record):
        return Outcome(findings=tuple(skipped(row, why) for row in declares(ctx.fleet)))
    with open_history(ctx.state) as history:
        night = _kept(record, ctx, history)
        ctx.progress.doing(FLEET, f"telling {counts(night.comparison.changes)}")
        told = (*judge_kept(night), *(_told(one, ctx, history) for one in channels.CHANNELS))
        waiting = sum(len(history.outbox.waiting(one.name)) for one in channels.chosen(ctx.settings.notices))
    findings = (told[0], _listeners(ctx), *told[1:])
    report = reported(_with(record, findings), ctx)
    return Outcome(findings=(*findings, _textfile(report, night.comparison, waiting, ctx), _beat(ctx)))


def only_a_part(record: RunRecord) -> str:
    """Why a run is no whole audit, so that nothing is compared, kept or told; empty where it is one."""
    labels = record.labels
    if labels.runbook != RUNBOOK or labels.plan:
        return "not by the runbook, or only planned: nothing is compared, kept or told"
    chosen = all(member.chosen for member in labels.members)
    if not chosen or any(word.partition("=")[0] == "--only" for word in labels.argv):
        return "a part of the fleet or of the audit: nothing is compared, kept or told"
    return ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Night:
    """An audit that is kept; ``disturbed`` where a deployment held the fleet at some time of it."""

    comparison: Comparison
    disturbed: bool


def _kept(record: RunRecord, ctx: RunContext, history: History) -> Night:
    report = reported(record, ctx)
    disturbed = disturbed_since(ctx.state, record)
    now = unbelieved(look_of(report)) if disturbed else look_of(report)
    folder = str(ctx.state / "reports" / ctx.run_id)
    with history.transaction():
        comparison = compare(history.told(), history.recent(FLAPPING.audits - 1), now, silenced=_silences(ctx).cover)
        history.add(report, now, comparison)
        if comparison.worth_telling:
            names = [one.name for one in channels.chosen(ctx.settings.notices)]
            history.outbox.post(ctx.run_id, names, message.content_of(report, comparison, folder))
    return Night(comparison=comparison, disturbed=disturbed)


def reported(record: RunRecord, ctx: RunContext) -> Report:
    """The report as it stands now, masked, as if the run ended here."""
    return build(replace(record, finished=datetime.now(UTC)), masker(ctx.settings))


def unbelieved(look: Look) -> Look:
    """The same without what is red: a deployment was at work meanwhile, and only that it was is believed."""
    rows = {
        row: replace(seen, side=Side.UNKNOWN, cause=str(UNDISTURBED))
        if seen.side is Side.RED and row != str(UNDISTURBED)
        else seen
        for row, seen in look.rows.items()
    }
    return Look(run_id=look.run_id, rows=rows)


def _silences(ctx: RunContext) -> Silences:
    try:
        return read_silences(ctx.settings.notices.silences, datetime.now(UTC).date())
    except InventoryError:
        return Silences()  # told by the row of the first stage; until it is mended nothing is silenced


def judge_kept(night: Night) -> tuple[Finding, ...]:
    """What the comparison says, in a line; a deployment meanwhile is a warning."""
    before = f"against {night.comparison.before}" if night.comparison.before else "the first audit"
    said = f"{before}: {counts(night.comparison.changes)}"
    if night.disturbed:
        said += "; a deployment held the fleet meanwhile, and what is newly red is not believed"
    verdict = Verdict.WARN if night.disturbed else Verdict.PASS
    return (Finding(row=COMPARED, verdict=verdict, observed=said, wanted="no deployment while the audit looks"),)


def _listeners(ctx: RunContext) -> Finding:
    names = [one.name for one in channels.chosen(ctx.settings.notices)]
    if names:
        return Finding(row=LISTENERS, verdict=Verdict.PASS, observed=", ".join(names))
    return Finding(
        row=LISTENERS,
        verdict=Verdict.WARN,
        observed="no channel is set up: nobody is told",
        wanted="at least one channel",
        remedy="set AUDIT_WEBHOOK_URL, AUDIT_SLACK_URL or AUDIT_MAIL_TO in .env; docs/operate.md#nightly-audit",
    )


def _told(channel: Channel, ctx: RunContext, history: History) -> Finding:
    """Deliver what waits, oldest first; what fails keeps its place for the next audit."""
    row, notices = told_row(channel), ctx.settings.notices
    if not channel.configured(notices):
        return skipped(row, f"not set up: {channel.wants}")
    mask, waiting = masker(ctx.settings), history.outbox.waiting(channel.name)
    for delivered, one in enumerate(waiting):
        error = mask(channels.patiently(partial(channel.send, notices, one.content)))
        history.outbox.settle(one.number, error)
        if error:
            return _undelivered(row, error, len(waiting) - delivered, delivered)
    late = sum(one.attempts > 0 for one in waiting)
    said = f"told {channels.summary_of(waiting[-1].content)}" if waiting else "nothing to tell"
    said += f"; {late} of an earlier audit among them" if late else ""
    return Finding(row=row, verdict=Verdict.PASS, observed=said)


def _undelivered(row: Row, error: str, waiting: int, delivered: int) -> Finding:
    before = f"; {delivered} were delivered before it" if delivered else ""
    return Finding(
        row=row,
        verdict=Verdict.FAIL,
        observed=f"not delivered: {error}; {waiting} messages wait for the next audit{before}",
        wanted="every message is delivered",
        remedy="mend the channel, or its variables in .env; docs/operate.md#nightly-audit",
    )


def _textfile(report: Report, comparison: Comparison, waiting: int, ctx: RunContext) -> Finding:
    folder = ctx.settings.notices.textfile
    if folder is None:
        return skipped(TEXTFILE, "not set up: FLEETPROOF_TEXTFILE")
    path = folder / textfile.NAME
    try:
        write_atomically(path, textfile.metrics(report, comparison, waiting, datetime.now(UTC)), mode=READABLE)
    except OSError as error:
        remedy = f"let this user write there: ls -ld {folder}"
        said = f"{path} was not written: {error.strerror}"
        return Finding(row=TEXTFILE, verdict=Verdict.FAIL, observed=said, wanted="metrics of this audit", remedy=remedy)
    return Finding(row=TEXTFILE, verdict=Verdict.PASS, observed=f"wrote {path}")


def _beat(ctx: RunContext) -> Finding:
    notices = ctx.settings.notices
    if not notices.heartbeat_url:
        return skipped(HEARTBEAT, "not set up: AUDIT_HEARTBEAT_URL")
    if error := channels.patiently(lambda: channels.beat(notices)):
        return Finding(row=HEARTBEAT, verdict=Verdict.FAIL, observed=error, wanted="the heartbeat is heard")
    return Finding(row=HEARTBEAT, verdict=Verdict.PASS, observed="heard")


def _with(record: RunRecord, findings: tuple[Finding, ...]) -> RunRecord:
    """The run with what this stage has found so far, as the metrics count it."""
    stage = StageRecord(
        title="",
        slug="",
        mutates=False,
        reached=True,
        started_s=0,
        duration_s=0,
        hosts=(),
        findings=findings,
        changes=(),
    )
    return replace(record, stages=(*record.stages, stage))
