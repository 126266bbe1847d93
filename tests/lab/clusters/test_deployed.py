"""What a deployment of bare machines leads to."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from tasks.monitoring import ask
from tasks.monitoring.answers import NETWORK_JOBS, series
from tasks.settings import load_settings, masker
from tasks.thanos import check_query, check_storeapi
from tasks.thanos.check_secrets import secret_rows
from tasks.thanos.query import QUERY
from tests.lab.clusters.fleet import FLEET, NAMES, VICTIM, ask_store, each_cluster
from tests.lab.harness import ROOT
from tests.lab.series import answer

if TYPE_CHECKING:
    from tests.lab.operator import Operator, Ran


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


def asked(operator: Operator, expression: str) -> list[tuple[dict[str, str], str]]:
    """What the central Query has of all clusters: labels and value of each series."""
    return [
        (it["metric"], it["value"][1])
        for it in series(answer(operator, NAMES[0], QUERY, "api/v1/query", query=expression))
    ]


def test_the_network_of_every_cluster_tells_of_itself(deployed: Ran, operator: Operator) -> None:
    """FR-010: agent, operator, Hubble and relay of all four, through the central Query; each relay knows its agent."""
    assert deployed.code == 0
    names = "cilium_endpoint_state|cilium_operator_version|hubble_flows_processed_total|hubble_relay_pool_.+"
    told = asked(operator, f'count by (cluster, job) ({{__name__=~"{names}"}})')
    assert {(it["cluster"], it["job"]) for it, _ in told} == {(it, job) for it in NAMES for job in NETWORK_JOBS}
    peers = asked(operator, 'sum by (cluster) (hubble_relay_pool_peer_connection_status{status=~"READY|IDLE"})')
    assert {(it["cluster"], value) for it, value in peers} == {(it, "1") for it in NAMES}


def test_every_clusters_logs_arrive(deployed: Ran) -> None:
    """A line of each is found centrally; accounts may do what they should; what the lab lacks is named."""
    logs = {row: verdict for row, verdict in deployed.verdicts.items() if row.startswith(("logs.", "opensearch."))}
    lacking = {f"opensearch.setting@{NAMES[0]}->{name}" for name in ("retention", "daily")}
    assert {row for row, verdict in logs.items() if verdict == "SKIP"} == lacking
    assert {verdict for row, verdict in logs.items() if row not in lacking} == {"PASS"}
    assert len(logs) == len(NAMES) + 3 + 4 + 3


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


def test_no_secret_is_shown_or_kept(deployed: Ran, operator: Operator, arguments: set[str]) -> None:
    """Neither by what the run printed and left, nor by the arguments of any process, those of pods among them."""
    assert any("runbooks/full_deploy.py" in it for it in arguments)
    assert any("--storage.tsdb.path" in it for it in arguments), "no Prometheus was seen"
    keys = {it for it in operator.state.rglob("*") if it.suffix in {".key", ".pem"} or it.name == "admin.conf"}
    assert {it.stat().st_mode & 0o777 for it in keys} == {0o600}
    files = (it for it in operator.state.rglob("*") if it.is_file() and it not in keys)
    kept = {str(it): it.read_text(errors="replace") for it in files}
    assert any(name.endswith("report.json") for name in kept)
    shown = {"its messages": deployed.told, "its report": json.dumps(deployed.report), **{it: it for it in arguments}}
    mask = masker(load_settings(ROOT, {**operator.lab.credentials.environment(), **operator.environment}))
    assert [name for name, text in {**kept, **shown}.items() if mask(text) != text] == []


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
def test_the_proof_leaves_nothing_behind(deployed: Ran, operator: Operator, cluster: str) -> None:
    """No namespace, no service, no lease of the probe."""
    assert deployed.code == 0
    everything = operator.kubectl(cluster, "get", "namespaces,services,leases", "-A", "-o", "name")
    assert "probe" not in everything
