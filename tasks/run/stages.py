"""Stages from the REPL: the same checks, the same accounting, the same report as in a runbook."""

from __future__ import annotations

import sys
from contextlib import ExitStack
from typing import TYPE_CHECKING

from tasks.reports.build import build
from tasks.run.afterwards import pay_what_is_owed
from tasks.run.declare import declare
from tasks.run.engine import Engine
from tasks.run.interrupt import Stop
from tasks.run.live import open_view
from tasks.run.lock import hold
from tasks.run.site import Site, labels_of, new_context
from tasks.run.waiver import filed_waivers
from tasks.settings import ROOT, load_settings, masker

if TYPE_CHECKING:
    from collections.abc import Sequence

    from nornir.core import Nornir

    from tasks.reports.report import Report
    from tasks.run.stage import Stage


def run_stages(
    nornir: Nornir,
    stages: Sequence[Stage],
    *,
    plan: bool = False,
    prove: bool = False,
    deadline_s: float = 7200.0,
) -> Report:
    """
    Walk stages over the hosts of ``nornir``; progress goes to standard error, no report is written.

    The site's waivers (FLEETPROOF_WAIVERS) count as they do in a runbook.

    Arguments:
        nornir: from ``tasks.open_nornir``, filtered as you like
        plan: needed where a stage mutates; what changes machines for good is a runbook, with its journal
        prove: let proofs make objects that they remove again, holding the fleet meanwhile; else nothing is made

    Raises:
        ValueError: a stage mutates and this is no plan, or no host is left
        SettingsError: the environment or the file of waivers is wrong
        Locked: somebody else holds the fleet

    """
    if not plan and (mutating := [stage.slug for stage in stages if stage.mutates]):
        raise ValueError(f"{', '.join(mutating)} would change machines: pass plan=True, or run the runbook")
    settings = load_settings(ROOT)
    mask = masker(settings)
    site = Site(root=ROOT, settings=settings, nornir=nornir, fleet=nornir.inventory.defaults.data["fleet"])
    hosts = tuple(cluster.name for cluster in site.fleet.clusters if cluster.name in nornir.inventory.hosts)
    declared = declare(stages, site.fleet)
    waivers, notes = filed_waivers(settings.waivers, [row for rows in declared.values() for row in rows])
    with ExitStack() as stack:
        view = stack.enter_context(open_view(sys.stderr, mask))
        ctx = new_context(site, view, plan=plan, deadline_s=deadline_s, read_only=not prove)
        if prove and not plan:
            stack.enter_context(hold(ctx.state / "lock", runbook="repl", run_id=ctx.run_id, tell=view.note))
            stack.callback(pay_what_is_owed, view.note)
        engine = Engine(
            nornir=nornir,
            ctx=ctx,
            labels=labels_of(site, ctx, runbook="repl", summary="", argv=(), hosts=hosts),
            stages=tuple(stages),
            declared=declared,
            hosts=hosts,
            waivers=waivers,
            notes=list(notes),
            stop=Stop(),
            view=view,
        )
        return build(engine.run(), mask)
