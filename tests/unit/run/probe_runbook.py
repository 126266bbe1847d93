"""
A runbook for tests that need a process of its own: three stages that each converge one file per host.

Its world is the folder ``PROBE_WORLD``; ``PROBE_FAULT`` is ``KIND:STAGE:HOST`` and says what goes wrong where:

    kill       SIGKILL in the middle of the step, after the change
    hang       the step never ends, and says what it waits for
    linger     the step ends after a moment, so that a signal can come in between
    leak       the step tells and raises the secret S3 key
    kill-write SIGKILL at the journal's write number STAGE, before (HOST=before) or after it

``PROBE_AGAIN`` adds a last stage that looks.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tasks.model.finding import FLEET, Finding, Outcome, Row, Verdict
from tasks.run import journal
from tasks.run.change import Gate
from tasks.run.runbook import Runbook, main
from tasks.run.stage import Stage
from tasks.run.step import done

if TYPE_CHECKING:
    from collections.abc import Callable

WORLD = Path(os.environ["PROBE_WORLD"])
KIND, WHERE, WHO = (*os.environ.get("PROBE_FAULT", "").split(":"), "", "", "")[:3]


def die() -> None:
    """As the kernel's out-of-memory killer would have it."""
    os.kill(os.getpid(), signal.SIGKILL)


def go_wrong(stage: str, host: str, ctx: Any) -> None:
    """What this process was told to do here."""
    if (stage, host) != (WHERE, WHO):
        return
    ctx.progress.doing(host, "waiting for the end of the world")
    (WORLD / "reached").touch()
    secret = os.environ.get("S3_SECRET_KEY", "")
    match KIND:
        case "kill":
            die()
        case "hang":
            threading.Event().wait()
        case "linger":
            time.sleep(1.5)
        case "leak":
            ctx.progress.note(f"the key is {secret}")
            raise ValueError(f"cannot log in with {secret}")


def converging(slug: str) -> Callable[..., Any]:
    """A host step that makes the file of its stage where it is missing."""

    def step(task: Any, *, ctx: Any) -> Any:
        host = task.host.name
        with (WORLD / "walked").open("a") as log:
            log.write(f"{slug} {host}\n")
        gate, path = Gate(host, plan=ctx.plan), WORLD / f"{slug}.{host}"
        if not path.exists():
            gate.make(f"make {path.name}", path.touch, undo=f"rm {path.name}")
        go_wrong(slug, host, ctx)
        found = Finding(row=Row(f"{slug}.made", host), verdict=Verdict.PASS, observed="it is there")
        return done(task, Outcome(findings=(found,), changes=gate.changes))

    return step


def converge(title: str) -> Stage:
    """A mutating stage of that title."""
    slug = title.lower()
    return Stage(
        title=title,
        declares=lambda fleet: tuple(Row(f"{slug}.made", cluster.name) for cluster in fleet.clusters),
        on_hosts=converging(slug),
        mutates=True,
    )


def looking(title: str) -> Stage:
    """A stage that judges the operator's machine."""
    slug = title.lower()
    row = Row(f"{slug}.tools", FLEET)

    def look(_outcomes: Any, ctx: Any) -> Outcome:
        go_wrong(slug, FLEET, ctx)
        return Outcome(findings=(Finding(row=row, verdict=Verdict.PASS, observed="all there"),))

    return Stage(title=title, declares=lambda _fleet: (row,), on_fleet=look)


STAGES = (looking("Look"), converge("One"), converge("Two"), converge("Three"))
if "PROBE_AGAIN" in os.environ:
    STAGES = (*STAGES, looking("Again"))


def mine(number: int, moment: str) -> None:
    """Die before or after the journal's write of that number."""
    real, count = journal.write_atomically, iter(range(1, 1000))

    def write(path: Path, text: str) -> None:
        here = next(count) == number
        if here and moment == "before":
            die()
        real(path, text)
        if here:
            die()

    journal.write_atomically = write


if __name__ == "__main__":
    if KIND == "kill-write":
        mine(int(WHERE), WHO)
    runbook = Runbook(name="probe", summary="Probe.", examples=("probe.py",), stages=STAGES, mutates=True)
    sys.exit(main(runbook))
