"""Secrets are made of the operator's environment, whole, and only where they differ from what the cluster has."""

from __future__ import annotations

from base64 import b64encode
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml
from cryptography.x509 import DNSName, SubjectAlternativeName, load_pem_x509_certificate

from tasks.deploy.certificates import open_authority
from tasks.deploy.ingredients import Ingredients
from tasks.deploy.secrets import MAKERS, differing_secrets, made_for
from tasks.fleet.load import load_fleet
from tasks.model.errors import SettingsError
from tasks.settings import Settings, masker
from tests.unit.deploy.credentials import lay_down_seat

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

ROOT = Path(__file__).resolve().parents[3]
FLEET = load_fleet(ROOT / "inventory")
SETTINGS = Settings(
    s3_access_key="made-up-access",
    s3_secret_key="made-up-secret",
    opensearch_admin_password="made-up-admin",
    opensearch_shipper_password="made-up-shipper",
    opensearch_reader_password="made-up-reader",
    grafana_admin_password="made-up-grafana",
    alert_webhook_url="http://192.0.2.9/made-up-hook",
    given={"NODE_USER": "somebody", "S3_SECRET_KEY": "made-up-secret"},
)
STREAM = "urlSecret:\n  key: webhook-url\n"


class Api:
    """An API server that has these Secrets."""

    def __init__(self, secrets: Mapping[str, Mapping[str, str]] | None = None) -> None:
        """Take contents by name."""
        self.secrets = secrets or {}

    def find(self, path: str) -> dict[str, Any] | None:
        """As the API server shows it: base64."""
        content = self.secrets.get(path.rpartition("/")[2])
        return content and {"data": {key: b64encode(value.encode()).decode() for key, value in content.items()}}  # type: ignore[return-value]


@pytest.fixture
def ingredients(tmp_path: Path) -> Callable[[Mapping[str, str]], Ingredients]:
    """What the central cluster's Secrets are made of."""
    lay_down_seat(tmp_path)
    authority = open_authority(tmp_path / "authority")
    return lambda live: Ingredients(
        settings=replace(SETTINGS, state=tmp_path),
        root=ROOT,
        fleet=FLEET,
        cluster=FLEET.central,
        open_authority=lambda: authority,
        stream=STREAM,
        live=live,
    )


@pytest.mark.parametrize("component", MAKERS)
def test_a_bare_cluster_gets_them_all_and_a_finished_one_none(
    component: str, ingredients: Callable[[Mapping[str, str]], Ingredients]
) -> None:
    """The second comparison finds nothing to write, hashes and certificates included."""
    due = differing_secrets(component, "there", ingredients, Api())  # type: ignore[arg-type]
    assert {secret.name for secret in due} == made_for(component)
    assert all(secret.data for secret in due)
    live = Api({secret.name: secret.data for secret in due})
    assert differing_secrets(component, "there", ingredients, live) == ()  # type: ignore[arg-type]


def test_a_changed_key_is_written_alone(ingredients: Callable[[Mapping[str, str]], Ingredients]) -> None:
    """Of two Secrets, the one whose content differs."""
    due = differing_secrets("grafana", "grafana", ingredients, Api())  # type: ignore[arg-type]
    live = {secret.name: dict(secret.data) for secret in due}
    live["grafana-admin"]["admin-password"] = "of-yesterday"
    (again,) = differing_secrets("grafana", "grafana", ingredients, Api(live))  # type: ignore[arg-type]
    assert again.name == "grafana-admin"


def test_thanos_is_told_where_the_store_is(ingredients: Callable[[Mapping[str, str]], Ingredients]) -> None:
    """FR-007, FR-007b, FR-007c, word for word."""
    (secret,) = differing_secrets("thanos", "thanos", ingredients, Api())  # type: ignore[arg-type]
    assert yaml.safe_load(secret.data["objstore.yml"]) == {
        "type": "S3",
        "config": {
            "bucket": "thanos-bucket",
            "endpoint": "s3.minio.miribit.lab:80",
            "access_key": "made-up-access",
            "secret_key": "made-up-secret",
            "insecure": True,
            "bucket_lookup_type": "path",
            "http_config": {"insecure_skip_verify": True},
        },
    }


def test_hubbles_certificates_have_the_names_that_are_asked_for(
    ingredients: Callable[[Mapping[str, str]], Ingredients],
) -> None:
    """Relay asks a node by `<node>.<cluster>.hubble-grpc.cilium.io`; both are of one authority."""
    due = {it.name: it.data for it in differing_secrets("cilium", "kube-system", ingredients, Api())}  # type: ignore[arg-type]
    names = {}
    for name, data in due.items():
        alternative = load_pem_x509_certificate(data["tls.crt"].encode()).extensions.get_extension_for_class(
            SubjectAlternativeName
        )
        names[name] = alternative.value.get_values_for_type(DNSName)
        assert set(data) == {"ca.crt", "tls.crt", "tls.key"}
    assert names == {
        "hubble-server-certs": ["*.cluster-01.hubble-grpc.cilium.io"],
        "hubble-relay-client-certs": ["*.hubble-relay.cilium.io"],
    }
    assert len({data["ca.crt"] for data in due.values()}) == 1


@pytest.mark.parametrize(
    ("component", "field", "variable"),
    [
        ("thanos", "s3_secret_key", "S3_SECRET_KEY"),
        ("longhorn", "s3_access_key", "S3_ACCESS_KEY"),
        ("monitoring", "alert_webhook_url", "ALERT_WEBHOOK_URL"),
        ("opensearch", "opensearch_admin_password", "OPENSEARCH_ADMIN_PASSWORD"),
        ("fluent-bit", "opensearch_shipper_password", "OPENSEARCH_SHIPPER_PASSWORD"),
        ("grafana", "grafana_admin_password", "GRAFANA_ADMIN_PASSWORD"),
    ],
)
def test_a_missing_variable_is_named(
    component: str, field: str, variable: str, ingredients: Callable[[Mapping[str, str]], Ingredients]
) -> None:
    """With the cluster that misses it, and where to set it."""

    def without(live: Mapping[str, str]) -> Ingredients:
        return replace(ingredients(live), settings=replace(SETTINGS, **{field: ""}))

    with pytest.raises(SettingsError, match=rf"{variable} is missing: .* of cluster-01 needs it; set it in"):
        differing_secrets(component, "there", without, None)


def test_only_the_chosen_receivers_are_asked_for(ingredients: Callable[[Mapping[str, str]], Ingredients]) -> None:
    """An overlay that tells nobody by webhook needs no URL."""
    made = MAKERS["monitoring"]["alertmanager-receivers"](replace(ingredients({}), stream="nothing"))
    assert made == {}


def test_nothing_that_shows_a_secret_shows_its_content(
    ingredients: Callable[[Mapping[str, str]], Ingredients],
) -> None:
    """Neither the ingredients nor the Secret say in their ``repr`` what they hold, and the mask knows every value."""
    given = ingredients({})
    mask = masker(SETTINGS)
    for component in MAKERS:
        for secret in differing_secrets(component, "there", ingredients, None):
            assert "made-up" not in repr(secret) + repr(given)
            assert "made-up" not in mask(secret.text)
