"""Four real machines become four real clusters, and stay what they are; in the order in which an operator goes."""

from __future__ import annotations

import json
import re
import shutil
import signal
import subprocess
import sys
import time
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest

from lab import linux, wire
from lab.self_test.rounds import read_rounds
from lab.self_test.score import Report
from tasks.fleet.load import load_fleet
from tasks.kubeadm.leftovers import LEFTOVERS
from tasks.monitoring import ask
from tasks.monitoring.answers import NETWORK_JOBS, series
from tasks.run.wait import wait_for
from tasks.thanos import check_query, check_storeapi
from tasks.thanos.check_secrets import secret_rows
from tasks.thanos.query import QUERY
from tests.lab.harness import ROOT
from tests.lab.operator import Operator, Ran
from tests.lab.series import ALERTMANAGER, answer, longest_gap, scrapes, seen_centrally, uncovered, uploaded

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.lab.harness import Lab

FLEET = load_fleet(ROOT / "inventory")
NAMES = tuple(cluster.name for cluster in FLEET.clusters)
VICTIM, OTHERS = "cluster-03", tuple(name for name in NAMES if name != "cluster-03")
PAIR = ("--limit", f"{VICTIM},{OTHERS[0]}")
"""One that is broken and one that is not: what a fault of one cluster must not do, it must not do to the other."""
BLOCK_S = 200
"""Longer than a block of the lab, two minutes, takes to be cut: one and a half of its own length."""
MUTATING = (
    *("initialise-control-planes", "fetch-kubeconfigs", "define-kinds"),
    *("install-cilium", "announce-addresses", "close-kube-system"),
)
LEFT = (("ConfigMap", "of-yesterday"), ("Secret", "precious"))
PHASE = ",".join((*MUTATING, "await-nodes"))
QUERY_PODS = "app.kubernetes.io/name=thanos,app.kubernetes.io/component=query"
PROMETHEUS_POD = "pod/prometheus-monitoring-prometheus-0"
PROMETHEUS_CLAIM = "persistentvolumeclaim/prometheus-monitoring-prometheus-db-prometheus-monitoring-prometheus-0"
READY, UID = "{.status.conditions[?(@.type=='Ready')].status}", "{.metadata.uid}"
MISSED_S = 45.0
"""A gap that is longer has swallowed a scrape, of which there is one every 30 s."""
each_cluster = pytest.mark.parametrize("cluster", NAMES)


@pytest.fixture(scope="module")
def operator(lab: Lab, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Operator]:
    """An operator whose machines are bare; they are bare again at the end."""
    someone = Operator(lab, tmp_path_factory.mktemp("state"))
    someone.enrol()
    yield someone
    someone.run("reset_cluster", *NAMES, "--yes", ",".join(NAMES))


def traces(operator: Operator) -> dict[str, str]:
    """Everything on the machines that a deployment would change: path and content."""
    script = (
        "find /etc/kubernetes /etc/cni /var/lib/kubelet /var/lib/etcd /etc/systemd/system -type f 2>/dev/null"
        " | sort | xargs -r sha256sum; iptables-save | grep ^:; ip -br link | cut -d' ' -f1"
    )
    return {machine: operator.lab.on(machine, ["sh", "-c", script]) for machine in NAMES}


def uids(operator: Operator, *clusters: str) -> dict[str, str]:
    """What tells one cluster and its node from any other."""
    template = "jsonpath={.metadata.uid}"
    return {
        cluster: operator.kubectl(cluster, "get", "namespace/kube-system", "-o", template)
        + operator.kubectl(cluster, "get", "node", cluster, "-o", template)
        for cluster in clusters
    }


def macs(lab: Lab, asker: str, address: str) -> set[str]:
    """Who answers ARP for an address, asked from a machine, without the library's own means."""
    said = lab.running.machine(asker).run(["arping", "-b", "-c", "2", "-w", "2", "-I", "eth0", address]).stdout
    return {found.lower() for found in re.findall(r"\[([0-9A-Fa-f:]{17})\]", said)}


def asked(operator: Operator, expression: str) -> list[tuple[dict[str, str], str]]:
    """What the central Query has of all clusters: labels and value of each series."""
    return [
        (it["metric"], it["value"][1])
        for it in series(answer(operator, NAMES[0], QUERY, "api/v1/query", query=expression))
    ]


@pytest.fixture(scope="module")
def planned(operator: Operator) -> Ran:
    """The plan for bare machines, with proof that it left no trace."""
    before = traces(operator)
    ran = operator.run("full_deploy", "--plan")
    assert traces(operator) == before
    return ran


@pytest.fixture(scope="module")
def deployed(operator: Operator, planned: Ran) -> Ran:
    """The deployment of bare machines."""
    assert planned.code == 4, planned.red
    return operator.run("full_deploy")


@pytest.fixture(scope="module")
def again(operator: Operator, deployed: Ran) -> Ran:
    """The same deployment once more."""
    assert deployed.code == 0
    return operator.run("full_deploy")


