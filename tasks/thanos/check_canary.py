"""
A sample of each cluster, followed from where it is made to where it is read (N5).

A recording rule makes it: Prometheus itself evaluates it and no other program has to be there. It comes by the way by
which all rules come, through operator, kubelet and reload, which takes up to two minutes and is told apart.
"""

from __future__ import annotations

import json
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from tasks.deploy.api import ApiError
from tasks.deploy.identity import open_cluster
from tasks.deploy.kubectl import kubectl_of
from tasks.model.errors import FleetError, WaitTimeout, in_words
from tasks.model.finding import FLEET, Finding, Outcome, Row, Verdict, skipped
from tasks.monitoring.ask import PROMETHEUS, query
from tasks.preflight.judge import bad, finding, good
from tasks.run.afterwards import owing
from tasks.run.change import Gate
from tasks.run.step import done
from tasks.run.wait import wait_for
from tasks.thanos.query import QUERY
from tasks.thanos.storeapi import NotAnswered, address_of, ask_held

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from nornir.core.task import Result, Task

    from tasks.deploy.api import KubeApi
    from tasks.deploy.kubectl import Kubectl
    from tasks.fleet.model import Cluster, Fleet
    from tasks.run.context import RunContext

NAMESPACE, RULE = "monitoring", "fleet-canary"
METRIC = "fleetproof_canary"
RULES = f"/apis/monitoring.coreos.com/v1/namespaces/{NAMESPACE}/prometheusrules"
EVERY_S = 5
"""How often the rule is evaluated."""

LOADED_S = 180.0
"""Until Prometheus has the sample: the kubelet renews a mounted ConfigMap within about a minute and a half."""

HOP_S = 30.0
"""For each hop after that; both only pass on what Prometheus has."""

AT_HOME, AT_SIDECAR, AT_QUERY, REMOVED = "canary.prometheus", "canary.sidecar", "canary.query", "canary.removed"

CAUSES: Mapping[str, tuple[str, ...]] = {
    AT_HOME: ("api.ready", "answers.prometheus"),
    AT_SIDECAR: ("canary.prometheus@peer", "reach.operator.storeapi@fleet"),
    AT_QUERY: ("canary.prometheus@peer", "canary.sidecar@fleet", "query.answers", "query.view"),
}


def declares(fleet: Fleet) -> tuple[Row, ...]:
    """Three hops for each cluster's sample, and that nothing of it is left."""
    return tuple(row for cluster in fleet.clusters for row in _rows(fleet, cluster))


def _rows(fleet: Fleet, cluster: Cluster) -> tuple[Row, Row, Row, Row]:
    return (
        Row(AT_HOME, cluster.name),
        Row(AT_SIDECAR, FLEET, cluster.name),
        Row(AT_QUERY, fleet.central.name, cluster.name),
        Row(REMOVED, cluster.name),
    )


def rule(token: str, made_s: float) -> str:
    """The rule as it is applied; its one series has the token as label and the time it was made as value."""
    group = {
        "name": RULE,
        "interval": f"{EVERY_S}s",
        "rules": [{"record": METRIC, "expr": f"vector({made_s:.3f})", "labels": {"token": token}}],
    }
    metadata = {"name": RULE, "namespace": NAMESPACE, "labels": {"app.kubernetes.io/managed-by": "fleetproof"}}
    kind = {"apiVersion": "monitoring.coreos.com/v1", "kind": "PrometheusRule"}
    return json.dumps({**kind, "metadata": metadata, "spec": {"groups": [group]}})


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
    canary = Canary(
        ctx=ctx, cluster=cluster, api=api, kubectl=kubectl_of(ctx, cluster.name), gate=Gate(cluster.name, plan=ctx.plan)
    )
    with owing(f"remove PrometheusRule {RULE} from {cluster.name}", canary.ask_away):
        try:
            hops = canary.follow()
        finally:
            removed = canary.remove()
    return done(task, Outcome(findings=(*hops, removed), changes=canary.gate.changes))


