"""Every alert fires when it should and is silent when it should, by promtool; and each is explained."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.contract import programs

ROOT = Path(__file__).resolve().parents[2]
FILES = sorted((ROOT / "kustomize" / "base").glob("*/alerts/*.yaml"))
GROUPS = {file: yaml.safe_load(file.read_text())["spec"]["groups"] for file in FILES}
ALERTS = {rule["alert"]: (file, rule) for file in FILES for group in GROUPS[file] for rule in group["rules"]}
CASES: dict[str, Any] = yaml.safe_load((ROOT / "tests" / "alerts" / "cases.yaml").read_text())
WAIT = re.compile(r"(\d+)m")
RUNBOOK = "https://github.com/fleetproof/fleetproof/blob/main/docs/alerts.md#"


@pytest.fixture(scope="session")
def promtool() -> str:
    """Prometheus' own tool; skips where it is not at hand."""
    programs.want("promtool")
    return str(programs.find("promtool"))


def run(promtool: str, *words: str) -> str:
    """Its output; it has to succeed."""
    done = subprocess.run([promtool, *words], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def rule_file(file: Path, folder: Path) -> Path:
    """The rules of a PrometheusRule as Prometheus reads them."""
    rules = folder / f"{file.parent.parent.name}-{file.name}"
    rules.write_text(yaml.safe_dump({"groups": GROUPS[file]}))
    return rules


def test_every_alert_has_its_two_cases() -> None:
    """And no case is for an alert that is not there."""
    assert set(CASES) == set(ALERTS)
    assert len(ALERTS) > 30
    assert all(case["fires"] and case["silent"] and case["fires"] != case["silent"] for case in CASES.values())


@pytest.mark.parametrize("file", FILES, ids=lambda it: f"{it.parent.parent.name}-{it.stem}")
def test_prometheus_accepts_the_rules(file: Path, promtool: str, tmp_path: Path) -> None:
    """Expressions and templates parse."""
    assert "SUCCESS" in run(promtool, "check", "rules", str(rule_file(file, tmp_path)))


@pytest.mark.parametrize("name", ALERTS)
@pytest.mark.parametrize(("case", "firing"), [("fires", 1), ("silent", 0)])
def test_an_alert_fires_when_it_should_and_only_then(
    name: str, case: str, firing: int, promtool: str, tmp_path: Path
) -> None:
    """Some time after it has waited as long as it says."""
    file, rule = ALERTS[name]
    waits = WAIT.fullmatch(rule["for"])
    assert waits
    series = [{"series": key, "values": values} for key, values in CASES[name][case].items()]
    asked = {
        "expr": f'min(count(ALERTS{{alertname="{name}",alertstate="firing"}}) or vector(0)) > bool 0',
        "eval_time": CASES[name].get("at", f"{2 * int(waits[1]) + 30}m"),
        "exp_samples": [{"labels": "{}", "value": firing}],
    }
    test = {
        "rule_files": [str(rule_file(file, tmp_path))],
        "evaluation_interval": "1m",
        "tests": [{"interval": "1m", "input_series": series, "promql_expr_test": [asked]}],
    }
    (tmp_path / "test.yaml").write_text(yaml.safe_dump(test))
    run(promtool, "test", "rules", str(tmp_path / "test.yaml"))


@pytest.mark.parametrize("name", ALERTS)
def test_an_alert_says_what_to_do(name: str) -> None:
    """Severity, summary, impact, description; and a section of its own in both languages' documents."""
    _, rule = ALERTS[name]
    assert rule["labels"]["severity"] in {"critical", "warning"}
    assert {"summary", "impact", "description"} < set(rule["annotations"])
    assert rule["annotations"]["runbook_url"] == RUNBOOK + name.lower()
    for document in ("docs/alerts.md", "docs/ko/alerts.md"):
        assert f"\n### {name}\n" in (ROOT / document).read_text()


@pytest.mark.parametrize("document", ["docs/operate.md", "docs/ko/operate.md"])
@pytest.mark.parametrize(
    ("series", "firing"),
    [
        ({"fleetproof_audit_finished_timestamp_seconds": "0+0x3000"}, 1),
        ({"other": "1x3000"}, 1),
        ({"fleetproof_audit_finished_timestamp_seconds": "0+60x3000"}, 0),
    ],
    ids=["a night was missed", "no metrics at all", "every audit came"],
)
def test_the_documented_rule_misses_a_night(
    series: dict[str, str], firing: int, document: str, promtool: str, tmp_path: Path
) -> None:
    """The rule for whoever scrapes the operator's machine fires when the last audit is old or unknown."""
    blocks = re.findall(r"```yaml\n(groups:.*?)```", (ROOT / document).read_text(), re.DOTALL)
    (rules,) = (block for block in blocks if "NightlyAuditMissed" in block)
    (tmp_path / "rules.yaml").write_text(rules)
    asked = {
        "expr": 'min(count(ALERTS{alertname="NightlyAuditMissed",alertstate="firing"}) or vector(0)) > bool 0',
        "eval_time": "2000m",
        "exp_samples": [{"labels": "{}", "value": firing}],
    }
    test = {
        "rule_files": [str(tmp_path / "rules.yaml")],
        "evaluation_interval": "5m",
        "tests": [
            {
                "interval": "1m",
                "input_series": [{"series": key, "values": values} for key, values in series.items()],
                "promql_expr_test": [asked],
            }
        ],
    }
    (tmp_path / "test.yaml").write_text(yaml.safe_dump(test))
    run(promtool, "test", "rules", str(tmp_path / "test.yaml"))


def test_the_loss_of_the_object_store_is_told_within_five_minutes() -> None:
    """SC-007: scrape interval, wait and the group's wait together."""
    values = yaml.safe_load((ROOT / "kustomize/base/monitoring/values.yaml").read_text())
    notify = yaml.safe_load((ROOT / "kustomize/base/monitoring/notification.yaml").read_text())
    spec = values["prometheus"]["prometheusSpec"]
    seconds = [
        int(text.rstrip("s"))
        for text in (spec["scrapeInterval"], spec["evaluationInterval"], notify["spec"]["route"]["groupWait"])
    ]
    for name in ("ObjectStoreUnreachable", "ObjectStoreUnwatched"):
        waits = WAIT.fullmatch(ALERTS[name][1]["for"])
        assert waits
        assert sum(seconds) + 60 * int(waits[1]) < 300


def test_every_rule_file_is_applied() -> None:
    """A file that no base lists would never reach a cluster."""
    for file in FILES:
        base = yaml.safe_load((file.parent.parent / "kustomization.yaml").read_text())
        assert f"alerts/{file.name}" in base["resources"]