@pytest.fixture(scope="module")
def verified(operator: Operator, deployed: Ran) -> Ran:
    """The proof of everything."""
    assert deployed.code == 0
    return operator.run("verify")


def test_a_plan_foresees_everything_and_touches_nothing(planned: Ran) -> None:
    """Exit code 4; every cluster's init, kubeconfig, Cilium and addresses are foreseen, none is made."""
    assert planned.code == 4
    assert planned.changes() == []
    for cluster in NAMES:
        foreseen = [change for change in planned.changes(made=False) if change.startswith(cluster)]
        phase, monitoring = ["write", "run", "write", "record", "label"], ["apply", "write", "write", "apply"]
        kinds, storage = ["apply"] * 2, ["apply", "write", "apply"]
        network = ["write", "write", "apply", "apply", "apply"]
        thanos, grafana = ["apply", "write", "apply"], ["apply", "write", "write", "apply"]
        audit = grafana
        store, shipper, settings = ["apply", *["write"] * 3, "apply"], ["apply", "write", "apply"], ["set"] * 2
        central = cluster == NAMES[0]
        expected = [*phase, *kinds, *network, *storage, *(store if central else ()), *monitoring]
        expected += [*thanos, *settings, *shipper, *grafana, *audit] if central else shipper
        assert [change.partition(": ")[2].split()[0] for change in foreseen] == expected


def test_bare_machines_become_proven_clusters(deployed: Ran) -> None:
    """Exit code 0 and no red row; every declared row was judged."""
    assert deployed.red == {}
    assert deployed.code == 0
    assert {finding["verdict"] for finding in deployed.findings if "reach." in finding["row"]["check"]} == {"PASS"}


def test_the_monitoring_plane_answers(deployed: Ran) -> None:
    """Each cluster's services, every sidecar from everywhere, one view of all four, and S3 with the keys of Thanos."""
    secrets = [row for cluster in FLEET.clusters for row in secret_rows(FLEET, cluster)]
    owed = [*ask.declares(FLEET), *check_storeapi.declares(FLEET), *check_query.declares(FLEET), *secrets]
    assert {str(row): deployed.verdict(str(row)) for row in owed} == {str(row): "PASS" for row in owed}


def test_the_network_of_every_cluster_tells_of_itself(deployed: Ran, operator: Operator) -> None:
    """FR-010: agent, operator, Hubble and relay of all four, through the central Query; each relay knows its agent."""
    assert deployed.code == 0
    names = "cilium_endpoint_state|cilium_operator_version|hubble_flows_processed_total|hubble_relay_pool_.+"
    told = asked(operator, f'count by (cluster, job) ({{__name__=~"{names}"}})')
    assert {(it["cluster"], it["job"]) for it, _ in told} == {(it, job) for it in NAMES for job in NETWORK_JOBS}
    peers = asked(operator, 'sum by (cluster) (hubble_relay_pool_peer_connection_status{status=~"READY|IDLE"})')
    assert {(it["cluster"], value) for it, value in peers} == {(it, "1") for it in NAMES}


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


def test_every_clusters_logs_arrive(deployed: Ran) -> None:
    """A line of each is found centrally; accounts may do what they should; what the lab lacks is named."""
    logs = {row: verdict for row, verdict in deployed.verdicts.items() if row.startswith(("logs.", "opensearch."))}
    lacking = {f"opensearch.setting@{NAMES[0]}->{name}" for name in ("retention", "daily")}
    assert {row for row, verdict in logs.items() if verdict == "SKIP"} == lacking
    assert {verdict for row, verdict in logs.items() if row not in lacking} == {"PASS"}
    assert len(logs) == len(NAMES) + 3 + 4 + 3


def ask_store(operator: Operator, method: str, path: str, body: str = "") -> dict[str, Any]:
    """Ask the central OpenSearch by the operator's certificate, with curl."""
    folder = operator.state / "authority"
    argv = ["curl", "--silent", "--show-error", "--fail-with-body", "--cacert", folder / "ca.crt"]
    argv += ["--cert", folder / "admin.crt", "--key", folder / "admin.key", "-X", method]
    argv += ["-H", "Content-Type: application/json", *(["-d", body] if body else [])]
    done = operator.lab.exec([*argv, f"https://{FLEET.central.vip.address}:9200{path}"])
    assert done.returncode == 0, done.stdout + done.stderr
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer


def test_logs_are_kept_in_the_object_store_and_come_back(operator: Operator, deployed: Ran) -> None:
    """A snapshot into the bucket, restored under other names: every line is there again (FR-009a)."""
    assert deployed.code == 0
    body = json.dumps({"indices": f"logs-{VICTIM}-*", "include_global_state": False})
    taken = ask_store(operator, "PUT", "/_snapshot/s3/trial?wait_for_completion=true", body)["snapshot"]
    assert (taken["state"], taken["shards"]["failed"]) == ("SUCCESS", 0)
    renamed = json.dumps({"rename_pattern": "logs-(.+)", "rename_replacement": "restored-$1"})
    ask_store(operator, "POST", "/_snapshot/s3/trial/_restore?wait_for_completion=true", renamed)
    counted = [ask_store(operator, "GET", f"/restored-{index[5:]}/_count")["count"] for index in taken["indices"]]
    assert all(count > 0 for count in counted)
    for path in (*(f"/restored-{index[5:]}" for index in taken["indices"]), "/_snapshot/s3/trial"):
        ask_store(operator, "DELETE", path)


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


