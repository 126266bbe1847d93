"""What goes on without the object store, also when logs' store or Query are away too; and what is told of it."""

from __future__ import annotations

import json
import re
import time
from datetime import datetime
from typing import TYPE_CHECKING

import pytest

from tasks.run.wait import wait_for
from tests.lab.clusters.fleet import FLEET, NAMES, OTHERS, VICTIM, ask_store, each_cluster
from tests.lab.clusters.outage import TOLD_S, Outage, told_of_the_outage
from tests.lab.series import MISSED_S, longest_gap

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.lab.harness import Lab
    from tests.lab.operator import Operator, Ran

LEFT = (("ConfigMap", "of-yesterday"), ("Secret", "precious"))
QUERY_PODS = "app.kubernetes.io/name=thanos,app.kubernetes.io/component=query"


@pytest.fixture(scope="module", autouse=True)
def _away(outage: Outage) -> Iterator[None]:
    """Every test of this file runs without the object store."""
    yield
    outage.end()


def test_drift_names_what_somebody_changed_and_nothing_else(deployed: Ran, operator: Operator) -> None:
    """A converged fleet has none; one replica count of one cluster is one row, and the next deployment mends it."""
    assert deployed.code == 0
    converged = operator.run("drift")
    assert (converged.code, converged.red, converged.changes()) == (0, {}, [])
    operator.kubectl(VICTIM, "-n", "monitoring", "scale", "deployment", "monitoring-operator", "--replicas=2")
    drifted = operator.run("drift")
    assert (drifted.code, set(drifted.red)) == (1, {f"drift.monitoring@{VICTIM}"})
    observed = drifted.finding(f"drift.monitoring@{VICTIM}")["observed"]
    assert observed == "Deployment monitoring-operator: replicas: 2, wanted replicas: 1"
    mended = operator.run("full_deploy", "--only", "deploy-monitoring")
    assert [change.split(":")[0] for change in mended.changes()] == [VICTIM]
    assert operator.run("drift").code == 0


def test_what_an_earlier_version_left_is_pruned_only_when_asked(deployed: Ran, operator: Operator) -> None:
    """A record that has one object more: drift shows it, a plan foresees its deletion, and --prune makes just that."""
    assert deployed.code == 0
    room, record = ("-n", "monitoring"), "configmap/fleetproof.monitoring"
    operator.kubectl(VICTIM, *room, "create", "configmap", "of-yesterday")
    operator.kubectl(VICTIM, *room, "create", "secret", "generic", "precious")
    left = json.dumps([["v1", kind, "monitoring", name] for kind, name in LEFT], indent=0)
    operator.kubectl(VICTIM, *room, "patch", record, "-p", json.dumps({"data": {"left": left}}))
    stage = ("full_deploy", "--only", "deploy-monitoring,await-workloads", "--limit", VICTIM)
    assert operator.run(*stage).changes() == []
    observed = operator.run("drift", "--limit", VICTIM).finding(f"drift.monitoring@{VICTIM}")["observed"]
    assert observed == "; ".join(f"{kind} {name} is left from an earlier version" for kind, name in LEFT)
    plan = operator.run(*stage, "--plan", "--prune")
    assert plan.code == 4
    assert f"{VICTIM}: delete ConfigMap of-yesterday of namespace monitoring" in plan.changes(made=False)[0]
    assert operator.run(*stage, "--prune").code == 2
    pruned = operator.run(*stage, "--prune", "--yes")
    assert (pruned.code, pruned.changes()) == (0, plan.changes(made=False))
    row = pruned.finding(f"deploy.monitoring@{VICTIM}")
    assert (row["verdict"], row["evidence"][0].split(":")[0]) == ("WARN", "Secret precious is never pruned")
    there = operator.kubectl(VICTIM, *room, "get", "configmaps,secrets", "-o", "name")
    assert ("secret/precious" in there, "configmap/of-yesterday" in there) == (True, False)
    operator.kubectl(VICTIM, *room, "delete", "secret", "precious")
    assert operator.run(*stage).code == 0
    assert operator.run("drift", "--limit", VICTIM).code == 0


def test_a_canary_goes_first_and_a_bad_one_alone(deployed: Ran, operator: Operator, lab: Lab) -> None:
    """Every cluster differs; as long as the canary cannot be reached nobody is mended, then the canary is, then all."""
    assert deployed.code == 0
    for cluster in NAMES:
        operator.kubectl(cluster, "-n", "monitoring", "scale", "deployment", "monitoring-operator", "--replicas=2")
    words = ("full_deploy", "--only", "deploy-monitoring,await-workloads", "--canary", VICTIM)
    with lab.fault("partition", VICTIM):
        bad = operator.run(*words)
    assert (bad.changes(), set(bad.red)) == ([], {f"deploy.monitoring@{VICTIM}", "engine.nothing-judged@fleet"})
    for cluster in OTHERS:
        row = bad.finding(f"deploy.monitoring@{cluster}")
        assert (row["verdict"], row["blocked_by"]["target"]) == ("SKIP", VICTIM)
    good = operator.run(*words)
    assert (good.code, good.red) == (0, {})
    assert [change.split(":")[0] for change in good.changes()] == [VICTIM, *OTHERS]
    assert operator.run(*words).changes() == []


