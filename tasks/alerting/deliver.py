"""The task that sends a test alert through one cluster's Alertmanager and follows it to the receiver."""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, TypeVar

import yaml

from tasks.alerting.judge import (
    NO_RECEIVER,
    judge_counted,
    judge_grouped,
    judge_received,
    messages_with,
    read_sent,
    receiver_kinds,
)
from tasks.alerting.receiver import ReceiverSilent, read_back
from tasks.deploy.api import ApiError
from tasks.deploy.identity import open_cluster
from tasks.model.errors import FleetError, in_words
from tasks.model.finding import Finding, Outcome, Row
from tasks.monitoring.ask import ALERTMANAGER, get
from tasks.preflight.judge import Judgement, bad, finding, moot
from tasks.run.change import Gate
from tasks.run.step import done
from tasks.run.wait import watch

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from nornir.core.task import Result, Task

    from tasks.alerting.judge import Sent
    from tasks.deploy.api import KubeApi
    from tasks.fleet.model import Cluster, Fleet
    from tasks.run.context import RunContext

T = TypeVar("T")

ALERT = "FleetproofDelivery"
"""What the test alert's name begins with. The run's id follows: a name of its own is a group of its own, which is told
of after the short wait for a new group, whatever an earlier run has sent."""

INSTANCES = ("first", "second")
"""Two alerts, so that it can be seen whether they come together."""

LIVES_S = 120
"""After which the alert ends itself."""

GROUP_WAIT_S = 30.0
"""So long Alertmanager gathers the alerts of a new group before it tells of them."""

SETTLE_S = 5.0
"""For the message itself, where only counters can be looked at."""

PATIENCE_S = GROUP_WAIT_S + 45
DELIVERED, GROUPED = "alerting.delivered", "alerting.grouped"
WANTED = {DELIVERED: "a test alert reaches the receiver", GROUPED: "alerts of a group come in one message"}