def test_only_what_was_planned_was_done(planned: Ran, deployed: Ran) -> None:
    """Every change of the deployment is one that the plan foresaw."""
    assert set(deployed.changes()) <= set(planned.changes(made=False))
    assert deployed.changes()


@each_cluster
def test_kubectl_shows_one_ready_node_with_both_roles(deployed: Ran, operator: Operator, cluster: str) -> None:
    """US0, acceptance 2, by the operator's own kubectl and the merged kubeconfig."""
    assert deployed.code == 0
    fields = operator.kubectl(cluster, "get", "nodes", "--no-headers").split()
    assert fields[:3] == [cluster, "Ready", "control-plane,worker"]
    assert fields[4] == f"v{FLEET.versions.kubernetes}"


@each_cluster
def test_the_vip_is_answered_by_its_machine_alone(deployed: Ran, lab: Lab, cluster: str) -> None:
    """As every other machine hears it on the wire."""
    assert deployed.code == 0
    address, mac = str(FLEET.cluster(cluster).vip.address), lab.plan.machine(cluster).mac
    for asker in NAMES:
        if asker != cluster:
            assert macs(lab, asker, address) == {mac}


@each_cluster
def test_the_proof_leaves_nothing_behind(deployed: Ran, operator: Operator, cluster: str) -> None:
    """No namespace, no service, no lease of the probe."""
    assert deployed.code == 0
    everything = operator.kubectl(cluster, "get", "namespaces,services,leases", "-A", "-o", "name")
    assert "probe" not in everything


def test_a_sound_fleet_is_verified(verified: Ran, operator: Operator) -> None:
    """No red row; a sample of every cluster arrived in Query, and nothing that was made for it is left."""
    assert (verified.code, verified.red, verified.changes()) == (0, {}, [])
    hops = [f"canary.query@{NAMES[0]}->{cluster}" for cluster in NAMES]
    assert {verified.verdict(row) for row in hops} == {"PASS"}
    assert all("Query has it" in verified.finding(row)["observed"] for row in hops)
    for cluster in NAMES:
        assert "fleet-canary" not in operator.kubectl(cluster, "get", "prometheusrules", "-A", "-o", "name")


def test_dashboards_show_every_cluster_and_alerts_arrive(verified: Ran) -> None:
    """SC-009 and FR-012a: panels are filled within 5 s; a test alert is read back from the receiver, grouped."""
    assert {verified.verdict(f"panels.{it}@{NAMES[0]}") for it in ("cilium", "fleet", "thanos")} == {"PASS"}
    for cluster in NAMES:
        assert "read back from the receiver" in verified.finding(f"alerting.delivered@{cluster}")["observed"]
        assert verified.verdict(f"alerting.grouped@{cluster}") == "PASS"


def test_a_claim_outlives_its_pod_and_no_volume_is_left(verified: Ran, operator: Operator) -> None:
    """SC-008 on every cluster, by a class that is said to stand in for Longhorn, and would keep its volumes."""
    for cluster in NAMES:
        assert {verified.verdict(f"storage.{it}@{cluster}") for it in ("bound", "survives", "removed")} == {"PASS"}
        assert "stands in for Longhorn" in verified.finding(f"storage.bound@{cluster}")["observed"]
        assert "fleet-probe" not in operator.kubectl(cluster, "get", "namespaces,persistentvolumes", "-o", "yaml")


def test_a_namespace_that_is_open_is_red_and_one_without_servers_is_no_denial(
    deployed: Ran, operator: Operator
) -> None:
    """A policy too many lets everybody to Prometheus and its sidecar; an Alertmanager that is away proves nothing."""
    assert deployed.code == 0
    room = ("-n", "monitoring")
    policy = {
        "apiVersion": "cilium.io/v2",
        "kind": "CiliumNetworkPolicy",
        "metadata": {"name": "too-open", "namespace": "monitoring"},
        "spec": {
            "endpointSelector": {"matchLabels": {"app.kubernetes.io/name": "prometheus"}},
            "ingress": [{"fromEntities": ["cluster"]}],
        },
    }
    operator.kubectl(VICTIM, "apply", "-f", "-", stdin=json.dumps(policy))
    selector = '{"spec": {"selector": {"app.kubernetes.io/name": "%s"}}}'
    operator.kubectl(VICTIM, *room, "patch", "service", "monitoring-alertmanager", "-p", selector % "nobody")
    try:
        red = operator.run("verify", "--only", "try-flows", "--limit", VICTIM).red
    finally:
        operator.kubectl(VICTIM, *room, "delete", "ciliumnetworkpolicy", "too-open")
        operator.kubectl(VICTIM, *room, "patch", "service", "monitoring-alertmanager", "-p", selector % "alertmanager")
    assert red == {
        f"policy.denies.prometheus@{VICTIM}": "FAIL",
        f"policy.denies.sidecar@{VICTIM}": "FAIL",
        f"policy.denies.alertmanager@{VICTIM}": "ERROR",
    }