@dataclass(frozen=True, slots=True, kw_only=True)
class Canary:
    """One cluster's sample during this task; ``began`` is ``time.monotonic()`` when its rule was applied."""

    ctx: RunContext
    cluster: Cluster
    api: KubeApi
    kubectl: Kubectl
    gate: Gate
    hops: list[Finding] = field(default_factory=list)

    @property
    def token(self) -> str:
        """Unique to this run."""
        return self.ctx.run_id.lower()

    def follow(self) -> list[Finding]:
        """Make the sample, and wait for it hop by hop; behind a hop that it does not reach nothing is asked."""
        home, sidecar, central, _ = _rows(self.ctx.fleet, self.cluster)
        made_s = time.time()
        self.gate.make(
            f"create PrometheusRule {RULE}",
            lambda: self.kubectl.apply(rule(self.token, made_s), NAMESPACE).must_succeed(),
            undo=f"kubectl --context {self.cluster.name} -n {NAMESPACE} delete prometheusrule {RULE}",
            temporary=True,
        )
        return [
            self._hop(home, self._in_prometheus, LOADED_S, "Prometheus"),
            self._hop(sidecar, lambda: self._in_sidecar(made_s), HOP_S, "the sidecar's StoreAPI"),
            self._hop(central, self._in_query, HOP_S, "Query"),
        ]

    def _hop(self, row: Row, there: Callable[[], bool], patience_s: float, where: str) -> Finding:
        stopped = next((it.row for it in self.hops if it.verdict is not Verdict.PASS), None)
        if stopped:
            return skipped(row, f"the sample stopped at {stopped}", stopped)
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
            judgement = good(f"{where} has it {time.monotonic() - began:.1f} s later")
        except WaitTimeout as error:
            remedy = f"kubectl --context {self.cluster.name} -n {NAMESPACE} logs prometheus-monitoring-prometheus-0"
            judgement = bad(f"not in {where} after {error.waited_s:.0f} s: {error.last}", remedy)
        found = finding(row, judgement, wanted=f"{where} has the sample", reproduce=self._by_hand(row))
        self.hops.append(found)
        return found

    def _in_prometheus(self) -> bool:
        return bool(query(self.api, PROMETHEUS, f'{METRIC}{{token="{self.token}"}}'))

    def _in_sidecar(self, made_s: float) -> bool:
        wanted = {"__name__": METRIC, "token": self.token}
        span = {"min_ms": int((made_s - 60) * 1000), "max_ms": int((time.time() + 60) * 1000)}
        held = ask_held(address_of(self.cluster), wanted, **span)
        return any(labels.get("cluster") == self.cluster.name for labels in held.series)

    def _in_query(self) -> bool:
        central = open_cluster(self.ctx, self.ctx.fleet.central)
        wanted = f'{METRIC}{{token="{self.token}", cluster="{self.cluster.name}"}}'
        return central is not None and bool(query(central, QUERY, wanted))

    def _by_hand(self, row: Row) -> str:
        service, context = (QUERY, row.target) if row.check == AT_QUERY else (PROMETHEUS, self.cluster.name)
        asked = f"/api/v1/namespaces/{service}/proxy/api/v1/query?query={METRIC}"
        return f"kubectl --context {context} get --raw '{asked}'"

    def remove(self) -> Finding:
        """Remove the rule, and look whether it is gone; its one series ends, and is kept as all samples are."""
        show = f"kubectl --context {self.cluster.name} -n {NAMESPACE} get prometheusrule {RULE}"
        try:
            self.gate.make(f"remove PrometheusRule {RULE}", self.ask_away, temporary=True)
            left = self.api.find(f"{RULES}/{RULE}") is not None
            judgement = bad("it is still there", show.replace(" get ", " delete ")) if left else good(f"{RULE} is gone")
        except FleetError as error:
            judgement = bad(f"it may still be there: {error}", show.replace(" get ", " delete "))
        row = Row(REMOVED, self.cluster.name)
        return finding(row, judgement, wanted="nothing of the canary is left", reproduce=show)

    def ask_away(self) -> None:
        """Delete the rule, whoever has left it."""
        argv = ("-n", NAMESPACE, "delete", "prometheusrule", RULE, "--ignore-not-found")
        self.kubectl.run(*argv, mutates=True, timeout_s=20).must_succeed()


def _looked(there: Callable[[], bool], said: list[str]) -> bool:
    """Look once; what does not answer has not got it, and says why."""
    try:
        said[0] = ""
        return there()
    except (ApiError, NotAnswered, ValueError, KeyError) as error:
        said[0] = in_words(error)
        return False
