"""Judgements of a test alert's way. Pure: what the receiver or Alertmanager said in, judgement out."""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tasks.preflight.judge import bad, good, moot

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from tasks.preflight.judge import Judgement

_SAMPLE = re.compile(r'^(alertmanager_notification\w+_total)\{[^}]*integration="(\w+)"[^}]*\} (\S+)', re.MULTILINE)

NO_RECEIVER = "choose a receiver in the cluster's overlay: kustomize/components/receiver-*"


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """
    What Alertmanager counts of one kind of receiver since it started.

    Attributes:
        begun: notifications that it set out to send; one that is tried again and again counts once
        given_up: notifications that it will not try again
        requests, refused: single requests to the receiver, and those of them that failed

    """

    begun: float = 0
    given_up: float = 0
    requests: float = 0
    refused: float = 0

    @property
    def accepted(self) -> float:
        """Requests that the receiver said yes to."""
        return self.requests - self.refused


def read_sent(metrics: str, kinds: Iterable[str]) -> Sent:
    """
    Add up Alertmanager's counters.

    Arguments:
        metrics: the text of ``/metrics``
        kinds: of the receivers in use: webhook, email, slack

    Raises:
        ValueError: it counts nothing of these kinds

    """
    counted: defaultdict[str, float] = defaultdict(float)
    wanted = frozenset(kinds)
    for name, kind, value in _SAMPLE.findall(metrics):
        if kind in wanted:
            counted[name] += float(value)
    if "alertmanager_notification_requests_total" not in counted:
        raise ValueError(f"Alertmanager counts no notification of kind {', '.join(sorted(wanted)) or 'any'}")
    return Sent(
        begun=counted["alertmanager_notifications_total"],
        given_up=counted["alertmanager_notifications_failed_total"],
        requests=counted["alertmanager_notification_requests_total"],
        refused=counted["alertmanager_notification_requests_failed_total"],
    )


def receiver_kinds(config: Mapping[str, Any]) -> frozenset[str]:
    """
    The kinds of the receiver that every alert goes to unless a route says otherwise; empty where it tells nobody.

    Arguments:
        config: Alertmanager's own, as it has loaded it

    """
    chosen = (config.get("route") or {}).get("receiver")
    receivers: Mapping[str, Mapping[str, Any]] = {it["name"]: it for it in config.get("receivers") or ()}
    settings = receivers.get(str(chosen), {})
    return frozenset(key.removesuffix("_configs") for key, value in settings.items() if key != "name" and value)


def messages_with(alertname: str, received: Iterable[Mapping[str, Any]]) -> tuple[Mapping[str, Any], ...]:
    """
    The messages that tell that an alert fires.

    Arguments:
        received: as the stand-in shows them: ``{"at": Unix time, "message": what Alertmanager sent}``

    """
    return tuple(
        message
        for message in (it["message"] for it in received)
        if message.get("status") == "firing" and any(_name(alert) == alertname for alert in message.get("alerts") or ())
    )


def _name(alert: Mapping[str, Any]) -> str:
    return str((alert.get("labels") or {}).get("alertname", ""))


def judge_received(messages: Sequence[Mapping[str, Any]], cluster: str, waited_s: float) -> Judgement:
    """Whether the receiver got the alert of this cluster, read back from the receiver itself."""
    if not messages:
        return bad(f"nothing came within {waited_s:.0f} s", _look(cluster))
    if any(_clusters(message) != {cluster} for message in messages):
        return bad(f"it came as that of {sorted(set().union(*map(_clusters, messages)))}", _look(cluster))
    return good(f"read back from the receiver, a stand-in, {waited_s:.0f} s after it was sent")


def _clusters(message: Mapping[str, Any]) -> set[str]:
    return {str(alert["labels"].get("cluster", "none")) for alert in message["alerts"]}


def judge_counted(before: Sent, after: Sent, waited_s: float, cluster: str) -> Judgement:
    """Whether Alertmanager says that the receiver took what it was sent; of more it has no proof."""
    refused, given_up = after.refused - before.refused, after.given_up - before.given_up
    accepted = after.accepted - before.accepted
    said = f"by Alertmanager's own count, {waited_s:.0f} s later: {accepted:g} accepted, {refused:g} refused"
    if min(accepted, refused, given_up, after.begun - before.begun) < 0:
        return bad(f"{said}; it was started anew meanwhile", _look(cluster))
    if refused or given_up or not accepted or after.begun == before.begun:
        return bad(said, _look(cluster))
    return good(f"{said}; the receiver itself cannot be read back")


def judge_grouped(
    messages: Sequence[Mapping[str, Any]], instances: Iterable[str], group_by: Sequence[str]
) -> Judgement:
    """
    Whether alerts that belong together came in one message, grouped as configured.

    Arguments:
        messages: that tell of the test alert
        instances: label ``instance`` of each alert that was sent
        group_by: of the configured route

    """
    if not messages:
        return moot("nothing came that could be grouped")
    wanted, remedy = sorted(instances), "kubectl -n monitoring get alertmanagerconfig fleet -o yaml"
    found = sorted(str(alert["labels"].get("instance")) for message in messages for alert in message["alerts"])
    if len(messages) > 1 or found != wanted:
        return bad(f"{len(messages)} messages with {', '.join(found)}; wanted one with {', '.join(wanted)}", remedy)
    labels = sorted(messages[0].get("groupLabels") or {})
    if labels != sorted(group_by):
        return bad(f"grouped by {', '.join(labels) or 'nothing'}, configured: {', '.join(group_by)}", remedy)
    return good(f"{len(found)} alerts in one message, grouped by {', '.join(group_by)}")


def _look(cluster: str) -> str:
    return f"kubectl --context {cluster} -n monitoring logs alertmanager-monitoring-alertmanager-0"
