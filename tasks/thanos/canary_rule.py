"""
The rule that makes a cluster's sample, and its way to Prometheus.

Operator, kubelet and reload bring it there, as they bring all rules. The kubelet alone can take up to two minutes:
it renews what a pod mounts from a ConfigMap when it looks after it anyway, and at once when its annotations change.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tasks.deploy.api import KubeApi
    from tasks.deploy.kubectl import Kubectl
    from tasks.run.change import Gate

NAMESPACE, RULE, METRIC = "monitoring", "fleet-canary", "fleetproof_canary"
EVERY_S = 5
"""How often the rule is evaluated."""

NUDGE = "fleetproof/nudged-by"
"""The annotation that makes the kubelet look; its value is the run's."""

BOTH = f"PrometheusRule {RULE} and annotation {NUDGE}"
_RULES = f"/apis/monitoring.coreos.com/v1/namespaces/{NAMESPACE}/prometheusrules"
RULE_MAPS = "prometheus-name=monitoring-prometheus"
"""Selects the ConfigMaps into which the operator writes rules."""

_PODS = "app.kubernetes.io/name=prometheus"


def manifest(token: str, made_s: float) -> str:
    """The rule as it is applied; its one series has the token as label and the time it was made as value."""
    group = {
        "name": RULE,
        "interval": f"{EVERY_S}s",
        "rules": [{"record": METRIC, "expr": f"vector({made_s:.3f})", "labels": {"token": token}}],
    }
    metadata = {"name": RULE, "namespace": NAMESPACE, "labels": {"app.kubernetes.io/managed-by": "fleetproof"}}
    kind = {"apiVersion": "monitoring.coreos.com/v1", "kind": "PrometheusRule"}
    return json.dumps({**kind, "metadata": metadata, "spec": {"groups": [group]}})


@dataclass(frozen=True, slots=True, kw_only=True)
class CanaryRule:
    """One cluster's rule; what changes the cluster goes through the gate."""

    api: KubeApi
    kubectl: Kubectl
    gate: Gate
    token: str

    def create(self, made_s: float) -> None:
        """Apply it; ``made_s`` are seconds since the epoch."""
        self.gate.make(
            f"create PrometheusRule {RULE}",
            lambda: self.kubectl.apply(manifest(self.token, made_s), NAMESPACE).must_succeed(),
            undo=f"kubectl --context {self.kubectl.context} -n {NAMESPACE} delete prometheusrule {RULE}",
            temporary=True,
        )

    def is_written(self) -> bool:
        """Whether the operator has written it where Prometheus's pod mounts rules from."""
        maps = self.api.items(f"/api/v1/namespaces/{NAMESPACE}/configmaps", labelSelector=RULE_MAPS)
        return any(self.token in text for it in maps for text in (it.get("data") or {}).values())

    def nudge(self) -> None:
        """Have the kubelet renew now what the pod mounts."""
        self.gate.make(
            f"annotate Prometheus's pod with {NUDGE}",
            lambda: self._annotate(f"{NUDGE}={self.token}", "--overwrite"),
            undo=f"kubectl --context {self.kubectl.context} -n {NAMESPACE} annotate pod -l {_PODS} {NUDGE}-",
            temporary=True,
        )

    def remove(self) -> tuple[str, ...]:
        """Remove both, and look what of them is left; the one series ends, and is kept as all samples are."""
        self.gate.make(f"remove {BOTH}", self.ask_away, temporary=True)
        rule = f"PrometheusRule {RULE}" if self.api.find(f"{_RULES}/{RULE}") is not None else ""
        pods = self.api.items(f"/api/v1/namespaces/{NAMESPACE}/pods", labelSelector=_PODS)
        nudged = any(NUDGE in (it["metadata"].get("annotations") or {}) for it in pods)
        return tuple(filter(None, (rule, f"annotation {NUDGE}" if nudged else "")))

    def ask_away(self) -> None:
        """Remove both, whoever has left them; what fails with one of them keeps nobody from the other."""
        argv = ("-n", NAMESPACE, "delete", "prometheusrule", RULE, "--ignore-not-found")
        try:
            self.kubectl.run(*argv, mutates=True, timeout_s=20).must_succeed()
        finally:
            self._annotate(f"{NUDGE}-")

    def _annotate(self, *words: str) -> None:
        argv = ("-n", NAMESPACE, "annotate", "pods", "-l", _PODS, *words)
        self.kubectl.run(*argv, mutates=True, timeout_s=20).must_succeed()
