"""The proof of everything: green on a sound fleet, and red where one thing is wrong."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from tests.lab.clusters.fleet import NAMES, VICTIM

if TYPE_CHECKING:
    from tests.lab.operator import Operator, Ran


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
