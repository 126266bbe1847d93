"""From bare hosts to proven, monitored clusters: looks first, changes what differs, proves every path."""

from __future__ import annotations

import sys

from preflight import STAGES as PREFLIGHT
from verify_reach import STAGES as REACH

from tasks.buckets import lifecycle
from tasks.cilium import install as cilium
from tasks.deploy import fetch, merge
from tasks.deploy.stages import deploy_stage, tree_stage, workloads_stage
from tasks.kubeadm import init as kubeadm
from tasks.monitoring.patience import AFTER_DEPLOYING_S
from tasks.monitoring.stages import services_stage
from tasks.opensearch import set_up as opensearch
from tasks.opensearch.stages import logs_stage
from tasks.run.runbook import Runbook, main
from tasks.run.stage import Stage
from tasks.thanos.stages import blocks_stage, query_stage, secrets_stage, storeapi_stage

STAGES = (
    *PREFLIGHT,
    tree_stage(),
    Stage(
        title="Initialise control planes",
        declares=kubeadm.declares,
        on_hosts=kubeadm.initialise,
        mutates=True,
        deadline_s=900,
    ),
    Stage(
        title="Fetch kubeconfigs",
        declares=fetch.declares,
        on_hosts=fetch.fetch,
        on_fleet=merge.merge,
        mutates=True,
        deadline_s=180,
    ),
    deploy_stage("Define kinds", "prometheus-crds"),
    Stage(
        title="Install Cilium",
        declares=cilium.install_declares,
        on_hosts=cilium.install,
        mutates=True,
        deadline_s=420,
    ),
    Stage(
        title="Announce addresses",
        declares=cilium.announce_declares,
        on_hosts=cilium.announce,
        mutates=True,
        deadline_s=300,
    ),
    deploy_stage("Close kube-system", "kube-system"),
    # where it has the address, that is not announced before
    deploy_stage("Route by NGINX", "ingress-nginx"),
    Stage(
        title="Await nodes",
        declares=cilium.settle_declares,
        on_hosts=cilium.settle,
        deadline_s=700,
    ),
    *REACH,
    deploy_stage("Provide storage", "longhorn"),
    # early: it takes the longest to start, and it has to know how logs are stored before the first one comes
    deploy_stage("Deploy OpenSearch", "opensearch"),
    deploy_stage("Deploy monitoring", "monitoring"),
    deploy_stage("Deploy Thanos", "thanos"),
    Stage(
        title="Set up OpenSearch",
        declares=opensearch.declares,
        on_hosts=opensearch.set_up,
        mutates=True,
        deadline_s=600,
    ),
    deploy_stage("Ship logs", "fluent-bit"),
    deploy_stage("Deploy Grafana", "grafana"),
    deploy_stage("Schedule the audit", "audit"),
    Stage(title="Tend buckets", declares=lifecycle.declares, on_fleet=lifecycle.tend, mutates=True, deadline_s=60),
    workloads_stage("Await workloads", deadline_s=900),
    services_stage(AFTER_DEPLOYING_S),
    storeapi_stage(AFTER_DEPLOYING_S),
    query_stage(AFTER_DEPLOYING_S),
    secrets_stage(),
    blocks_stage(AFTER_DEPLOYING_S),
    logs_stage(),
)

RUNBOOK = Runbook(
    name="full_deploy",
    summary="Turn bare hosts into monitored single-node clusters with an announced VIP, and prove every path.",
    examples=(
        "python runbooks/full_deploy.py --plan",
        "python runbooks/full_deploy.py",
        "python runbooks/full_deploy.py --limit cluster-03 --resume",
        "python runbooks/full_deploy.py --only prove-paths --json > report.json",
        "python runbooks/full_deploy.py --only check-the-tree",
        "python runbooks/full_deploy.py --canary cluster-04",
        "python runbooks/full_deploy.py --plan --prune",
        "python runbooks/full_deploy.py --prune --yes",
    ),
    stages=STAGES,
    mutates=True,
    prunes=True,
)

if __name__ == "__main__":
    sys.exit(main(RUNBOOK))
