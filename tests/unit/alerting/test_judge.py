"""A test alert's way is judged by what the receiver shows, or by what Alertmanager counts; both can turn red."""

from __future__ import annotations

import json
from copy import deepcopy
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from tasks.alerting.judge import (
    Sent,
    judge_counted,
    judge_grouped,
    judge_received,
    messages_with,
    read_sent,
    receiver_kinds,
)
from tasks.model.finding import Verdict

if TYPE_CHECKING:
    from collections.abc import Callable

RECORDED = Path(__file__).resolve().parents[2] / "recorded"
NAME = "FleetproofDelivery-20261125T2219Z-read"
CONFIGURED = ["cluster", "alertname"]
BOTH = ("first", "second")


def metrics(case: str) -> str:
    """Alertmanager's own, as it showed them."""
    return (RECORDED / "alerting" / "metrics" / case / "stdout.txt").read_text()


def received() -> list[dict[str, Any]]:
    """What the receiver showed after two runs."""
    found: list[dict[str, Any]] = json.loads((RECORDED / "alerting" / "received" / "lab" / "stdout.txt").read_text())[
        "received"
    ]
    return found


def mine() -> list[Any]:
    """The one message of this run."""
    return list(messages_with(NAME, received()))


def test_counters_are_added_up_over_their_reasons() -> None:
    """Of the kinds in use alone."""
    assert read_sent(metrics("accepted"), {"webhook"}) == Sent(begun=2, given_up=0, requests=2, refused=0)
    assert read_sent(metrics("refused"), {"webhook"}) == Sent(begun=3, given_up=0, requests=5, refused=5)
    assert read_sent(metrics("refused"), {"email"}) == Sent()


def test_no_counters_are_no_zero() -> None:
    """What is not counted cannot have gone well."""
    with pytest.raises(ValueError, match="counts no notification of kind pigeon"):
        read_sent(metrics("accepted"), {"pigeon"})


def test_the_receivers_kind_is_read_from_the_loaded_configuration() -> None:
    """Of the receiver that all alerts go to; one that tells nobody has none."""
    status = json.loads((RECORDED / "monitoring" / "alertmanager" / "lab" / "stdout.txt").read_text())
    config = yaml.safe_load(status["config"]["original"])
    assert receiver_kinds(config) == {"webhook"}
    assert receiver_kinds({"route": {"receiver": "x"}, "receivers": [{"name": "x"}]}) == frozenset()
    assert (
        receiver_kinds({"route": {"receiver": "x"}, "receivers": [{"name": "x", "slack_configs": []}]}) == frozenset()
    )
    assert receiver_kinds({}) == frozenset()


def test_only_messages_of_this_alert_that_fires_count() -> None:
    """Neither those of another run, nor that it has ended."""
    assert len(received()) == 2
    assert len(mine()) == 1
    ended = deepcopy(received())
    for it in ended:
        it["message"]["status"] = "resolved"
    assert messages_with(NAME, ended) == ()


def test_an_alert_that_was_read_back_is_delivered() -> None:
    """The row says that it was read back, and from a stand-in."""
    found = judge_received(mine(), "cluster-02", 31.2)
    assert found.verdict is Verdict.PASS
    assert found.observed == "read back from the receiver, a stand-in, 31 s after it was sent"


def test_an_alert_that_does_not_come_is_red() -> None:
    """With the seconds that were waited."""
    found = judge_received([], "cluster-02", 75.4)
    assert (found.verdict, found.observed) == (Verdict.FAIL, "nothing came within 75 s")


def test_an_alert_that_has_lost_its_cluster_is_red() -> None:
    """Nobody would know where to look."""
    message = deepcopy(mine()[0])
    for alert in message["alerts"]:
        del alert["labels"]["cluster"]
    found = judge_received([message], "cluster-02", 31.0)
    assert (found.verdict, found.observed) == (Verdict.FAIL, "it came as that of ['none']")


def test_what_alertmanager_counts_as_accepted_is_delivered_as_far_as_it_can_be_known() -> None:
    """The row says by whose word."""
    before = Sent(begun=3, given_up=1, requests=4, refused=1)
    after = replace(before, begun=4, requests=5)
    found = judge_counted(before, after, 36.0, "cluster-02")
    assert found.verdict is Verdict.PASS
    assert found.observed.startswith("by Alertmanager's own count, 36 s later: 1 accepted, 0 refused")
    assert found.observed.endswith("the receiver itself cannot be read back")


@pytest.mark.parametrize(
    ("after", "said"),
    [
        (read_sent(metrics("refused"), {"webhook"}), "0 accepted, 5 refused"),
        (Sent(), "0 accepted, 0 refused"),
        (Sent(begun=1, requests=1, refused=1, given_up=1), "0 accepted, 1 refused"),
        (Sent(begun=2, requests=2, refused=1), "1 accepted, 1 refused"),
        (Sent(begun=1, requests=1, given_up=1), "1 accepted, 0 refused"),
        (Sent(requests=1), "1 accepted, 0 refused"),
    ],
)
def test_every_other_count_is_red(after: Sent, said: str) -> None:
    """A receiver where nobody listens is tried again, and given up only minutes later: refused is enough."""
    found = judge_counted(Sent(), after, 36.0, "cluster-02")
    assert found.verdict is Verdict.FAIL
    assert said in found.observed


def test_counters_that_begin_anew_prove_nothing() -> None:
    """Alertmanager was restarted between the two looks."""
    found = judge_counted(Sent(begun=9, requests=9), Sent(begun=1, requests=1), 36.0, "cluster-02")
    assert found.verdict is Verdict.FAIL
    assert "started anew" in found.observed


def test_two_alerts_in_one_message_are_grouped() -> None:
    """By what is configured, whatever its order."""
    found = judge_grouped(mine(), BOTH, CONFIGURED)
    assert (found.verdict, found.observed) == (
        Verdict.PASS,
        "2 alerts in one message, grouped by cluster, alertname",
    )


def _apart(messages: list[Any]) -> list[Any]:
    one, other = deepcopy(messages[0]), deepcopy(messages[0])
    one["alerts"], other["alerts"] = one["alerts"][:1], other["alerts"][1:]
    return [one, other]


def _half(messages: list[Any]) -> list[Any]:
    one = deepcopy(messages[0])
    one["alerts"] = one["alerts"][:1]
    return [one]


def _otherwise(messages: list[Any]) -> list[Any]:
    one = deepcopy(messages[0])
    one["groupLabels"] = {"alertname": NAME}
    return [one]


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (_apart, "2 messages with first, second; wanted one with first, second"),
        (_half, "1 messages with first; wanted one with first, second"),
        (_otherwise, "grouped by alertname, configured: cluster, alertname"),
    ],
)
def test_alerts_that_come_otherwise_are_red(spoil: Callable[[list[Any]], list[Any]], said: str) -> None:
    """Apart, in part, or by other labels."""
    found = judge_grouped(spoil(mine()), BOTH, CONFIGURED)
    assert (found.verdict, found.observed) == (Verdict.FAIL, said)


def test_what_did_not_come_cannot_be_grouped() -> None:
    """Its own row says that it did not come; this one is no pass."""
    assert judge_grouped([], BOTH, CONFIGURED).verdict is Verdict.SKIP
