"""What a real lab answered is good, and each thing that can be wrong with it is said."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tasks.fleet.load import load_fleet
from tasks.monitoring import answers

if TYPE_CHECKING:
    from collections.abc import Callable

ROOT = Path(__file__).resolve().parents[3]
FLEET = load_fleet(ROOT / "inventory")
EDGE = FLEET.cluster("cluster-02")


def recorded(what: str) -> Any:
    """What the lab answered."""
    return json.loads((ROOT / "tests" / "recorded" / "monitoring" / what / "lab" / "stdout.txt").read_text())


JUDGES: dict[str, Callable[[Any], str]] = {
    "config": lambda answer: answers.wrong_labels(EDGE, answer),
    "up": lambda answer: answers.wrong_targets(answers.series(answer)),
    "network": lambda answer: answers.wrong_network(answers.series(answer)),
    "alertmanager": answers.wrong_alertmanager,
}


@pytest.mark.parametrize("what", JUDGES)
def test_what_the_lab_answered_is_good(what: str) -> None:
    """Nothing is said of it."""
    assert JUDGES[what](recorded(what)) == ""


def _foreign(answer: Any) -> None:
    answer["data"]["yaml"] = answer["data"]["yaml"].replace("cluster-02", "cluster-03")


def _down(answer: Any) -> None:
    target = next(one for one in answer["data"]["result"] if one["metric"]["job"] == "s3")
    target["value"][1] = "0"


def _blind(answer: Any) -> None:
    answer["data"]["result"] = [one for one in answer["data"]["result"] if one["metric"]["job"] != "s3"]


def _empty(answer: Any) -> None:
    answer["data"]["result"] = []


def _one_gone(answer: Any) -> None:
    answer["data"]["result"].pop(0)


def _ungrouped(answer: Any) -> None:
    answer["config"]["original"] = "route: {group_by: [alertname], receiver: x}\nreceivers: [{name: x}]\n"


def _untold(answer: Any) -> None:
    answer["config"]["original"] = "route: {group_by: [cluster, alertname], receiver: x}\nreceivers: [{name: x}]\n"


def _settling(answer: Any) -> None:
    answer["cluster"]["status"] = "settling"


@pytest.mark.parametrize(
    ("what", "spoil", "said"),
    [
        ("config", _foreign, "wanted {'cluster': 'cluster-02', 'region': 'edge'}"),
        ("up", _down, "1 of 14 targets are down: s3 at s3.minio.miribit.lab:80"),
        ("up", _blind, "it does not look at the object store"),
        ("up", _empty, "it scrapes nothing"),
        ("network", _one_gone, "no metric of cilium-agent"),
        ("network", _empty, "no metric of hubble-relay-metrics"),
        ("alertmanager", _ungrouped, "it groups by ['alertname']"),
        ("alertmanager", _untold, "receiver x tells nobody"),
        ("alertmanager", _settling, "its cluster is settling"),
    ],
    ids=lambda it: getattr(it, "__name__", it),
)
def test_what_is_wrong_is_said(what: str, spoil: Callable[[Any], None], said: str) -> None:
    """Each judgement can turn red, and names what it saw."""
    answer = recorded(what)
    spoil(answer)
    assert said in JUDGES[what](answer)


def test_a_query_that_failed_is_no_empty_answer() -> None:
    """Thanos' own words are kept."""
    with pytest.raises(ValueError, match="no such store"):
        answers.series({"status": "error", "error": "no such store"})
