"""The proof alone: every path from the operator, every host and a pod of every cluster. Leaves nothing behind."""

from __future__ import annotations

import sys

from tasks.probes import prove
from tasks.run.runbook import Runbook, main
from tasks.run.stage import Stage

STAGES = (
    Stage(
        title="Prove paths",
        declares=prove.declares,
        on_hosts=prove.prove,
        on_fleet=prove.judge_wire,
        causes=prove.CAUSES,
        deadline_s=420,
    ),
)

RUNBOOK = Runbook(
    name="verify_reach",
    summary="Prove that every cluster, address and path works, with objects that are removed again at once.",
    examples=(
        "python runbooks/verify_reach.py",
        "python runbooks/verify_reach.py --limit cluster-01,cluster-02 --json > report.json",
    ),
    stages=STAGES,
    mutates=True,  # takes the lock: two proofs at once would remove each other's objects
)

if __name__ == "__main__":
    sys.exit(main(RUNBOOK))
