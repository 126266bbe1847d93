"""
A sample of each cluster, followed from where it is made to where it is read (N5).

A recording rule makes it: Prometheus itself evaluates it and no other program has to be there. It comes by the way by
which all rules come, and how far it came is told apart.
"""

from __future__ import annotations

import time
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from tasks.deploy.api import ApiError
from tasks.deploy.identity import open_cluster
from tasks.deploy.kubectl import kubectl_of
from tasks.model.errors import FleetError, WaitTimeout, in_words
from tasks.model.finding import FLEET, Finding, Outcome, Row, Verdict, skipped
from tasks.monitoring.ask import PROMETHEUS, query
from tasks.preflight.judge import Judgement, bad, finding, good
from tasks.run.afterwards import owing
from tasks.run.change import Gate
from tasks.run.step import done
from tasks.run.wait import wait_for
from tasks.thanos.canary_rule import BOTH, METRIC, NAMESPACE, NUDGE, RULE, RULE_MAPS, CanaryRule
from tasks.thanos.query import QUERY
from tasks.thanos.storeapi import NotAnswered, address_of, ask_held

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from nornir.core.task import Result, Task

    from tasks.deploy.api import KubeApi
    from tasks.fleet.model import Cluster, Fleet
    from tasks.run.context import RunContext

WRITTEN_S = 60.0
"""Until the operator has written the rule down."""

LOADED_S = 180.0
"""Until Prometheus has the sample, should the kubelet take its own time."""

HOP_S = 30.0
"""For each hop after that; both only pass on what Prometheus has."""

AT_OPERATOR, AT_HOME, AT_SIDECAR, AT_QUERY = "canary.rule", "canary.prometheus", "canary.sidecar", "canary.query"
REMOVED = "canary.removed"

REMEDIES: Mapping[str, str] = {
    AT_OPERATOR: "kubectl --context {cluster} -n {room} logs deployment/monitoring-operator",
    AT_HOME: "kubectl --context {cluster} -n {room} logs prometheus-monitoring-prometheus-0 -c config-reloader",
    AT_SIDECAR: "kubectl --context {cluster} -n {room} logs prometheus-monitoring-prometheus-0 -c thanos-sidecar",
    AT_QUERY: "kubectl --context {central} -n thanos logs deployment/thanos-query",
}

CAUSES: Mapping[str, tuple[str, ...]] = {
    AT_OPERATOR: ("api.ready",),
    AT_HOME: ("api.ready", "answers.prometheus"),
    AT_SIDECAR: ("canary.prometheus@peer", "reach.operator.storeapi@fleet"),
    AT_QUERY: ("canary.prometheus@peer", "canary.sidecar@fleet", "query.answers", "query.view"),
}


def declares(fleet: Fleet) -> tuple[Row, ...]:
    """Four hops for each cluster's sample, and that nothing of it is left."""
    return tuple(row for cluster in fleet.clusters for row in _rows(fleet, cluster))


def _rows(fleet: Fleet, cluster: Cluster) -> tuple[Row, Row, Row, Row, Row]:
    return (
        Row(AT_OPERATOR, cluster.name),
        Row(AT_HOME, cluster.name),
        Row(AT_SIDECAR, FLEET, cluster.name),
        Row(AT_QUERY, fleet.central.name, cluster.name),
        Row(REMOVED, cluster.name),
    )


def send(task: Task, *, ctx: RunContext) -> Result:
    """
    Send one cluster's sample and follow it. The rule is removed again, also one that an earlier run has left.

    Returns:
        Result with ``result`` = Outcome(findings=one per hop and the removal, changes that are all temporary)

    """
    cluster = ctx.fleet.cluster(task.host.name)
    api = None if ctx.plan else open_cluster(ctx, cluster)
    if api is None:
        rows, said = _rows(ctx.fleet, cluster), "planned: a sample is sent by a real run"
        return done(task, Outcome(findings=tuple(skipped(it, said) for it in rows)))
    gate, token = Gate(cluster.name, plan=ctx.plan), ctx.run_id.lower()
    rule = CanaryRule(api=api, kubectl=kubectl_of(ctx, cluster.name), gate=gate, token=token)
    with owing(f"remove {BOTH} from {cluster.name}", rule.ask_away):
        try:
            hops = Canary(ctx=ctx, cluster=cluster, api=api, rule=rule).follow()
        finally:
            removed = _removed(rule, cluster)
    return done(task, Outcome(findings=(*hops, removed), changes=gate.changes))


