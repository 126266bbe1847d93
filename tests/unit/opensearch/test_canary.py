"""A line counts as arrived when it is there once, with its cluster, pod and stream."""

from __future__ import annotations

import json
from copy import deepcopy
from typing import Any

import pytest

from tasks.opensearch.canary import Canary, hits, where_it_stopped, wrong_line
from tests.unit.opensearch.recorded import recorded

CANARY = Canary(cluster="cluster-02", token="TOKEN")


def found() -> list[Any]:
    """What the search found in the lab."""
    return deepcopy(hits(recorded("canary")))


def test_the_line_that_the_lab_found_is_good() -> None:
    """Nothing is said of it."""
    assert wrong_line(CANARY, found()) == ""


def _relabelled(it: Any) -> None:
    it["_source"]["cluster"] = "cluster-03"


def _nameless(it: Any) -> None:
    del it["_source"]["kubernetes"]


def _cut(it: Any) -> None:
    it["_source"]["log"] = "log canary"


def _elsewhere(it: Any) -> None:
    it["_index"] = "logs-cluster-03-2026.11.25"


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (_relabelled, "its cluster is 'cluster-03', wanted 'cluster-02'"),
        (_nameless, "its kubernetes.pod_name is None"),
        (_cut, "its log is 'log canary'"),
        (_elsewhere, "wanted logs-cluster-02-<day>"),
    ],
)
def test_a_line_that_is_not_what_was_written_is_said(spoil: Any, said: str) -> None:
    """Field by field."""
    (one,) = found()
    spoil(one)
    assert said in wrong_line(CANARY, [one])


def test_a_line_that_is_not_there_and_one_that_is_there_twice_are_said() -> None:
    """Neither is a delivery."""
    assert wrong_line(CANARY, []) == "it is not there"
    assert wrong_line(CANARY, found() * 2) == "it is there 2 times"


def test_where_it_stopped_is_told_by_the_newest_line() -> None:
    """A cluster of which nothing ever came delivers nothing; another is late, or has lost this one."""
    assert where_it_stopped("cluster-02", []).startswith("no line of cluster-02 has ever arrived")
    assert where_it_stopped("cluster-02", found()) == f"the newest line of cluster-02 is of {_time()}"


def _time() -> str:
    return str(found()[0]["_source"]["@timestamp"])


@pytest.mark.parametrize("spoilt", [{"timed_out": True}, {"_shards": {"failed": 1, "total": 3}}])
def test_a_search_that_did_not_look_everywhere_is_no_answer(spoilt: dict[str, Any]) -> None:
    """Absence must not be concluded from it."""
    with pytest.raises(ValueError, match="the search is incomplete"):
        hits({**recorded("canary"), **spoilt})


def test_the_pod_is_harmless_and_says_only_its_line() -> None:
    """It meets the strictest standard, and ends by itself."""
    pod = json.loads(CANARY.stream("busybox"))
    assert pod["spec"]["restartPolicy"] == "Never"
    assert pod["spec"]["securityContext"]["runAsNonRoot"] is True
    (container,) = pod["spec"]["containers"]
    assert container["command"][-1] == f"echo '{CANARY.line}'"
