"""One run from options to exit code; loaded only after the options are known to be right."""

from __future__ import annotations

import os
import shutil
import sys
import traceback
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from tasks.model.errors import FleetError
from tasks.model.record import Exit
from tasks.reports import json, text
from tasks.run.afterwards import pay_what_is_owed
from tasks.run.confirm import agree, confirm
from tasks.run.deliver import Delivery
from tasks.run.engine import Engine
from tasks.run.history import last_durations
from tasks.run.hooks import Hooks, Several
from tasks.run.interrupt import Stop, signals_stop
from tasks.run.journal import Journal
from tasks.run.live import open_view
from tasks.run.lock import hold
from tasks.run.order import Order, listing, order_of
from tasks.run.resume import Journalled, digest_of, inputs_of
from tasks.run.site import labels_of, library, new_context, open_site
from tasks.settings import ROOT, load_settings, masker

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tasks.model.record import RunRecord
    from tasks.reports.report import Report
    from tasks.run.context import RunContext
    from tasks.run.options import Options
    from tasks.run.progress import View
    from tasks.run.runbook import Runbook


@dataclass(frozen=True, slots=True)
class Session:
    """A run's exit code, and the hosts whose given-up step is still busy in a thread of this process."""

    code: int
    left_behind: tuple[str, ...] = ()


def run_session(runbook: Runbook, options: Options, argv: tuple[str, ...], root: Path | None) -> Session:
    """
    Open the site, hold the lock, walk the stages, write and show the report.

    Raises:
        InventoryError, SettingsError, BrokenRunbook, Locked: nothing has been run

    """
    order = order_of(runbook, options, argv, open_site(root))
    if options.list:
        _show(listing(order))
        return Session(0)
    if runbook.confirm and not options.plan:
        confirm(runbook.confirm, order.hosts, options.confirmed)
    if options.prune and not options.plan and not options.yes:
        where = ", ".join(order.hosts)
        agree(f"deletes from {where} what earlier versions left there; --plan --prune shows each object", "prune")
    return _run(order)


def _run(order: Order) -> Session:
    options, mask, notes = order.options, masker(order.site.settings), list(order.notes)
    with ExitStack() as stack:
        view = stack.enter_context(open_view(sys.stderr, mask))
        ctx = _context(order, view)

        def tell(said: str) -> None:
            notes.append(said)
            view.note(said)

        if order.touches:
            stack.enter_context(hold(ctx.state / "lock", runbook=order.runbook.name, run_id=ctx.run_id, tell=tell))
        reports = options.report_dir or ctx.state / "reports"
        delivery = Delivery(reports, ctx.run_id, mask)
        view.log_to(stack.enter_context(delivery.log()))
        view.before = last_durations(reports, order.runbook.name)
        stop = Stop()
        stack.enter_context(signals_stop(stop, view.note))
        engine = _engine(order, ctx, view, stop, Several(_journal(order, ctx, tell), delivery), notes)
        view.begun(order.runbook.name, order.hosts, ctx, order.notes)
        try:
            engine.run()
        finally:
            pay_what_is_owed(tell)
            report, code, page = _delivered(delivery, engine.record(), order, ctx)
    _show(json.dump(report) if options.json else _readable(report))
    print(f"report: {delivery.folder}/{page}", file=sys.stderr)  # noqa: T201  a command line program speaks
    return Session(code, engine.standing.left_behind)


def _context(order: Order, view: View) -> RunContext:
    options, looks = order.options, not order.runbook.mutates
    return new_context(
        order.site, view, plan=options.plan, deadline_s=options.deadline_s, prune=options.prune, read_only=looks
    )


def _delivered(delivery: Delivery, record: RunRecord, order: Order, ctx: RunContext) -> tuple[Report, int, str]:
    """The report, the exit code (a run whose report could not be kept is not proven) and the page to open."""
    report, page = delivery.report(record), "report.html"
    try:
        delivery.finish(report)
        if order.runbook.pages:
            page = delivery.add(order.runbook.pages(report, ctx))
    except (OSError, FleetError) as error:
        ctx.progress.note(f"the report could not be written to {delivery.folder}: {error}")
        return report, report.exit_code or Exit.UNJUDGED, page
    return report, report.exit_code, page


def masked_traceback(root: Path | None) -> str:
    """The exception that is being handled, with its traceback, without secrets."""
    try:
        mask = masker(load_settings(root or ROOT))
    except Exception:  # noqa: BLE001  without the secrets nothing can be masked, so nothing is shown
        return "the run failed, and the settings by which its traceback would be masked cannot be read"
    return mask(traceback.format_exc())


def _show(what: str) -> None:
    """Print, whatever the terminal's encoding; a reader that has gone away changes no verdict."""
    encoding = sys.stdout.encoding or "utf-8"
    try:
        sys.stdout.write(what.encode(encoding, "replace").decode(encoding))
        sys.stdout.flush()
    except BrokenPipeError:
        # what is still buffered would be written, and fail again, when the process ends
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _readable(report: Report) -> str:
    colour = sys.stdout.isatty() and "NO_COLOR" not in os.environ
    return text.render(report, width=shutil.get_terminal_size((100, 24)).columns if colour else 100, colour=colour)


def _journal(order: Order, ctx: RunContext, tell: Callable[[str], None]) -> Hooks:
    if not order.runbook.mutates:
        return Hooks()
    site, manifests = order.site, digest_of(order.site.root / "kustomize")
    digest = partial(
        inputs_of,
        site.fleet,
        traits=site.settings.traits,
        library=library(),
        manifests=manifests,
        prune=order.options.prune,
    )
    inputs = {host: digest(host) for host in order.hosts}
    return Journalled(
        Journal(ctx.state / "journal", tell),
        order.runbook.stages,
        inputs,
        runbook=order.runbook.name,
        run_id=ctx.run_id,
        resume=order.options.resume,
        write=order.touches,
    )


def _engine(order: Order, ctx: RunContext, view: View, stop: Stop, hooks: Hooks, notes: list[str]) -> Engine:
    book = order.runbook
    return Engine(
        nornir=order.site.nornir,
        ctx=ctx,
        labels=labels_of(order.site, ctx, runbook=book.name, summary=book.summary, argv=order.argv, hosts=order.hosts),
        stages=order.stages,
        declared=order.declared,
        hosts=order.hosts,
        canary=order.options.canary,
        waivers=order.waivers,
        stop=stop,
        view=view,
        hooks=hooks,
        notes=notes,
    )
