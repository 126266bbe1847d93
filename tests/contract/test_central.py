"""What only the central cluster has: the way to all sidecars, the ruler's rules, and how logs are stored."""

from __future__ import annotations

import json
import subprocess
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

import pytest
import yaml

from tasks.fleet.load import load_fleet
from tests.contract import programs

ROOT = Path(__file__).resolve().parents[2]
BASE = ROOT / "kustomize" / "base"
FLEET = load_fleet(ROOT / "inventory")
SETTINGS: dict[str, dict[str, Any]] = {
    file.stem: json.loads(file.read_text()) for file in sorted((BASE / "opensearch" / "settings").glob("*.json"))
}


def test_query_asks_the_sidecar_of_every_cluster_and_may_reach_it() -> None:
    """FR-015: the addresses in the ConfigMap, those in the policy, and the inventory's VIPs are the same."""
    overlay = ROOT / "kustomize" / "overlays" / FLEET.central.name / "thanos" / "stores.yaml"
    stores, policy = yaml.safe_load_all(overlay.read_text())
    vips = [str(cluster.vip.address) for cluster in FLEET.clusters]
    endpoints = yaml.safe_load(stores["data"]["stores.yaml"])["endpoints"]
    assert [it["address"] for it in endpoints] == [f"{vip}:10901" for vip in vips]
    (egress,) = policy["spec"]["egress"]
    assert egress["toCIDR"] == [f"{vip}/32" for vip in vips]


RULES_TEST = """
rule_files: [rules.yaml]
evaluation_interval: 30s
tests:
  - interval: 30s
    input_series:
      - {series: 'up{cluster="cluster-01", job="a"}', values: '1x200'}
      - {series: 'up{cluster="cluster-02", job="a"}', values: '1x60 _x140'}
    alert_rule_test:
      - {eval_time: 30m, alertname: ClusterMissingFromGlobalView, exp_alerts: []}
      - eval_time: 50m
        alertname: ClusterMissingFromGlobalView
        exp_alerts:
          - exp_labels: {cluster: cluster-02, severity: critical}
            exp_annotations: ANNOTATIONS
"""


