"""What a workload may refer to although no stream has it."""

from __future__ import annotations

MADE_SECRETS: dict[str, frozenset[str]] = {
    "monitoring": frozenset({"thanos-objstore", "alertmanager-receivers"}),
    "thanos": frozenset({"thanos-objstore"}),
    "longhorn-system": frozenset({"longhorn-backup"}),
    "opensearch": frozenset({"opensearch-s3", "opensearch-accounts", "opensearch-certificates"}),
    "fluent-bit": frozenset({"opensearch-output"}),
    "grafana": frozenset({"grafana-admin", "opensearch-reader"}),
    "kube-system": frozenset({"hubble-server-certs", "hubble-relay-client-certs"}),
}
"""Namespace to the Secrets that the deployment makes there before it applies a component."""

MADE_ELSEWHERE = frozenset({("ConfigMap", "kube-root-ca.crt")})
"""Kubernetes makes these in every namespace."""