@pytest.fixture(scope="module")
def audited(operator: Operator, verified: Ran) -> Ran:
    """The operator's own audit of a sound fleet."""
    assert verified.code == 0
    return operator.run("nightly_audit")


def test_a_sound_fleet_passes_the_audit(audited: Ran, operator: Operator) -> None:
    """Nothing is red, nothing is changed, the night is kept, and its page is written."""
    assert (audited.code, audited.red, audited.changes()) == (0, {}, [])
    assert audited.verdict("audit.compared@fleet") == "PASS"
    page = operator.state / "reports" / audited.report["labels"]["run_id"] / "audit.html"
    assert all(cluster in page.read_text() for cluster in NAMES)


def test_the_audit_finds_what_is_broken_and_nothing_else(verified: Ran, operator: Operator) -> None:
    """One round of the lab's self-test: four faults, five headlines, and a sound fleet after it."""
    assert verified.code == 0
    done = subprocess.run(
        [sys.executable, "-m", "lab", "self-test", "--json", "--only", "storage, identity, time"],
        cwd=ROOT, capture_output=True, text=True, check=False, timeout=1800,
        env={**operator.lab.environment, **operator.environment},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-2000:]
    assert json.loads(done.stdout)["percent"] == 100


def test_the_cluster_audits_the_fleet(audited: Ran, operator: Operator) -> None:
    """By the deployed tree, from a pod: what somebody changed by hand is the one headline, and the Job has failed."""
    central, room, changed = NAMES[0], ("-n", "audit"), ("-n", "monitoring", "scale", "deployment/monitoring-operator")
    operator.kubectl(VICTIM, *changed, "--replicas=2")
    try:
        operator.kubectl(central, *room, "create", "job", "--from=cronjob/nightly-audit", "trial")
        ended = wait_for(
            "the Job to end",
            lambda: operator.kubectl(central, *room, "get", "job/trial", "-o", "jsonpath={.status.conditions[*].type}"),
            done=lambda said: "Failed" in said or "Complete" in said,
            timeout_s=1800,
            every_s=3,
        )
        told = operator.kubectl(central, *room, "logs", "job/trial")
    finally:
        operator.kubectl(VICTIM, *changed, "--replicas=1")
    operator.kubectl(central, "apply", "-f", str(ROOT / "runbooks" / "container" / "reader.yaml"))
    operator.kubectl(central, *room, "wait", "--for=condition=Ready", "pod/reader", "--timeout=120s")
    kept = operator.kubectl(central, *room, "exec", "reader", "--", "cat", "/kept/reports/latest/report.json")
    operator.kubectl(central, *room, "delete", "--now", "pod/reader", "job/trial")
    ran = Ran(1, json.loads(kept), told)
    steady = ran.red.keys() & Report(ran.report, read_rounds().unsteady).rows.keys()
    assert steady == {f"drift.monitoring@{VICTIM}"}
    assert "Failed" in ended
    assert ran.verdict(f"drift.audit@{central}") == "PASS"
    assert ran.verdict("audit.undisturbed@fleet") == "SKIP"
    assert ran.verdicts.keys() == audited.verdicts.keys()


def test_a_sidecar_that_is_away_is_one_cause(deployed: Ran, operator: Operator) -> None:
    """Its address leads nowhere: that is the headline, Query's and the hosts' rows follow, no other cluster has any."""
    assert deployed.code == 0

    def lead_to(name: str) -> None:
        patch = f'{{"spec": {{"selector": {{"app.kubernetes.io/name": "{name}"}}}}}}'
        operator.kubectl(VICTIM, "-n", "monitoring", "patch", "service", "monitoring-thanos-external", "-p", patch)

    lead_to("nobody")
    try:
        ran = operator.run("verify", "--only", "ask-storeapis,ask-query")
    finally:
        lead_to("prometheus")
    assert (ran.code, set(ran.red)) == (1, {f"reach.operator.storeapi@fleet->{VICTIM}"})
    followed = {finding["row"]["peer"] for finding in ran.findings if finding["blocked_by"]}
    assert followed - {""} == {VICTIM}


def test_the_second_run_changes_nothing(again: Ran, operator: Operator) -> None:
    """Zero mutations, green, and the plan after it is empty."""
    assert (again.code, again.changes(), again.red) == (0, [], {})
    plan = operator.run("full_deploy", "--plan")
    assert (plan.code, plan.changes(made=False)) == (0, [])


