"""Admin kubeconfigs as values: read what kubeadm wrote, name its context after the cluster, merge the fleet's."""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import yaml

from tasks.kubeadm.state import certificate_sha256

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class AdminAccess:
    """
    The way into one cluster as its administrator.

    Attributes:
        server: URL of the API server
        ca, certificate, key: PEM; the key never shows in a repr

    """

    server: str
    ca: str
    certificate: str
    key: str

    @property
    def ca_sha256(self) -> str:
        """Fingerprint of the cluster's CA, in hex."""
        return certificate_sha256(self.ca)

    def __repr__(self) -> str:
        return f"AdminAccess(server={self.server!r}, ca_sha256={self.ca_sha256!r})"


def folder_of(state: Path, name: str) -> Path:
    """Where the state of one cluster is kept: ``admin.conf``, ``identity.json``."""
    return state / "clusters" / name


def parse_kubeconfig(text: str, context: str = "") -> AdminAccess:
    """
    Read one context of a kubeconfig whose credentials are inside it; without a name, the current one.

    Raises:
        ValueError: the text is no such kubeconfig; says what is missing, never shows a value

    """
    try:
        config = yaml.safe_load(text)
        chosen = _named(config["contexts"], context or config["current-context"])["context"]
        cluster = _named(config["clusters"], chosen["cluster"])["cluster"]
        user = _named(config["users"], chosen["user"])["user"]
        return AdminAccess(
            server=cluster["server"],
            ca=_decoded(cluster["certificate-authority-data"]),
            certificate=_decoded(user["client-certificate-data"]),
            key=_decoded(user["client-key-data"]),
        )
    except (KeyError, TypeError, LookupError) as missing:
        raise ValueError(f"not a kubeconfig with credentials inside: it lacks {missing}") from None
    except (yaml.YAMLError, binascii.Error, UnicodeDecodeError):
        raise ValueError("not a kubeconfig with credentials inside: it cannot be decoded") from None


def render_kubeconfig(accesses: Mapping[str, AdminAccess], *, keep: str = "", current: str = "") -> str:
    """
    Render a kubeconfig with one context per cluster, named like the cluster.

    Arguments:
        accesses: cluster's name to the way into it
        keep: a kubeconfig whose other contexts stay as they are, empty for none
        current: the current context; the first one where that one is not there

    """
    config: dict[str, Any] = yaml.safe_load(keep) or {}
    clusters, users, contexts = (
        {entry["name"]: entry for entry in config.get(kind) or ()} for kind in ("clusters", "users", "contexts")
    )
    for name, access in accesses.items():
        user = f"{name}-admin"
        clusters[name] = {
            "name": name,
            "cluster": {"server": access.server, "certificate-authority-data": _encoded(access.ca)},
        }
        users[user] = {
            "name": user,
            "user": {
                "client-certificate-data": _encoded(access.certificate),
                "client-key-data": _encoded(access.key),
            },
        }
        contexts[name] = {"name": name, "context": {"cluster": name, "user": user}}
    chosen = config.get("current-context") or current
    return _dump(clusters, users, contexts, chosen if chosen in contexts else next(iter(contexts), ""))


def without(text: str, name: str) -> str:
    """The kubeconfig without one cluster's context, cluster and user."""
    config = yaml.safe_load(text) or {}
    clusters, users, contexts = (
        {entry["name"]: entry for entry in config.get(kind) or () if entry["name"] not in {name, f"{name}-admin"}}
        for kind in ("clusters", "users", "contexts")
    )
    current = config.get("current-context", "")
    return _dump(clusters, users, contexts, current if current in contexts else next(iter(contexts), ""))


def _dump(clusters: Mapping[str, Any], users: Mapping[str, Any], contexts: Mapping[str, Any], current: str) -> str:
    return yaml.safe_dump(
        {
            "apiVersion": "v1",
            "kind": "Config",
            "clusters": list(clusters.values()),
            "users": list(users.values()),
            "contexts": list(contexts.values()),
            "current-context": current,
            "preferences": {},
        },
        sort_keys=False,
    )


def _named(entries: list[dict[str, Any]], name: str) -> dict[str, Any]:
    for entry in entries:
        if entry["name"] == name:
            return entry
    raise LookupError(f"an entry called {name!r}")


def _decoded(data: str) -> str:
    return base64.b64decode(data, validate=True).decode()


def _encoded(pem: str) -> str:
    return base64.b64encode(pem.encode()).decode()