def test_kube_system_is_closed_but_for_names(deployed: Ran, operator: Operator) -> None:
    """FR-017: a pod of another namespace is answered by DNS, and by nothing else that lives there."""
    assert deployed.code == 0
    tried = {"kube-dns 53": "0", "kube-dns 9153": "1", "hubble-relay 80": "1", "hubble-relay-metrics 9966": "1"}
    script = "".join(
        f"nc -w 3 {service.replace(' ', '.kube-system.svc.cluster.local ')} -e /bin/true 2>/dev/null; echo $?;"
        for service in tried
    )
    pod = ("pod/asker", "--timeout=60s")
    operator.kubectl(
        VICTIM, "run", "asker", f"--image={FLEET.probe_image}", "--restart=Never", "--command", "--", "sh", "-c", script
    )
    try:
        operator.kubectl(VICTIM, "wait", "--for=jsonpath={.status.phase}=Succeeded", *pod)
        assert operator.kubectl(VICTIM, "logs", "asker").split() == list(tried.values())
    finally:
        operator.kubectl(VICTIM, "delete", "--now", *pod)


def macs(lab: Lab, asker: str, address: str) -> set[str]:
    """Who answers ARP for an address, asked from a machine, without the library's own means."""
    said = lab.running.machine(asker).run(["arping", "-b", "-c", "2", "-w", "2", "-I", "eth0", address]).stdout
    return {found.lower() for found in re.findall(r"\[([0-9A-Fa-f:]{17})\]", said)}


@each_cluster
def test_the_vip_is_answered_by_its_machine_alone(deployed: Ran, lab: Lab, cluster: str) -> None:
    """As every other machine hears it on the wire."""
    assert deployed.code == 0
    address, mac = str(FLEET.cluster(cluster).vip.address), lab.plan.machine(cluster).mac
    for asker in NAMES:
        if asker != cluster:
            assert macs(lab, asker, address) == {mac}


def test_no_line_is_lost_while_the_store_is_away(operator: Operator, deployed: Ran) -> None:
    """Lines of every cluster, written while OpenSearch does not run, are all there afterwards, by count."""
    assert deployed.code == 0
    word, lines = f"away{time.time_ns()}", 500
    script = f"for i in $(seq {lines}); do echo {word} $i; sleep 0.02; done"
    scale = ("-n", "opensearch", "scale", "statefulset/opensearch")
    operator.kubectl(NAMES[0], *scale, "--replicas=0")
    operator.kubectl(NAMES[0], "-n", "opensearch", "wait", "--for=delete", "pod/opensearch-0", "--timeout=120s")
    try:
        for cluster in NAMES:
            argv = (
                "run",
                word,
                f"--image={FLEET.probe_image}",
                "--restart=Never",
                "--command",
                "--",
                "sh",
                "-c",
                script,
            )
            operator.kubectl(cluster, *argv)
        for cluster in NAMES:
            argv = ("wait", f"pod/{word}", "--for=jsonpath={.status.phase}=Succeeded", "--timeout=120s")
            operator.kubectl(cluster, *argv)
    finally:
        operator.kubectl(NAMES[0], *scale, "--replicas=1")
    # other programs' lines name the pod, too
    own = {"term": {"kubernetes.pod_name": word}}
    query = json.dumps({"query": own, "size": 0, "aggs": {"by": {"terms": {"field": "cluster"}}}})

    def arrived() -> dict[str, int]:
        try:
            found = ask_store(operator, "POST", "/logs-*/_search", query)["aggregations"]["by"]["buckets"]
        except (AssertionError, KeyError):
            return {}
        return {it["key"]: it["doc_count"] for it in found}

    expected = dict.fromkeys(NAMES, lines)
    wait_for("every line", arrived, done=lambda it: it == expected, timeout_s=300, every_s=2)
    for cluster in NAMES:
        operator.kubectl(cluster, "delete", "pod", word, "--wait=false")


def test_without_query_every_cluster_goes_on(deployed: Ran, operator: Operator) -> None:
    """Nobody can look for a minute, and nothing is missing afterwards."""
    assert deployed.code == 0
    since, central = time.time(), NAMES[0]
    scale = ("-n", "thanos", "scale", "deployment", "thanos-query")
    operator.kubectl(central, *scale, "--replicas=0")
    try:
        operator.kubectl(central, "-n", "thanos", "wait", "pod", "-l", QUERY_PODS, "--for=delete", "--timeout=60s")
        blind = operator.run("verify", "--only", "ask-query")
        time.sleep(max(0.0, since + 60 - time.time()))
    finally:
        operator.kubectl(central, *scale, "--replicas=1")
    assert f"query.answers@{central}" in blind.red
    assert {row.partition("@")[2].partition("->")[0] for row in blind.red} <= {central, "fleet"}
    until = time.time()
    operator.kubectl(central, "-n", "thanos", "rollout", "status", "deployment/thanos-query", "--timeout=120s")
    gaps = {it: longest_gap(operator, it, since, until) for it in NAMES}
    assert {it: gap for it, gap in gaps.items() if gap > MISSED_S} == {}


def test_the_loss_of_the_object_store_is_told_by_every_cluster(outage: Outage, operator: Operator) -> None:
    """SC-007: fired within five minutes, although no block waits; one group for each cluster, whoever else fires."""
    told = wait_for(
        "every cluster to tell",
        lambda: told_of_the_outage(operator),
        done=lambda it: all(it.values()),
        timeout_s=max(0.0, outage.since + TOLD_S - time.time()),
        every_s=5,
    )
    assert not any(outage.before.values())
    for cluster in NAMES:
        assert [one["labels"] for one in told[cluster]] == [{"alertname": "ObjectStoreUnreachable", "cluster": cluster}]
        fired = [datetime.fromisoformat(alert["startsAt"]) for alert in told[cluster][0]["alerts"]]
        assert max(fired).timestamp() - outage.since < TOLD_S