CAUSES: Mapping[str, tuple[str, ...]] = {DELIVERED: ("answers.alertmanager",), GROUPED: (DELIVERED,)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrived:
    """How the two rows come out."""

    delivered: Judgement
    grouped: Judgement


def declares(fleet: Fleet) -> tuple[Row, ...]:
    """Two rows for every cluster."""
    return tuple(Row(check, cluster.name) for cluster in fleet.clusters for check in WANTED)


def deliver(task: Task, *, ctx: RunContext) -> Result:
    """
    Send one cluster's test alert and follow it; it ends itself after two minutes.

    Returns:
        Result with ``result`` = Outcome(findings=one per row of ``declares``, a change that is temporary)

    """
    cluster = ctx.fleet.cluster(task.host.name)
    gate, api = Gate(cluster.name, plan=ctx.plan), open_cluster(ctx, cluster)
    try:
        arrived = Delivery(ctx=ctx, cluster=cluster, api=api, gate=gate).follow()
    except (ApiError, ReceiverSilent, ValueError, KeyError) as error:
        said = bad(in_words(error), f"kubectl --context {cluster.name} -n monitoring get pods")
        arrived = Arrived(delivered=said, grouped=moot("nothing was delivered"))
    found = (_found(cluster, DELIVERED, arrived.delivered), _found(cluster, GROUPED, arrived.grouped))
    return done(task, Outcome(findings=found, changes=gate.changes))


def alerts(cluster: Cluster, name: str, now: datetime) -> list[dict[str, Any]]:
    """The alerts as ``/api/v2/alerts`` takes them; they are nobody's fault, and say so."""
    return [
        {
            "labels": {"alertname": name, "cluster": cluster.name, "instance": instance, "severity": "none"},
            "annotations": {"summary": "A test of the way that alerts go; nothing is wrong, and it ends by itself."},
            "startsAt": now.isoformat(),
            "endsAt": (now + timedelta(seconds=LIVES_S)).isoformat(),
        }
        for instance in INSTANCES
    ]


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """One cluster's test alert; ``api`` is None while planning a cluster that is not there yet."""

    ctx: RunContext
    cluster: Cluster
    api: KubeApi | None
    gate: Gate

    @property
    def name(self) -> str:
        """Label ``alertname``, unique to this run."""
        return f"{ALERT}-{self.ctx.run_id}"

    def follow(self) -> Arrived:
        """Send it, and wait for what can be seen of its arrival."""
        if self.api is None or self.ctx.plan:
            self._send(self.api)
            said = moot("planned: an alert is sent by a real run")
            return Arrived(delivered=said, grouped=said)
        config = yaml.safe_load(get(self.api, ALERTMANAGER, "api/v2/status")["config"]["original"]) or {}
        kinds = receiver_kinds(config)
        if not kinds:
            return Arrived(delivered=bad("the receiver tells nobody", NO_RECEIVER), grouped=moot("nobody is told"))
        before = self._counted(self.api, kinds)
        self._send(self.api)
        if self.ctx.settings.alert_readback_url and "webhook" in kinds:
            return self._read_back(config["route"]["group_by"])
        return Arrived(
            delivered=self._by_count(self.api, kinds, before),
            grouped=moot("the receiver cannot be read back; ALERT_READBACK_URL names none that can"),
        )

    def _send(self, api: KubeApi | None) -> None:
        def act() -> None:
            if api is not None:
                path = f"/api/v1/namespaces/{ALERTMANAGER}/proxy/api/v2/alerts"
                api.post(path, alerts(self.cluster, self.name, datetime.now(UTC)))

        self.gate.make(f"send {len(INSTANCES)} test alerts that end themselves", act, temporary=True)

    def _read_back(self, group_by: Sequence[str]) -> Arrived:
        url = self.ctx.settings.alert_readback_url

        def came() -> list[Mapping[str, Any]]:
            mine = (it for it in messages_with(self.name, read_back(url)) if self._is_mine(it))
            return list(mine)

        messages, waited_s = self._until(came, done=bool, show=lambda it: f"{len(it)} messages")
        return Arrived(
            delivered=judge_received(messages, self.cluster.name, waited_s),
            grouped=judge_grouped(messages, INSTANCES, group_by),
        )

    def _is_mine(self, message: Mapping[str, Any]) -> bool:
        """Every cluster's alert has the same name; one that has lost its cluster is everybody's."""
        clusters = {alert["labels"].get("cluster") for alert in message["alerts"]}
        return self.cluster.name in clusters or not clusters & {it.name for it in self.ctx.fleet.clusters}

    def _by_count(self, api: KubeApi, kinds: frozenset[str], before: Sent) -> Judgement:
        """What is accepted before the group's wait is over was another alert."""
        earliest = time.monotonic() + GROUP_WAIT_S + SETTLE_S

        def over(sent: Sent) -> bool:
            settled = sent.accepted > before.accepted or sent.refused > before.refused
            return settled and time.monotonic() > earliest

        after, waited_s = self._until(
            lambda: self._counted(api, kinds), done=over, show=lambda it: f"{it.accepted - before.accepted:g} accepted"
        )
        return judge_counted(before, after, waited_s, self.cluster.name)

    def _counted(self, api: KubeApi, kinds: frozenset[str]) -> Sent:
        return read_sent(api.text(f"/api/v1/namespaces/{ALERTMANAGER}/proxy/metrics"), kinds)

    def _until(self, look: Callable[[], T], *, done: Callable[[T], bool], show: Callable[[T], str]) -> tuple[T, float]:
        """What was seen last, and the seconds until then; silence at the end is raised."""
        began = time.monotonic()

        def once() -> T | FleetError:
            try:
                return look()
            except (ApiError, ReceiverSilent) as error:
                return error

        seen = watch(
            "the test alert's arrival",
            once,
            done=lambda it: not isinstance(it, FleetError) and done(it),
            timeout_s=PATIENCE_S,
            say=lambda text: self.ctx.progress.doing(self.cluster.name, text),
            show=lambda it: str(it) if isinstance(it, FleetError) else show(it),
        )
        if isinstance(seen, FleetError):
            raise seen
        return seen, time.monotonic() - began


def _found(cluster: Cluster, check: str, judgement: Judgement) -> Finding:
    asked = f"/api/v1/namespaces/{ALERTMANAGER}/proxy/api/v2/alerts/groups"
    reproduce = f"kubectl --context {cluster.name} get --raw {asked}"
    return finding(Row(check, cluster.name), judgement, wanted=WANTED[check], reproduce=reproduce)
