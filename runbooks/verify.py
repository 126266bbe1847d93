"""Does the whole deployment do what it is for? Every path, service and block; at the end, the specification."""

from __future__ import annotations

import sys
from dataclasses import replace

from drift import STAGES as DRIFT
from preflight import STAGES as PREFLIGHT

from tasks.acceptance import conclude
from tasks.alerting.stages import delivery_stage
from tasks.buckets import lifecycle
from tasks.deploy import check_tree
from tasks.deploy.settle import settles
from tasks.monitoring.patience import NEXT_SCRAPE_S, STANDING_S
from tasks.monitoring.stages import services_stage
from tasks.opensearch.stages import logs_stage
from tasks.panels.stages import dashboards_stage
from tasks.probes import prove
from tasks.probes.stages import ingress_stage, policies_stage, storage_stage
from tasks.run.runbook import Runbook, main
from tasks.run.stage import Stage
from tasks.thanos.stages import blocks_stage, canary_stage, query_stage, secrets_stage, storeapi_stage

CHECK_OPERATOR, *_ = PREFLIGHT
SETTLED, look_at_workloads = settles(
    ("longhorn", "monitoring", "thanos", "opensearch", "fluent-bit", "grafana"), STANDING_S
)

STAGES = (
    CHECK_OPERATOR,
    Stage(
        title="Check the tree",
        declares=check_tree.declares,
        on_fleet=check_tree.check_tree,
        even_after_failure=True,
        deadline_s=300,
    ),
    Stage(
        title="Prove paths",
        declares=prove.declares,
        on_hosts=prove.prove,
        on_fleet=prove.judge_wire,
        causes=prove.CAUSES,
        even_after_failure=True,
        deadline_s=420,
    ),
    storage_stage(always=True),
    policies_stage(always=True),
    ingress_stage(always=True),
    Stage(
        title="Look at workloads",
        declares=SETTLED,
        on_hosts=look_at_workloads,
        even_after_failure=True,
        causes={"settled": ("api.ready",)},
        deadline_s=300,
    ),
    services_stage(NEXT_SCRAPE_S, always=True),
    storeapi_stage(STANDING_S, always=True),
    query_stage(STANDING_S, always=True),
    secrets_stage(always=True),
    blocks_stage(STANDING_S, always=True),
    canary_stage(always=True),
    dashboards_stage(NEXT_SCRAPE_S, always=True),
    delivery_stage(always=True),
    logs_stage(always=True),
    Stage(
        title="Look at buckets",
        declares=lifecycle.declares,
        on_fleet=lifecycle.look,
        even_after_failure=True,
        deadline_s=60,
    ),
    *(replace(stage, even_after_failure=True, causes={"drift": ("api.ready",)}) for stage in DRIFT),
    Stage(
        title="Judge the specification",
        declares=conclude.declares,
        on_record=conclude.conclude,
        even_after_failure=True,
        deadline_s=300,
    ),
)

RUNBOOK = Runbook(
    name="verify",
    summary="Prove that the deployed fleet does what it is for, with objects that are removed again at once.",
    examples=(
        "python runbooks/verify.py",
        "python runbooks/verify.py --only ask-storeapis,ask-query",
        "python runbooks/verify.py --json > report.json",
    ),
    stages=STAGES,
    mutates=True,  # takes the lock: two proofs at once would remove each other's objects
)

if __name__ == "__main__":
    sys.exit(main(RUNBOOK))
