"""
The audit over a made-up fleet: every host answers what one real machine was recorded to say, and nothing is sent.

Real are the stages, parsing, judging, the marking of consequences, the record, the comparison with the night before and
the page. Prints how many rows came back as JSON. Usage: PYTHONPATH=runbooks python audit_simulated.py HOSTS FOLDER
"""

import io
import json
import sys
import time
from dataclasses import replace
from ipaddress import IPv4Address
from pathlib import Path

from nightly_audit import STAGES as AUDIT
from nornir.core import Nornir
from nornir.core.inventory import Host, Hosts

from tasks import open_nornir
from tasks.audit import tell
from tasks.audit.page import pages
from tasks.fleet.model import Fleet
from tasks.model.record import RunRecord
from tasks.run.context import RunContext
from tasks.run.declare import declare
from tasks.run.engine import Engine
from tasks.run.interrupt import Stop
from tasks.run.progress import View
from tasks.run.site import Site, labels_of
from tasks.run.waiver import Waivers
from tasks.settings import ROOT, Settings
from tasks.transport.fake import KeptShell, ScriptedShell

RECORDED = ROOT / "tests" / "recorded" / "preflight" / "hosts" / "lab-bare"
FIRST = int(IPv4Address("10.200.0.1"))
STAGES = tuple(it for it in AUDIT if it.slug in {"check-hosts", "tell-changes"})


def audit(count: int, state: Path) -> RunRecord:
    """One night of a fleet of ``count`` hosts."""
    settings = Settings(state=state)
    nornir = open_nornir(ROOT, settings)
    fleet = _fleet_of(nornir.inventory.defaults.data["fleet"], count)
    _people(nornir, fleet)
    view = View(io.StringIO(), lambda text: text)
    ctx = RunContext(
        fleet=fleet,
        settings=settings,
        root=ROOT,
        state=state,
        plan=False,
        run_id=f"20261126T000000Z-{count:04x}",
        progress=view,
        deadline_at=time.monotonic() + 900,
    )
    site = Site(root=ROOT, settings=settings, nornir=nornir, fleet=fleet)
    hosts = tuple(nornir.inventory.hosts)
    record = Engine(
        nornir=nornir,
        ctx=ctx,
        labels=labels_of(site, ctx, runbook="nightly_audit", summary="", argv=(), hosts=hosts),
        stages=STAGES,
        declared=declare(STAGES, fleet),
        hosts=hosts,
        stop=Stop(grace_s=0.0),
        view=view,
        canary="",
        waivers=Waivers(),
    ).run()
    (state / "audit.html").write_text(pages(tell.reported(record, ctx), ctx)["audit.html"])
    return record


def _fleet_of(real: Fleet, count: int) -> Fleet:
    """The inventory's clusters over and over, under other names and addresses."""
    clusters = (
        replace(real.clusters[number % len(real.clusters)], name=f"c{number:03}", address=IPv4Address(FIRST + number))
        for number in range(count)
    )
    return replace(real, clusters=tuple(clusters))


def _people(nornir: Nornir, fleet: Fleet) -> None:
    """Put the made-up hosts in the place of the inventory's, each with a shell that knows one answer."""
    stdout, stderr = ((RECORDED / f"{name}.txt").read_text("utf-8") for name in ("stdout", "stderr"))
    like = next(iter(nornir.inventory.hosts.values()))
    hosts = Hosts()
    for cluster in fleet.clusters:
        shell = ScriptedShell()
        shell.answer_if(lambda _: True, stdout=stdout, stderr=stderr)
        shell.answer_if(lambda it: it.argv[:1] == ("date",), stdout=f"{time.time()}\n")
        hosts[cluster.name] = Host(
            name=cluster.name, hostname=str(cluster.address), data=dict(like.data), defaults=nornir.inventory.defaults
        )
        hosts[cluster.name].connections["node_shell"] = KeptShell(shell)
    nornir.inventory.hosts = hosts


if __name__ == "__main__":
    found = audit(int(sys.argv[1]), Path(sys.argv[2]))
    print(json.dumps({"rows": len(found.findings)}))