def test_what_was_changed_by_hand_is_repaired_alone(deployed: Ran, operator: Operator) -> None:
    """One object deleted and one edited in one cluster: a plan names the two, a run mends the two."""
    assert deployed.code == 0
    operator.kubectl(VICTIM, "-n", "kube-system", "delete", "configmap", "cilium-config")
    operator.kubectl(VICTIM, "-n", "kube-system", "scale", "deployment", "cilium-operator", "--replicas=2")
    wanted = [f"{VICTIM}: apply cilium: ConfigMap cilium-config, Deployment cilium-operator (2 of 37 differ)"]
    plan = operator.run("full_deploy", "--only", "install-cilium,await-nodes", "--plan")
    assert (plan.code, plan.changes(made=False)) == (4, wanted)
    repaired = operator.run("full_deploy", "--only", "install-cilium,await-nodes")
    assert (repaired.code, repaired.changes()) == (0, wanted)


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
    stage = ("full_deploy", "--only", "deploy-monitoring,ask-services", "--limit", VICTIM)
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
    words = ("full_deploy", "--only", "deploy-monitoring,ask-services", "--canary", VICTIM)
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


@dataclass(frozen=True)
class Outage:
    """The time without an object store (seconds since the epoch), and what every Alertmanager told of it."""

    since: float
    until: float
    before: dict[str, list[Any]]
    told: dict[str, list[Any]]


@pytest.fixture(scope="module")
def outage(deployed: Ran, operator: Operator, lab: Lab) -> Outage:
    """As long as it takes all four to tell, and long enough for a block to be cut meanwhile."""
    assert deployed.code == 0

    def groups() -> dict[str, list[Any]]:
        told = {it: answer(operator, it, ALERTMANAGER, "api/v2/alerts/groups") for it in NAMES}
        wanted = "ObjectStoreUnreachable"
        return {it: [one for one in all_ if one["labels"].get("alertname") == wanted] for it, all_ in told.items()}

    before, since = groups(), time.time()
    with lab.fault("s3-away"):
        told = wait_for("every cluster to tell", groups, done=lambda it: all(it.values()), timeout_s=300, every_s=5)
        time.sleep(max(0.0, since + BLOCK_S - time.time()))
        until = time.time()
    return Outage(since=since, until=until, before=before, told=told)


def test_the_loss_of_the_object_store_is_told_by_every_cluster(outage: Outage) -> None:
    """SC-007: within five minutes, although no block waits; one group for each cluster, whoever else fires."""
    assert not any(outage.before.values())
    for cluster in NAMES:
        assert [one["labels"] for one in outage.told[cluster]] == [
            {"alertname": "ObjectStoreUnreachable", "cluster": cluster}
        ]


def test_a_cluster_that_is_cut_off_costs_nobody_a_sample(deployed: Ran, operator: Operator, lab: Lab) -> None:
    """SC-005, SC-012: for 90 s nobody reaches it; all four scrape on, and Query says that its answer is partial."""
    assert deployed.code == 0
    since = time.time()
    with lab.fault("partition", VICTIM):
        wait_for(
            "Query to answer without it",
            lambda: seen_centrally(operator, NAMES[0]),
            done=lambda seen: seen[0] == set(OTHERS) and bool(seen[1]),
            timeout_s=90,
            every_s=3,
        )
        time.sleep(max(0.0, since + 90 - time.time()))
        until = time.time()
    wait_for(
        "Query to answer with all of them",
        lambda: seen_centrally(operator, NAMES[0]),
        done=lambda seen: seen == (set(NAMES), []),
        timeout_s=180,
        every_s=3,
    )
    gaps = {it: longest_gap(operator, it, since, until) for it in NAMES}
    assert {it: gap for it, gap in gaps.items() if gap > MISSED_S} == {}


def test_without_query_every_cluster_goes_on(deployed: Ran, operator: Operator) -> None:
    """Nobody can look for a minute, and nothing is missing afterwards."""
    assert deployed.code == 0
    since, central = time.time(), NAMES[0]
    scale = ("-n", "thanos", "scale", "deployment", "thanos-query")
    operator.kubectl(central, *scale, "--replicas=0")
    try:
        operator.kubectl(central, "-n", "thanos", "wait", "pod", "-l", QUERY_PODS, "--for=delete", "--timeout=60s")
        blind = operator.run("verify", "--only", "ask-query")
        time.sleep(max(0.0, since + 70 - time.time()))
    finally:
        operator.kubectl(central, *scale, "--replicas=1")
    assert blind.code == 1
    assert {row.partition("@")[2].partition("->")[0] for row in blind.red} <= {central, "fleet"}
    until = time.time()
    operator.kubectl(central, "-n", "thanos", "rollout", "status", "deployment/thanos-query", "--timeout=120s")
    gaps = {it: longest_gap(operator, it, since, until) for it in NAMES}
    assert {it: gap for it, gap in gaps.items() if gap > MISSED_S} == {}


