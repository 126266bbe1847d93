"""
Record what a machine answers to the preflight's scripts, as new cases for these tests.

    python -m lab exec -- python tests/unit/preflight/record.py cluster-01 lab-bare

writes `tests/recorded/preflight/hosts/lab-bare/` (the facts) and `.../paths/lab-bare/` (the probes). `origin.md` is
written by hand: which machine, which state, which day.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from tasks import open_nornir
from tasks.model.command import Command
from tasks.preflight.facts import fact_script
from tasks.preflight.paths import path_script
from tasks.transport.shell_of import shell_of

if TYPE_CHECKING:
    from nornir.core.task import Result, Task

RECORDED = Path(__file__).resolve().parents[2] / "recorded" / "preflight"


def record(task: Task, case: str) -> Result:
    """Run both scripts and keep their two streams."""
    from nornir.core.task import Result  # noqa: PLC0415  as everywhere

    site = task.nornir.inventory.defaults.data["fleet"]
    scripts = {"hosts": fact_script(site), "paths": path_script(site, site.cluster(task.host.name))}
    for kind, script in scripts.items():
        done = shell_of(task).run(Command.script(script, timeout_s=60, sudo=True)).must_succeed()
        folder = RECORDED / kind / case
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "stdout.txt").write_text(done.stdout, "utf-8")
        (folder / "stderr.txt").write_text(done.stderr, "utf-8")
    return Result(host=task.host)


if __name__ == "__main__":
    host, case = sys.argv[1:]
    outcome = open_nornir().filter(name=host).run(record, case=case)
    sys.exit(outcome.failed or not outcome)
