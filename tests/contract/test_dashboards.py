"""Grafana's dashboards: complete, asked of the fleet's own datasources, and in PromQL that parses."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.contract import programs

ROOT = Path(__file__).resolve().parents[2]
GRAFANA = ROOT / "kustomize" / "base" / "grafana"
FILES = sorted((GRAFANA / "dashboards").glob("*.json"))
DASHBOARDS: dict[str, dict[str, Any]] = {file.stem: json.loads(file.read_text()) for file in FILES}
each_dashboard = pytest.mark.parametrize("name", DASHBOARDS)


def targets(name: str) -> list[tuple[str, dict[str, Any]]]:
    """Title of the panel and one of its queries, for every query of a dashboard."""
    return [(panel["title"], target) for panel in DASHBOARDS[name]["panels"] for target in panel["targets"]]


def test_the_five_that_are_wanted_are_there_and_are_mounted() -> None:
    """FR-011: Thanos, Prometheus of all clusters, OpenSearch, Longhorn, Cilium; each file is handed to Grafana."""
    assert set(DASHBOARDS) == {"cilium", "fleet", "longhorn", "opensearch", "thanos"}
    (generator,) = yaml.safe_load((GRAFANA / "kustomization.yaml").read_text())["configMapGenerator"]
    assert generator["files"] == [f"dashboards/{file.name}" for file in FILES]


def test_every_dashboard_has_a_uid_of_its_own() -> None:
    """Grafana keeps one of two with the same uid; a uid that changes breaks every bookmark."""
    assert {name: dashboard["uid"] for name, dashboard in DASHBOARDS.items()} == {name: name for name in DASHBOARDS}


@each_dashboard
def test_one_can_look_at_single_clusters(name: str) -> None:
    """The variable `cluster` lists the clusters that there are, and all of them are shown at first."""
    (variable,) = (it for it in DASHBOARDS[name]["templating"]["list"] if it["name"] == "cluster")
    assert variable["query"]["query"] == "label_values(up, cluster)"
    assert variable["includeAll"]
    assert variable["multi"]


@each_dashboard
def test_every_panel_says_what_it_shows(name: str) -> None:
    """A title of its own, a unit, a datasource that exists, and a place that no other panel has."""
    panels = DASHBOARDS[name]["panels"]
    assert 8 <= len(panels) <= 16
    assert len({panel["title"] for panel in panels}) == len(panels)
    assert len({panel["id"] for panel in panels}) == len(panels)
    assert len({(panel["gridPos"]["x"], panel["gridPos"]["y"]) for panel in panels}) == len(panels)
    assert all(panel["fieldConfig"]["defaults"]["unit"] for panel in panels)
    assert {panel["datasource"]["uid"] for panel in panels} <= {"thanos", "opensearch"}


@each_dashboard
def test_every_query_is_asked_of_its_panels_datasource(name: str) -> None:
    """Grafana provisions the two by exactly these uids."""
    values = yaml.safe_load((GRAFANA / "values.yaml").read_text())
    known = {it["uid"]: it["type"] for it in values["datasources"]["datasources.yaml"]["datasources"]}
    for panel in DASHBOARDS[name]["panels"]:
        for source in (panel["datasource"], *(target["datasource"] for target in panel["targets"])):
            assert source == {"type": known[source["uid"]], "uid": panel["datasource"]["uid"]}


@each_dashboard
def test_every_query_is_narrowed_to_the_chosen_clusters(name: str) -> None:
    """Choosing a cluster leaves the others out of every panel."""
    for title, target in targets(name):
        assert "$cluster" in target.get("expr", "") or "${cluster:regex}" in target.get("query", ""), title


@each_dashboard
def test_every_query_is_promql(name: str, tmp_path: Path) -> None:
    """Promtool reads each as the expression of a rule; without promtool, brackets at least are closed."""
    expressions = [target["expr"].replace("$cluster", ".+") for _, target in targets(name) if "expr" in target]
    for expression in expressions:
        assert [expression.count(it) for it in "([{"] == [expression.count(it) for it in ")]}"], expression
        assert expression.count('"') % 2 == 0, expression
    if program := programs.find("promtool"):
        rules = [{"record": f"it:{number}", "expr": expression} for number, expression in enumerate(expressions)]
        file = tmp_path / "rules.yaml"
        file.write_text(yaml.safe_dump({"groups": [{"name": name, "rules": rules}]}))
        done = subprocess.run([program, "check", "rules", str(file)], capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