def test_an_updated_prometheus_has_what_the_old_one_collected(deployed: Ran, operator: Operator) -> None:
    """Its pod is replaced: a gap of less than two minutes, and every scrape from before is still there."""
    assert deployed.code == 0
    before = scrapes(operator, VICTIM, time.time() - 120)
    after = replaced_prometheus(operator)
    assert before
    assert set(before) <= set(scrapes(operator, VICTIM, before[0]))
    assert longest_gap(operator, VICTIM, before[-1], after[-1]) < 120


def replaced_prometheus(operator: Operator, *how: str) -> list[float]:
    """When the new pod in the place of the old one has scraped: twice at least; ``how`` the old one is deleted."""
    since, old = time.time(), pod_of_prometheus(operator, UID)
    operator.kubectl(VICTIM, "-n", "monitoring", "delete", PROMETHEUS_POD, "--wait=false", *how)
    wait_for(
        "the new one to be ready",
        lambda: pod_of_prometheus(operator, f"{UID} {READY}").split(),
        done=lambda said: said[:1] != [old] and said[1:] == ["True"],
        timeout_s=600,
        every_s=2,
    )
    return wait_for(
        "a scrape", lambda: scrapes(operator, VICTIM, since), done=lambda it: len(it) > 1, timeout_s=180, every_s=5
    )


def pod_of_prometheus(operator: Operator, wanted: str) -> str:
    """What a template says of the pod; empty while there is none."""
    words = ("-n", "monitoring", "get", PROMETHEUS_POD, "--ignore-not-found", "-o", f"jsonpath={wanted}")
    return operator.kubectl(VICTIM, *words)


def test_a_full_volume_stops_one_prometheus_and_says_why(deployed: Ran, operator: Operator, lab: Lab) -> None:
    """It cannot write, and its row has its own words for that; with room again, it goes on."""
    assert deployed.code == 0
    room = ("-n", "monitoring")
    volume = operator.kubectl(VICTIM, *room, "get", PROMETHEUS_CLAIM, "-o", "jsonpath={.spec.volumeName}")
    folder = operator.kubectl(VICTIM, "get", f"pv/{volume}", "-o", "jsonpath={.spec.hostPath.path}{.spec.local.path}")
    with lab.fault("fill-disk", VICTIM, folder):
        operator.kubectl(VICTIM, *room, "delete", PROMETHEUS_POD, "--wait=false")
        wait_for(
            "it to give up",
            lambda: pod_of_prometheus(operator, "{.status.containerStatuses[*].state.waiting.reason}"),
            done=lambda said: "CrashLoopBackOff" in said,
            timeout_s=600,
            every_s=2,
        )
        ran = operator.run("nightly_audit", "--only", "look-at-workloads", "--limit", VICTIM)
    assert set(ran.red) == {f"settled.monitoring@{VICTIM}"}
    assert any("no space left on device" in line for line in ran.finding(f"settled.monitoring@{VICTIM}")["evidence"])
    assert replaced_prometheus(operator, "--grace-period=5")


def test_swapped_kubeconfigs_are_refused(deployed: Ran, operator: Operator) -> None:
    """Somebody swapped two clusters' kubeconfigs: nothing is written, and both rows say where the file leads."""
    assert deployed.code == 0
    two = ("--limit", ",".join(NAMES[:2]))
    one, other = (operator.state / "clusters" / cluster / "admin.conf" for cluster in NAMES[:2])
    for source, target in ((one, one.with_suffix(".kept")), (other, one), (one.with_suffix(".kept"), other)):
        shutil.copy2(source, target)
    try:
        ran = operator.run("full_deploy", "--only", PHASE, *two)
        applied = operator.run("full_deploy", "--only", "install-cilium", *two)
    finally:
        shutil.copy2(one, other.with_suffix(".swap"))
        shutil.copy2(one.with_suffix(".kept"), one)
        shutil.move(other.with_suffix(".swap"), other)
        one.with_suffix(".kept").unlink()
    assert ran.code == 1
    assert ran.changes() == []
    assert {f"kubeconfig.identity@{cluster}" for cluster in NAMES[:2]} < set(ran.red)
    assert {f"deploy.cilium@{cluster}" for cluster in NAMES[:2]} == set(applied.red)
    assert applied.changes() == []
    assert operator.run("full_deploy", "--only", PHASE, *two).code == 0


def test_a_foreigner_on_the_vip_is_named(deployed: Ran, operator: Operator, lab: Lab) -> None:
    """Two machines answer for one address: that row is red, with both MACs; no other cluster's row is."""
    assert deployed.code == 0
    cluster = FLEET.cluster(VICTIM)
    with lab.fault("foreign-vip", str(cluster.vip.address)):
        ran = operator.run("verify_reach", *PAIR)
    assert ran.code == 1
    assert set(ran.red) == {f"vip.arp@{VICTIM}"}
    observed = ran.finding(f"vip.arp@{VICTIM}")["observed"]
    assert "duplicate" in observed or "foreign" in observed
    assert ran.verdict(f"vip.lease@{VICTIM}") == "PASS"


