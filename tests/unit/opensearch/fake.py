"""An OpenSearch that keeps what it is sent, and shows it as the real one does."""

from __future__ import annotations

from copy import deepcopy
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from tasks.model.errors import PlanViolation
from tasks.opensearch.client import Answer, SearchError
from tests.unit.opensearch.recorded import recorded

if TYPE_CHECKING:
    from collections.abc import Mapping

GOOD = {"admin": "a", "shipper": "s", "reader": "r"}


@dataclass
class FakeSearch:
    """
    One OpenSearch.

    Attributes:
        kept: path to the answer of GET
        sent: every change, as method and path
        deaf: takes what it is sent, and changes nothing
        silent: how many questions it does not answer yet
        passwords: by account

    """

    kept: dict[str, Any] = field(default_factory=dict)
    sent: list[str] = field(default_factory=list)
    bodies: list[Any] = field(default_factory=list)
    deaf: bool = False
    silent: int = 0
    plan: bool = False
    plugins: tuple[str, ...] = ("opensearch-security", "repository-s3")
    passwords: dict[str, str] = field(default_factory=lambda: dict(GOOD))

    def get(self, path: str) -> Any:
        """What is kept."""
        self.silent -= 1
        if self.silent >= 0:
            raise SearchError("https://192.0.2.1:9200 does not answer: refused")
        if path == "/_cat/plugins?format=json":
            return [{"component": name} for name in self.plugins]
        return {} if path == "/" else deepcopy(self.kept[path])

    def find(self, path: str) -> Any | None:
        """What is kept; None where there is nothing."""
        return self.get(path) if path in self.kept else None

    def send(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> Any:
        """Keep it, as the real one would show it."""
        if self.plan:
            raise PlanViolation(path)
        self.sent.append(f"{method} {path}")
        self.bodies.append(body)
        plain = path.partition("?")[0]
        if "/internalusers/" in path and not self.deaf:
            account = path.rpartition("/")[2]
            self.passwords[account] = GOOD[account]
        elif not self.deaf:
            self.kept[plain] = as_shown(plain, body or {})
        return {"acknowledged": True}

    def ask_as(self, user: str, password: str, path: str, lines: str = "") -> Answer:
        """Who it is, by the password."""
        del path, lines
        return Answer(status=200 if self.passwords[user] == password else 401, text="{}")

    def by_hand(self, method: str, path: str, body: str = "") -> str:
        """As a command."""
        return f"curl -X {method} {path} {body}".rstrip()


def as_shown(path: str, body: Mapping[str, Any]) -> Any:
    """What GET answers after this was sent."""
    if path == "/_snapshot/s3":
        return {"s3": body}
    if path == "/_index_template/logs":
        return recorded("template")
    name = "policy" if "/_ism/" in path else "sm_policy"
    return {"_seq_no": 7, "_primary_term": 2, name: {**body.get("policy", body), "schema_version": 21}}
