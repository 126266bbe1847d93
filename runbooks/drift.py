"""Is every cluster still what the tree says? Compares by the API server's own dry run, and changes nothing."""

from __future__ import annotations

import sys

from tasks.deploy import drifted
from tasks.opensearch import drifted as settings
from tasks.run.runbook import Runbook, main
from tasks.run.stage import Stage

STAGES = (
    Stage(title="Compare clusters", declares=drifted.declares, on_hosts=drifted.compare, deadline_s=600),
    Stage(title="Compare OpenSearch", declares=settings.declares, on_hosts=settings.compare, deadline_s=120),
)

RUNBOOK = Runbook(
    name="drift",
    summary="Compare what every cluster has with what its overlays say: each field that differs, what is left over.",
    examples=(
        "python runbooks/drift.py",
        "python runbooks/drift.py --limit cluster-03 --json > report.json",
    ),
    stages=STAGES,
    mutates=False,
)

if __name__ == "__main__":
    sys.exit(main(RUNBOOK))