def test_running_clusters_pass_the_preflight_that_bare_machines_pass(again: Ran) -> None:
    """A cluster's own ports, files and addresses are at home; what the host must be is judged as before."""
    for cluster in NAMES:
        assert {again.verdict(f"{check}@{cluster}") for check in ("host.installation", "host.port.6443")} == {"PASS"}


def test_an_expired_certificate_is_the_one_cause_of_its_clusters_rows(
    deployed: Ran, operator: Operator, lab: Lab
) -> None:
    """The API server of one cluster is not trusted: that is named with its date, and no other cluster has a red row."""
    assert deployed.code == 0
    with lab.fault("expired-cert", VICTIM):
        ran = operator.run("verify_reach", *PAIR)
    assert ran.code in {1, 3}
    assert {row.partition("@")[2].partition("->")[0] for row in ran.red} == {VICTIM}
    assert any("certificate has expired" in str(finding["observed"]) for finding in ran.findings)


@contextmanager
def swallowed(lab: Lab, address: str) -> Iterator[None]:
    """A switch that inspects ARP, and drops every answer that speaks for one address."""
    nft = ["chroot", str(lab.record.materials.root_file_system), "nft"]
    chain = f"type filter hook forward priority 0; arp saddr ip {address} drop;"
    rules = f"table bridge inspection {{ chain answers {{ {chain} }}; }}"
    with linux.inside_network(lab.state.network(wire.SWITCH)):
        subprocess.run([*nft, "-f", "-"], input=rules, text=True, check=True)
    try:
        yield
    finally:
        with linux.inside_network(lab.state.network(wire.SWITCH)):
            subprocess.run([*nft, "delete", "table", "bridge", "inspection"], check=True)


def test_an_address_that_died_under_its_lease_is_found(deployed: Ran, operator: Operator, lab: Lab) -> None:
    """Lease, assignment and agent look fine, but nobody is heard on the wire: the wire has the last word."""
    assert deployed.code == 0
    with swallowed(lab, str(FLEET.cluster(VICTIM).vip.address)):
        ran = operator.run("verify_reach", *PAIR)
    assert (ran.code, set(ran.red)) == (1, {f"vip.arp@{VICTIM}"})
    assert "dead: nobody answers" in ran.finding(f"vip.arp@{VICTIM}")["observed"]
    assert {ran.verdict(f"{check}@{VICTIM}") for check in ("vip.lease", "vip.assigned", "cilium.status")} == {"PASS"}


def test_a_machine_that_is_gone_is_red_alone(deployed: Ran, operator: Operator, lab: Lab) -> None:
    """Every declared row is there; the lost machine has one cause, everybody else's own rows are good."""
    assert deployed.code == 0
    with lab.fault("partition", VICTIM):
        ran = operator.run("verify_reach", *PAIR)
    assert ran.code in {1, 3}
    assert len(ran.findings) == len(operator.run("verify_reach", *PAIR).findings)
    assert set(ran.red.values()) == {"UNREACHABLE"}
    assert {row.partition("@")[2].partition("->")[0] for row in ran.red} == {VICTIM}
    other = OTHERS[0]
    assert ran.verdict(f"vip.arp@{other}") == "PASS"
    assert ran.verdict(f"reach.pod.vip@{other}->{other}") == "PASS"


def test_what_waited_for_the_object_store_is_uploaded(outage: Outage, operator: Operator) -> None:
    """Of every cluster, blocks that leave no minute of the outage out."""

    def missing() -> dict[str, list[tuple[float, float]]]:
        have = uploaded(operator)
        left = {it: uncovered(have.get(it, []), outage.since, outage.until) for it in NAMES}
        return {it: gaps for it, gaps in left.items() if gaps}

    wait_for("the outage's blocks", missing, done=lambda it: not it, timeout_s=900, every_s=10)


def test_blocks_are_cut_uploaded_and_read_back(deployed: Ran, operator: Operator) -> None:
    """US1 acceptance 4, US2 acceptance 3: of every cluster, and history that no Prometheus has any more out of S3."""
    assert deployed.code == 0
    rows = [
        f"blocks.{it}@{cluster}" for it in ("newest", "labels", "overlap", "served", "history") for cluster in NAMES
    ]

    def judged() -> dict[str, str]:
        verdicts = operator.run("verify", "--only", "look-at-blocks").verdicts
        return {row: verdicts[row] for row in rows}

    seen = wait_for(
        "history out of S3", judged, done=lambda it: set(it.values()) == {"PASS"}, timeout_s=1500, every_s=20
    )
    assert set(seen.values()) == {"PASS"}


def test_a_name_that_was_not_typed_destroys_nothing(deployed: Ran, operator: Operator) -> None:
    """Nobody to ask, another cluster's name, a group or a wildcard: exit code 2 before anything is touched."""
    assert deployed.code == 0
    before = uids(operator, *NAMES)
    for words in ((VICTIM,), (VICTIM, "--yes", OTHERS[0]), ("edge", "--yes", "edge"), ("*", "--yes", "*")):
        assert operator.run("reset_cluster", *words).code == 2
    assert uids(operator, *NAMES) == before


