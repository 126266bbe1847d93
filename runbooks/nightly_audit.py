"""Is the fleet still what it should be, what has changed since the last night, and where does it lead? Looks only."""

from __future__ import annotations

import sys

from drift import STAGES as DRIFT
from preflight import STAGES as PREFLIGHT

from tasks.audit import around, judge_trends, tell
from tasks.audit.calm import PATIENCE_S, calmly
from tasks.audit.page import pages
from tasks.deploy.stages import workloads_stage
from tasks.monitoring.patience import NEXT_SCRAPE_S
from tasks.monitoring.stages import services_stage
from tasks.panels.stages import dashboards_stage
from tasks.preflight.check_operator import look_operator
from tasks.preflight.knock import knock
from tasks.preflight.rows import seat_rows
from tasks.probes import control_plane
from tasks.probes.stages import ingress_stage
from tasks.run.runbook import Runbook, main
from tasks.run.stage import Stage
from tasks.thanos.stages import blocks_stage, query_stage, storeapi_stage

_, CHECK_HOSTS, CHECK_PATHS = PREFLIGHT

LOOKING = (
    Stage(title="Look around", declares=around.declares, on_fleet=around.look, deadline_s=60),
    calmly(Stage(title="Look at operator", declares=seat_rows, on_hosts=knock, on_fleet=look_operator, deadline_s=60)),
    calmly(CHECK_HOSTS),
    calmly(CHECK_PATHS),
    calmly(
        Stage(
            title="Inspect control planes",
            declares=control_plane.declares,
            on_hosts=control_plane.inspect,
            deadline_s=120,
        )
    ),
    *map(calmly, DRIFT),
    calmly(workloads_stage("Look at workloads", PATIENCE_S)),
    calmly(services_stage(NEXT_SCRAPE_S)),
    calmly(storeapi_stage(PATIENCE_S)),
    calmly(query_stage(PATIENCE_S)),
    calmly(blocks_stage(PATIENCE_S)),
    calmly(dashboards_stage(PATIENCE_S)),
    calmly(ingress_stage()),
)

TELLING = (
    Stage(title="Judge trends", declares=judge_trends.declares, on_record=judge_trends.judge, deadline_s=60),
    Stage(title="Tell changes", declares=tell.declares, on_record=tell.tell, deadline_s=300),
)

STAGES = (*LOOKING, *TELLING)

RUNBOOK = Runbook(
    name="nightly_audit",
    summary="Look at everything, change nothing, and tell what differs from the audit before.",
    examples=(
        "python runbooks/nightly_audit.py",
        "python runbooks/nightly_audit.py --limit cluster-03     # compared and told to nobody: it is no whole audit",
        "python runbooks/nightly_audit.py --only inspect-control-planes --json > report.json",
    ),
    stages=STAGES,
    mutates=False,
    pages=pages,
)

if __name__ == "__main__":
    sys.exit(main(RUNBOOK))
