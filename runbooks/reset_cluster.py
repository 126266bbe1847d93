"""Put the machines you name back to where they were before their clusters; every other cluster stays as it is."""

from __future__ import annotations

import sys

from preflight import STAGES as PREFLIGHT

from tasks.deploy import forget
from tasks.kubeadm import reset
from tasks.run.runbook import Runbook, main
from tasks.run.stage import Stage

CHECK_HOSTS = next(stage for stage in PREFLIGHT if stage.slug == "check-hosts")

STAGES = (
    Stage(title="Survey other clusters", declares=forget.survey_declares, on_fleet=forget.survey, deadline_s=60),
    Stage(title="Reset hosts", declares=reset.declares, on_hosts=reset.reset, mutates=True, deadline_s=600),
    Stage(
        title="Forget clusters", declares=forget.forget_declares, on_hosts=forget.forget, mutates=True, deadline_s=60
    ),
    CHECK_HOSTS,
    Stage(
        title="Compare other clusters",
        declares=forget.others_declares,
        on_fleet=forget.compare_others,
        even_after_failure=True,
        deadline_s=60,
    ),
)

RUNBOOK = Runbook(
    name="reset_cluster",
    summary="Destroy the clusters on the hosts you name, and look for what is left of them.",
    examples=(
        "python runbooks/reset_cluster.py cluster-03 --plan",
        "python runbooks/reset_cluster.py cluster-03",
        "python runbooks/reset_cluster.py cluster-03 --yes cluster-03",
    ),
    stages=STAGES,
    mutates=True,
    confirm="destroys the cluster on this machine, with everything that is stored in it",
)

if __name__ == "__main__":
    sys.exit(main(RUNBOOK))
