"""The task sends through a gate, waits, and tells how it knows."""

from __future__ import annotations

import json
import threading
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from lab.services.receive import Receiver
from tasks.alerting import deliver
from tasks.deploy.api import ApiError
from tasks.fleet.load import load_fleet
from tasks.model.finding import Verdict
from tests.unit.onsite import ROOT, OnSite

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tasks.model.finding import Outcome

STATUS = (ROOT / "tests" / "recorded" / "monitoring" / "alertmanager" / "lab" / "stdout.txt").read_text()
COUNTED = 'alertmanager_notification{}_total{{integration="webhook"}} {}\n'


class Api:
    """An Alertmanager that tells who is told of what is posted, and counts."""

    def __init__(self, told: Callable[[dict[str, Any]], bool], status: str = STATUS) -> None:
        """``told``: whether the receiver took a message."""
        self.told, self.status = told, status
        self.posted: list[Any] = []
        self.accepted = self.refused = 0

    def text(self, path: str, **_: str) -> str:
        """Its status, or its counters."""
        if path.endswith("/status"):
            return self.status
        asked = self.accepted + self.refused
        numbers = {"s": asked, "s_failed": 0, "_requests": asked, "_requests_failed": self.refused}
        return "".join(COUNTED.format(name, number) for name, number in numbers.items())

    def post(self, path: str, body: list[dict[str, Any]]) -> str:
        """Tell at once what a real one tells after the group's wait."""
        assert path.endswith("/proxy/api/v2/alerts")
        self.posted.append(body)
        labels = body[0]["labels"]
        group = {name: labels[name] for name in ("alertname", "cluster")}
        if self.told({"status": "firing", "alerts": body, "groupLabels": group}):
            self.accepted += 1
        else:
            self.refused += 1
        return "{}"


@contextmanager
def stand_in() -> Iterator[tuple[Receiver, str]]:
    """The lab's receiver on loopback, and its URL."""
    with Receiver(("127.0.0.1", 0), "/secret") as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield server, f"http://127.0.0.1:{server.server_address[1]}/secret"
        server.shutdown()
        thread.join()


@pytest.fixture(autouse=True)
def _hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("GROUP_WAIT_S", "SETTLE_S", "PATIENCE_S"):
        monkeypatch.setattr(deliver, name, 0.0)


def run(
    api: Api | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, url: str = "", plan: bool = False
) -> tuple[Outcome, dict[str, Any]]:
    """The outcome, and each finding by its check."""
    monkeypatch.setattr(deliver, "open_cluster", lambda *_: api)
    onsite = OnSite(tmp_path, host="cluster-02", plan=plan)
    onsite.ctx = replace(onsite.ctx, settings=replace(onsite.ctx.settings, alert_readback_url=url))
    outcome = onsite.run(deliver.deliver)
    return outcome, {it.row.check: it for it in outcome.findings}


def verdicts(found: dict[str, Any]) -> tuple[Verdict, Verdict]:
    """Of both rows."""
    return found[deliver.DELIVERED].verdict, found[deliver.GROUPED].verdict


def test_rows_are_declared_for_every_cluster() -> None:
    """Two each."""
    assert len(deliver.declares(load_fleet(ROOT / "inventory"))) == 8


def test_an_alert_is_read_back_where_the_receiver_shows_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Over HTTP, from the lab's own stand-in."""
    with stand_in() as (server, url):

        def told(message: dict[str, Any]) -> bool:
            server.kept.append({"at": 0.0, "message": message})
            return True

        outcome, found = run(Api(told), tmp_path, monkeypatch, url=url)
    assert verdicts(found) == (Verdict.PASS, Verdict.PASS)
    assert [it.temporary for it in outcome.changes] == [True]


def test_what_is_sent_names_cluster_and_run_and_ends_itself(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two alerts of one group, for two minutes, that tell people not to worry."""
    api = Api(lambda _: True)
    run(api, tmp_path, monkeypatch)
    ((first, second),) = api.posted
    assert first["labels"] | {"instance": "second"} == second["labels"]
    assert first["labels"]["cluster"] == "cluster-02"
    assert first["labels"]["alertname"].startswith("FleetproofDelivery-2026")
    assert first["startsAt"] < first["endsAt"]
    assert "nothing is wrong" in first["annotations"]["summary"]
    json.dumps(first)


def test_where_nothing_can_be_read_back_alertmanagers_count_is_the_proof(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And the grouping is not judged, with the reason."""
    _, found = run(Api(lambda _: True), tmp_path, monkeypatch)
    assert verdicts(found) == (Verdict.PASS, Verdict.SKIP)
    assert "cannot be read back" in found[deliver.GROUPED].observed


def test_a_receiver_that_refuses_is_red_by_count(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a word from the receiver itself."""
    _, found = run(Api(lambda _: False), tmp_path, monkeypatch)
    assert verdicts(found) == (Verdict.FAIL, Verdict.SKIP)


def test_an_alert_that_never_comes_is_red(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Alertmanager may count it as accepted: what was read back is what counts."""
    with stand_in() as (_, url):
        _, found = run(Api(lambda _: True), tmp_path, monkeypatch, url=url)
    assert verdicts(found) == (Verdict.FAIL, Verdict.SKIP)


def test_a_receiver_that_shows_nothing_is_red_and_its_address_stays_secret(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A wrong path, or nobody there."""
    with stand_in() as (_, url):
        _, wrong = run(Api(lambda _: True), tmp_path, monkeypatch, url=url + "x")
    _, gone = run(Api(lambda _: True), tmp_path, monkeypatch, url=url)
    assert wrong[deliver.DELIVERED].observed == "ALERT_READBACK_URL answers HTTP 404"
    assert gone[deliver.DELIVERED].verdict is Verdict.FAIL
    assert "secret" not in gone[deliver.DELIVERED].observed


def test_a_receiver_that_tells_nobody_is_red_before_anything_is_sent(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No component receiver-* was chosen."""
    api = Api(
        lambda _: True, status=json.dumps({"config": {"original": "route: {receiver: x}\nreceivers: [{name: x}]"}})
    )
    _, found = run(api, tmp_path, monkeypatch)
    assert verdicts(found) == (Verdict.FAIL, Verdict.SKIP)
    assert api.posted == []


def test_an_alertmanager_that_does_not_answer_is_red(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With what the API server says of it."""

    def refuse(*_: object, **__: object) -> str:
        raise ApiError("cluster-02: no endpoints available")

    monkeypatch.setattr(Api, "text", refuse)
    _, found = run(Api(lambda _: True), tmp_path, monkeypatch)
    assert found[deliver.DELIVERED].observed == "cluster-02: no endpoints available"
    assert verdicts(found) == (Verdict.FAIL, Verdict.SKIP)


def test_a_plan_names_what_would_be_sent_and_sends_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also where there is no cluster yet."""
    api = Api(lambda _: True)
    for it in (api, None):
        outcome, found = run(it, tmp_path, monkeypatch, plan=True)
        assert [(change.made, change.temporary) for change in outcome.changes] == [(False, True)]
        assert verdicts(found) == (Verdict.SKIP, Verdict.SKIP)
    assert api.posted == []
