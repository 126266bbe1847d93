"""Does the whole deployment do what it is for? Every path, service and block; at the end, the specification."""

from __future__ import annotations

import sys
from dataclasses import replace

from drift import STAGES as DRIFT
from preflight import STAGES as PREFLIGHT
from verify_reach import STAGES as REACH

from tasks.acceptance import conclude
from tasks.alerting.stages import delivery_stage
from tasks.buckets import lifecycle
from tasks.deploy.stages import tree_stage, workloads_stage
from tasks.monitoring.patience import NEXT_SCRAPE_S, STANDING_S
from tasks.monitoring.stages import services_stage
from tasks.opensearch.stages import logs_stage
from tasks.panels.stages import dashboards_stage
from tasks.probes.stages import ingress_stage, policies_stage, storage_stage
from tasks.run.runbook import Runbook, main
from tasks.run.stage import Stage
from tasks.thanos.stages import blocks_stage, canary_stage, query_stage, secrets_stage, storeapi_stage

CHECK_OPERATOR, *_ = PREFLIGHT

PROOFS = (
    tree_stage(),
    *REACH,
    storage_stage(),
    policies_stage(),
    ingress_stage(),
    workloads_stage("Look at workloads", STANDING_S),
    services_stage(NEXT_SCRAPE_S),
    storeapi_stage(STANDING_S),
    query_stage(STANDING_S),
    secrets_stage(),
    blocks_stage(STANDING_S),
    canary_stage(),
    dashboards_stage(NEXT_SCRAPE_S),
    delivery_stage(),
    logs_stage(),
    Stage(title="Look at buckets", declares=lifecycle.declares, on_fleet=lifecycle.look, deadline_s=60),
    *(replace(stage, causes={"drift": ("api.ready",)}) for stage in DRIFT),
    Stage(title="Judge the specification", declares=conclude.declares, on_record=conclude.conclude, deadline_s=300),
)

STAGES = (CHECK_OPERATOR, *(replace(proof, even_after_failure=True) for proof in PROOFS))

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
