"""May these hosts become clusters, or are they what they should be? Looks, and changes nothing."""

from __future__ import annotations

import sys

from tasks.preflight.causes import HOST_CAUSES, PATH_CAUSES
from tasks.preflight.check_fleet import check_fleet
from tasks.preflight.check_host import check_host
from tasks.preflight.check_operator import check_operator
from tasks.preflight.check_paths import check_paths, check_vips
from tasks.preflight.knock import knock
from tasks.preflight.rows import host_rows, operator_rows, path_stage_rows
from tasks.run.runbook import Runbook, main
from tasks.run.stage import Stage

STAGES = (
    Stage(
        title="Check operator",
        declares=operator_rows,
        on_hosts=knock,
        on_fleet=check_operator,
        deadline_s=60,
    ),
    Stage(
        title="Check hosts",
        declares=host_rows,
        on_hosts=check_host,
        on_fleet=check_fleet,
        causes=HOST_CAUSES,
        deadline_s=120,
    ),
    Stage(
        title="Check paths",
        declares=path_stage_rows,
        on_hosts=check_paths,
        on_fleet=check_vips,
        causes=PATH_CAUSES,
        even_after_failure=True,
        deadline_s=120,
    ),
)

RUNBOOK = Runbook(
    name="preflight",
    summary="Check that every host can become, or is, its cluster; that all paths work; and that VIPs are free.",
    examples=(
        "python runbooks/preflight.py",
        "python runbooks/preflight.py --limit cluster-02,cluster-03",
        "python runbooks/preflight.py --only check-hosts --json > report.json",
        "python runbooks/preflight.py --waive host.cpu@cluster-04='small box, no monitoring there'",
    ),
    stages=STAGES,
    mutates=False,
)

if __name__ == "__main__":
    sys.exit(main(RUNBOOK))