@dataclass(frozen=True, slots=True, kw_only=True)
class Canary:
    """One cluster's sample during this task."""

    ctx: RunContext
    cluster: Cluster
    api: KubeApi
    rule: CanaryRule
    hops: list[Finding] = field(default_factory=list)

    def follow(self) -> list[Finding]:
        """Make the sample, and wait for it hop by hop; behind a hop that it does not reach nothing is asked."""
        operator, home, sidecar, central, _ = _rows(self.ctx.fleet, self.cluster)
        made_s = time.time()
        self.rule.create(made_s)
        if self._hop(operator, self.rule.is_written, WRITTEN_S, "the operator's ConfigMap"):
            # without it the sample comes as well, only later
            with suppress(FleetError):
                self.rule.nudge()
        self._hop(home, self._in_prometheus, LOADED_S, "Prometheus")
        self._hop(sidecar, lambda: self._in_sidecar(made_s), HOP_S, "the sidecar's StoreAPI")
        self._hop(central, self._in_query, HOP_S, "Query")
        return self.hops

    def _hop(self, row: Row, there: Callable[[], bool], patience_s: float, where: str) -> bool:
        stopped = next((it.row for it in self.hops if it.verdict is not Verdict.PASS), None)
        if stopped:
            self.hops.append(skipped(row, f"the sample stopped at {stopped}", stopped))
            return False
        remedy = REMEDIES[row.check].format(
            cluster=self.cluster.name, central=self.ctx.fleet.central.name, room=NAMESPACE
        )
        judgement = self._waited(there, patience_s, where, remedy)
        self.hops.append(finding(row, judgement, wanted=f"{where} has the sample", reproduce=self._by_hand(row)))
        return self.hops[-1].verdict is Verdict.PASS

    def _waited(self, there: Callable[[], bool], patience_s: float, where: str, remedy: str) -> Judgement:
        began, words = time.monotonic(), [""]
        try:
            wait_for(
                f"the sample in {where}",
                lambda: _looked(there, words),
                done=bool,
                timeout_s=patience_s,
                say=lambda text: self.ctx.progress.doing(self.cluster.name, text),
                show=lambda _: words[0] or "not there",
            )
        except WaitTimeout as error:
            return bad(f"not in {where} after {error.waited_s:.0f} s: {error.last}", remedy)
        return good(f"{where} has it {time.monotonic() - began:.1f} s later")

    def _in_prometheus(self) -> bool:
        return bool(query(self.api, PROMETHEUS, f'{METRIC}{{token="{self.rule.token}"}}'))

    def _in_sidecar(self, made_s: float) -> bool:
        wanted = {"__name__": METRIC, "token": self.rule.token}
        span = {"min_ms": int((made_s - 60) * 1000), "max_ms": int((time.time() + 60) * 1000)}
        held = ask_held(address_of(self.cluster), wanted, **span)
        return any(labels.get("cluster") == self.cluster.name for labels in held.series)

    def _in_query(self) -> bool:
        central = open_cluster(self.ctx, self.ctx.fleet.central)
        wanted = f'{METRIC}{{token="{self.rule.token}", cluster="{self.cluster.name}"}}'
        return central is not None and bool(query(central, QUERY, wanted))

    def _by_hand(self, row: Row) -> str:
        if row.check == AT_OPERATOR:
            get = f"kubectl --context {row.target} -n {NAMESPACE} get configmaps -l {RULE_MAPS} -o yaml"
            return f"{get} | grep -B 4 {METRIC}"
        service, context = (QUERY, row.target) if row.check == AT_QUERY else (PROMETHEUS, self.cluster.name)
        asked = f"/api/v1/namespaces/{service}/proxy/api/v1/query?query={METRIC}"
        return f"kubectl --context {context} get --raw '{asked}'"


def _removed(rule: CanaryRule, cluster: Cluster) -> Finding:
    room = f"kubectl --context {cluster.name} -n {NAMESPACE}"
    remedy = f"{room} delete prometheusrule {RULE}; {room} annotate pods --all {NUDGE}-"
    try:
        left = rule.remove()
        judgement = bad(f"still there: {' and '.join(left)}", remedy) if left else good(f"{RULE} is gone")
    except FleetError as error:
        judgement = bad(f"it may still be there: {error}", remedy)
    show = f"{room} get prometheusrules,pods -o yaml | grep -E '{RULE}|{NUDGE}'"
    return finding(Row(REMOVED, cluster.name), judgement, wanted="nothing of the canary is left", reproduce=show)


def _looked(there: Callable[[], bool], said: list[str]) -> bool:
    """Look once; what does not answer has not got it, and says why."""
    try:
        said[0] = ""
        return there()
    except (ApiError, NotAnswered, ValueError, KeyError) as error:
        said[0] = in_words(error)
        return False