def test_a_reset_leaves_nothing_and_cuts_nobody(deployed: Ran, operator: Operator, lab: Lab) -> None:
    """The SSH session survives, no trace is left, the host is ready for a cluster again, the others are untouched."""
    assert deployed.code == 0
    before = uids(operator, *OTHERS)
    with lab.login(VICTIM, "key") as session:
        ran = operator.run("reset_cluster", VICTIM, "--yes", VICTIM)
        channel = session.open_session()
        channel.exec_command("true")
        assert channel.recv_exit_status() == 0
    assert (ran.code, ran.red) == (0, {})
    assert all(ran.verdict(f"leftover.{kind}@{VICTIM}") == "PASS" for kind in LEFTOVERS)
    assert ran.verdict("reset.others@fleet") == "PASS"
    assert uids(operator, *OTHERS) == before
    assert not (operator.state / "clusters" / VICTIM).exists()
    assert VICTIM not in (operator.state / "kubeconfig").read_text()
    assert operator.run("reset_cluster", VICTIM, "--yes", VICTIM).changes() == []


def test_a_failed_init_brings_its_evidence_and_a_rerun_heals(deployed: Ran, operator: Operator, lab: Lab) -> None:
    """Somebody holds the API server's port: that cluster alone is red, with kubeadm's words; then it is made."""
    assert deployed.code == 0
    lab.on(VICTIM, ["systemd-run", "--unit=squatter", "/usr/sbin/sshd", "-D", "-p", "6443"])
    try:
        ran = operator.run("full_deploy", "--only", PHASE, *PAIR)
    finally:
        lab.on(VICTIM, ["systemctl", "stop", "squatter"])
    assert (ran.code, set(ran.red)) == (1, {f"kubeadm.init@{VICTIM}"})
    finding = ran.finding(f"kubeadm.init@{VICTIM}")
    assert "Port-6443" in finding["observed"]
    assert "--- crictl ps -a" in finding["evidence"]
    assert any("sshd" in line for line in finding["evidence"])
    assert ran.verdict(f"settled.address@{OTHERS[0]}") == "PASS"
    assert ran.verdict(f"deploy.cilium@{VICTIM}") == "SKIP"
    healed = operator.run("full_deploy", "--only", f"{PHASE},prove-paths", *PAIR)
    assert (healed.code, healed.red) == (0, {})


def test_a_deployment_that_is_killed_everywhere_still_arrives(deployed: Ran, operator: Operator) -> None:
    """SIGKILL inside each stage and at each stage's end, one after the other; the last run completes."""
    assert deployed.code == 0
    assert operator.run("reset_cluster", VICTIM, "--yes", VICTIM).code == 0
    words = ("full_deploy", "--limit", VICTIM, "--only", f"{PHASE},prove-paths")
    killed = []
    for stage in MUTATING:
        for outcome, wait_s in (("started", 0.4), ("good", 0.0)):
            process = operator.start(*words)
            killed.append(operator.kill_when(process, VICTIM, stage, outcome, wait_s))
    assert any(killed)
    last = operator.run(*words)
    assert (last.code, last.red) == (0, {})
    assert operator.run(*words).changes() == []


def test_a_proof_that_was_killed_is_cleaned_up_by_the_next(deployed: Ran, operator: Operator) -> None:
    """The namespace that a killed proof leaves is removed before and after the next one."""
    assert deployed.code == 0
    operator.kubectl(VICTIM, "create", "namespace", "fleet-probe")
    ran = operator.run("verify_reach", "--limit", VICTIM)
    assert ran.code == 0
    assert ran.verdict(f"probe.removed@{VICTIM}") == "PASS"
    sentences = [change["sentence"] for stage in ran.report["stages"] for change in stage["changes"]]
    assert sentences[0] == "remove what an earlier proof left in namespace fleet-probe"


def test_an_interrupted_proof_takes_its_probe_away(deployed: Ran, operator: Operator) -> None:
    """Ctrl-C twice ends the run at once; what it made is asked away on the way out."""
    assert deployed.code == 0
    process = operator.start("verify_reach", "--limit", VICTIM)
    wait_for(
        "the probe's namespace",
        lambda: operator.kubectl(VICTIM, "get", "namespaces", "-o", "name"),
        done=lambda listed: "fleet-probe" in listed or process.poll() is not None,
        timeout_s=60,
        every_s=0.2,
    )
    for _ in range(2):
        process.send_signal(signal.SIGINT)
        time.sleep(0.5)
    assert process.wait(60) == 130
    wait_for(
        "the probe's namespace to go",
        lambda: operator.kubectl(VICTIM, "get", "namespaces", "-o", "name"),
        done=lambda listed: "fleet-probe" not in listed,
        timeout_s=90,
    )