def test_the_ruler_misses_a_cluster_that_is_gone(tmp_path: Path) -> None:
    """It fires for the cluster that sends nothing any more, and for no other."""
    programs.want("promtool")
    values = yaml.safe_load((BASE / "thanos" / "values.yaml").read_text())
    # Helm writes Prometheus's own braces so
    text = values["ruler"]["rules"]["global.yaml"].replace('{{ "{{ $labels.cluster }}" }}', "{{ $labels.cluster }}")
    rules = yaml.safe_load(text)
    (group,) = rules["groups"]
    assert group.pop("partial_response_strategy") == "warn"  # Thanos's own key
    (alert,) = (rule for rule in group["rules"] if "alert" in rule)
    assert alert["annotations"].keys() >= {"summary", "impact", "description", "runbook_url"}
    said = {key: text.replace("{{ $labels.cluster }}", "cluster-02") for key, text in alert["annotations"].items()}
    (tmp_path / "rules.yaml").write_text(yaml.safe_dump(rules))
    (tmp_path / "test.yaml").write_text(RULES_TEST.replace("ANNOTATIONS", json.dumps(said)))
    done = subprocess.run(
        [str(programs.find("promtool")), "test", "rules", "test.yaml"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_exactly_one_compactor_keeps_blocks_for_ever() -> None:
    """SC-002: no retention in the object store; a second compactor would overwrite the first one's blocks."""
    compactor = yaml.safe_load((BASE / "thanos" / "values.yaml").read_text())["compactor"]
    assert compactor["replicaCount"] == 1
    assert set(compactor["retention"].values()) == {"0d"}


def test_each_setting_says_how_it_is_set() -> None:
    """The deployment sends body to path with method, where the plugin is there."""
    assert [it["path"] for it in SETTINGS.values()] == [
        "/_snapshot/s3",
        "/_index_template/logs",
        "/_plugins/_ism/policies/logs",
        "/_plugins/_sm/policies/daily",
    ]
    assert all(it.keys() == {"what", "method", "path", "plugin", "body"} for it in SETTINGS.values())


@pytest.mark.parametrize("shipper", ["base/fluent-bit/values.yaml", "components/lab/fluent-bit/rsyslog.yaml"])
def test_the_indices_that_are_written_are_those_that_are_kept(shipper: str) -> None:
    """Template, retention, daily snapshot and the shipper's own rights all speak of the same indices."""
    text = (ROOT / "kustomize" / shipper).read_text()
    assert "Logstash_Prefix logs-${CLUSTER}" in text or 'set $.index = "logs-" & getenv("CLUSTER")' in text
    (ism,) = SETTINGS["3-retention"]["body"]["policy"]["ism_template"]
    (roles,) = yaml.safe_load_all((BASE / "opensearch" / "roles.yaml").read_text())
    role = yaml.safe_load(roles["data"]["roles.yml"])["log_shipper"]
    patterns = [
        *SETTINGS["2-template"]["body"]["index_patterns"],
        *ism["index_patterns"],
        *SETTINGS["4-daily"]["body"]["snapshot_config"]["indices"].split(","),
        *role["index_permissions"][0]["index_patterns"],
    ]
    assert all(fnmatch("logs-cluster-01-2026.11.25", pattern) for pattern in patterns)


def test_logs_leave_after_fourteen_days_and_only_into_a_snapshot() -> None:
    """FR-009a: here 14 days, then a snapshot in the bucket of the inventory, then deleted here."""
    states = {it["name"]: it for it in SETTINGS["3-retention"]["body"]["policy"]["states"]}
    (leave,) = states["here"]["transitions"]
    assert leave["conditions"] == {"min_index_age": "14d"}
    (action,) = states[leave["state_name"]]["actions"]
    assert action["snapshot"]["repository"] == SETTINGS["1-repository"]["path"].rpartition("/")[2]
    assert [it["state_name"] for it in states["archive"]["transitions"]] == ["delete"]
    assert SETTINGS["1-repository"]["body"]["settings"]["bucket"] in FLEET.s3.buckets


def test_the_shipper_may_only_add() -> None:
    """A stolen edge account reads no log and deletes none."""
    (roles,) = yaml.safe_load_all((BASE / "opensearch" / "roles.yaml").read_text())
    role = yaml.safe_load(roles["data"]["roles.yml"])["log_shipper"]
    actions = [
        *role["cluster_permissions"],
        *(it for each in role["index_permissions"] for it in each["allowed_actions"]),
    ]
    assert not [it for it in actions if not it.startswith(("indices:data/write/", "indices:admin/"))]
    assert not [it for it in actions if "delete" in it or it in {"*", "indices:*", "indices:data/write/*"}]


def test_opensearch_runs_one_image() -> None:
    """The container that looks after the plugin must be the very version that then loads it."""
    values = yaml.safe_load((BASE / "opensearch" / "values.yaml").read_text())
    (chart,) = yaml.safe_load((BASE / "opensearch" / "kustomization.yaml").read_text())["helmCharts"]
    (init,) = values["extraInitContainers"]
    assert init["image"] == f"opensearchproject/opensearch:{chart['version']}"
    assert chart["version"].replace(".", r"\.") in init["args"][0]


def test_the_stand_in_for_longhorn_needs_no_image_of_its_own() -> None:
    """Its helper pods run what every node has for the proof of paths."""
    values = yaml.safe_load((ROOT / "lab" / "charts" / "longhorn-1.12.1" / "values.yaml").read_text())
    assert values["standIn"]["helperImage"] == FLEET.probe_image


@pytest.mark.parametrize(
    ("in_image", "kept", "fetched"),
    [(True, "", False), (True, "3.5.0", False), (False, "3.6.0", False), (False, "3.5.0", True), (False, "", True)],
    ids=["image", "image-before-kept", "kept", "kept-of-another-version", "neither"],
)
def test_the_plugin_is_fetched_at_most_once(in_image: bool, kept: str, fetched: bool, tmp_path: Path) -> None:  # noqa: FBT001
    """An image that has repository-s3 needs no internet, and neither does a volume that kept it of this version."""
    values = yaml.safe_load((BASE / "opensearch" / "values.yaml").read_text())
    home, volume = tmp_path / "home", tmp_path / "kept"
    plugin = home / "plugins" / "repository-s3"
    for folder in (home / "bin", home / "plugins", volume):
        folder.mkdir(parents=True)
    described = "opensearch.version={}\n"
    if in_image:
        plugin.mkdir()
        (plugin / "plugin-descriptor.properties").write_text(described.format("3.6.0"))
    if kept:
        (volume / "plugin-descriptor.properties").write_text(described.format(kept))
    fetch = home / "bin" / "opensearch-plugin"
    fetch.write_text(
        f"#!/bin/sh\ntouch {tmp_path}/fetched\nmkdir {plugin}\n"
        f"echo opensearch.version=3.6.0 >{plugin}/plugin-descriptor.properties\n"
    )
    fetch.chmod(0o755)
    (init,) = values["extraInitContainers"]
    script = init["args"][0].replace("/usr/share/opensearch", str(home)).replace("/kept", str(volume))
    subprocess.run([*init["command"], script], check=True, capture_output=True)
    assert (tmp_path / "fetched").exists() is fetched
    assert (volume / "plugin-descriptor.properties").read_text() == described.format("3.6.0")
