"""
What is secret in the clusters: made from the operator's environment, never from a file of the tree.

A Secret travels to kubectl on standard input, is compared by its content, and shows in no difference, log or argument.
"""

from __future__ import annotations

import json
from base64 import b64decode
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import yaml

from tasks.deploy.accounts import internal_users
from tasks.deploy.seat import audit_environment, audit_seat

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from tasks.deploy.api import KubeApi
    from tasks.deploy.ingredients import Ingredients

READER, SHIPPER = "reader", "shipper"
"""OpenSearch's accounts beside ``admin``: who may only read, and who may only add."""


def _object_store(given: Ingredients) -> dict[str, str]:
    """Thanos' own configuration of its bucket (FR-007c)."""
    access, secret = given.s3_keys
    bucket = next(name for name in given.fleet.s3.buckets if name.startswith("thanos"))
    config = {
        "bucket": bucket,
        "endpoint": given.fleet.s3.endpoint,
        "access_key": access,
        "secret_key": secret,
        "insecure": True,
        "bucket_lookup_type": "path",
        "http_config": {"insecure_skip_verify": True},
    }
    return {"objstore.yml": yaml.safe_dump({"type": "S3", "config": config}, sort_keys=False)}


def _backup_target(given: Ingredients) -> dict[str, str]:
    access, secret = given.s3_keys
    return {
        "AWS_ACCESS_KEY_ID": access,
        "AWS_SECRET_ACCESS_KEY": secret,
        "AWS_ENDPOINTS": f"http://{given.fleet.s3.endpoint}",
        "VIRTUAL_HOSTED_STYLE": "false",
    }


def _receivers(given: Ingredients) -> dict[str, str]:
    """Only what the chosen receivers ask for, and that whole."""
    settings = given.settings
    known = {
        "webhook-url": ("ALERT_WEBHOOK_URL", settings.alert_webhook_url),
        "slack-url": ("ALERT_SLACK_URL", settings.alert_slack_url),
        "smtp-password": ("ALERT_SMTP_PASSWORD", settings.alert_smtp_password),
    }
    return {
        key: given.need(variable, value, "Alertmanager's receiver")
        for key, (variable, value) in known.items()
        if f"key: {key}" in given.stream
    }


def _log_snapshots(given: Ingredients) -> dict[str, str]:
    access, secret = given.s3_keys
    return {"s3.client.default.access_key": access, "s3.client.default.secret_key": secret}


def _accounts(given: Ingredients) -> dict[str, str]:
    settings = given.settings
    passwords = {
        "admin": given.need("OPENSEARCH_ADMIN_PASSWORD", settings.opensearch_admin_password, "OpenSearch"),
        SHIPPER: given.need("OPENSEARCH_SHIPPER_PASSWORD", settings.opensearch_shipper_password, "OpenSearch"),
        READER: given.need("OPENSEARCH_READER_PASSWORD", settings.opensearch_reader_password, "OpenSearch"),
    }
    return {
        "internal_users.yml": internal_users(passwords, live=given.live.get("internal_users.yml", "")),
        "admin-password": passwords["admin"],
        "reader-username": READER,
        "reader-password": passwords[READER],
    }


def _certificates(given: Ingredients) -> dict[str, str]:
    within = ("opensearch", "opensearch.opensearch.svc", "opensearch.opensearch.svc.cluster.local", "localhost")
    names = (*within, f"opensearch.{given.cluster.domain}")
    return given.certificate(names, addresses=(str(given.cluster.vip.address), "127.0.0.1"))


def _hubble_server(given: Ingredients) -> dict[str, str]:
    """For the agent, by the name under which Hubble Relay asks a node: ``<node>.<cluster>.hubble-grpc.cilium.io``."""
    return given.certificate((f"*.{given.cluster.name}.hubble-grpc.cilium.io",))


def _hubble_client(given: Ingredients) -> dict[str, str]:
    return given.certificate(("*.hubble-relay.cilium.io",))


def _log_output(given: Ingredients) -> dict[str, str]:
    password = given.need("OPENSEARCH_SHIPPER_PASSWORD", given.settings.opensearch_shipper_password, "Fluent Bit")
    return {"username": SHIPPER, "password": password, "ca.crt": given.authority.certificate_pem}


def _grafana_admin(given: Ingredients) -> dict[str, str]:
    password = given.need("GRAFANA_ADMIN_PASSWORD", given.settings.grafana_admin_password, "Grafana")
    return {"admin-user": "admin", "admin-password": password}


def _log_reader(given: Ingredients) -> dict[str, str]:
    password = given.need("OPENSEARCH_READER_PASSWORD", given.settings.opensearch_reader_password, "Grafana")
    return {"username": READER, "password": password, "ca.crt": given.authority.certificate_pem}


MAKERS: Mapping[str, Mapping[str, Callable[[Ingredients], dict[str, str]]]] = {
    "cilium": {"hubble-server-certs": _hubble_server, "hubble-relay-client-certs": _hubble_client},
    "longhorn": {"longhorn-backup": _backup_target},
    "monitoring": {"thanos-objstore": _object_store, "alertmanager-receivers": _receivers},
    "thanos": {"thanos-objstore": _object_store},
    "opensearch": {
        "opensearch-s3": _log_snapshots,
        "opensearch-accounts": _accounts,
        "opensearch-certificates": _certificates,
    },
    "fluent-bit": {"opensearch-output": _log_output},
    "grafana": {"grafana-admin": _grafana_admin, "opensearch-reader": _log_reader},
    "audit": {"audit-environment": audit_environment, "audit-seat": audit_seat},
}
"""Component to the Secrets of its namespace and how each is made."""


def made_for(component: str) -> frozenset[str]:
    """Names of the Secrets that a deployment makes for a component, in its namespace."""
    return frozenset(MAKERS.get(component, ()))


@dataclass(frozen=True, slots=True, kw_only=True)
class WantedSecret:
    """One Secret as it should be; its ``repr`` shows no content."""

    namespace: str
    name: str
    data: Mapping[str, str] = field(repr=False)

    @property
    def text(self) -> str:
        """As it is given to ``kubectl apply``."""
        return json.dumps(
            {
                "apiVersion": "v1",
                "kind": "Secret",
                "type": "Opaque",
                "metadata": {
                    "name": self.name,
                    "namespace": self.namespace,
                    "labels": {"app.kubernetes.io/managed-by": "fleetproof"},
                },
                "stringData": dict(self.data),
            }
        )


def differing_secrets(
    component: str, namespace: str, ingredients: Callable[[Mapping[str, str]], Ingredients], api: KubeApi | None
) -> tuple[WantedSecret, ...]:
    """
    The Secrets of a component that the cluster lacks, or has with another content.

    Arguments:
        ingredients: given the live content of a Secret, what it is made of
        api: None while planning a cluster that is not there yet

    Raises:
        SettingsError: a variable is missing; it names the variable and who needs it
        ApiError: the API server does not answer

    """
    differing = []
    for name, make in MAKERS.get(component, {}).items():
        live = live_secret(api, namespace, name) if api else {}
        wanted = make(ingredients(live))
        if wanted != live:
            differing.append(WantedSecret(namespace=namespace, name=name, data=wanted))
    return tuple(differing)


def live_secret(api: KubeApi, namespace: str, name: str) -> dict[str, str]:
    """A Secret's content as text by key; empty where there is none."""
    found = api.find(f"/api/v1/namespaces/{namespace}/secrets/{name}") or {}
    return {key: b64decode(value).decode(errors="replace") for key, value in (found.get("data") or {}).items()}
