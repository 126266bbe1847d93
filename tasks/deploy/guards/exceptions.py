"""What rules leave be, each with its reason: ``kustomize/local-volumes.yaml`` and ``kustomize/exceptions.yaml``."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import yaml

from tasks.deploy.files import read_text
from tasks.model.errors import InventoryError, Mistake

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator
    from pathlib import Path

    from tasks.deploy.guards.subject import Complaint

VOLUMES = "kustomize/local-volumes.yaml"
OTHERS = "kustomize/exceptions.yaml"


@dataclass(frozen=True, slots=True, kw_only=True)
class Exempt:
    """
    One entry.

    Attributes:
        rule: whose complaint is left be
        object: ``Deployment grafana``
        part: container, volume or other part that the complaint names; empty: the object, whatever the part
        trait: needed only where the site has opted in to it; empty: on every site

    """

    rule: str
    component: str
    object: str
    part: str
    reason: str
    trait: str
    file: str
    line: int

    def covers(self, rule: str, component: str, complaint: Complaint) -> bool:
        """Whether this complaint is left be."""
        return (self.rule, self.component, self.object) == (rule, component, complaint.object) and (
            self.part in {"", complaint.part}
        )


def read_exceptions(root: Path, rules: Collection[str]) -> tuple[Exempt, ...]:
    """
    Read both files.

    Arguments:
        rules: those that may be excepted from

    Raises:
        InventoryError: an entry lacks a field, has no reason, or names a rule that knows no exceptions

    """
    return _exempts(read_text(root / VOLUMES), read_text(root / OTHERS), frozenset(rules))


@lru_cache(maxsize=4)
def _exempts(volumes_text: str, others_text: str, rules: frozenset[str]) -> tuple[Exempt, ...]:
    volumes = [entry | {"rule": "local-volumes"} for entry in _entries(volumes_text, "workload", "volumes")]
    found = [(VOLUMES, entry) for entry in volumes]
    found += [(OTHERS, entry) for entry in _entries(others_text, "object", "parts")]
    mistakes = [Mistake(file, it["line"], said) for file, it in found for said in _wrong(it, rules)]
    if mistakes:
        raise InventoryError(tuple(mistakes))
    return tuple(Exempt(file=file, **entry) for file, entry in found)


def _entries(text: str, whole: str, parts: str) -> Iterator[dict[str, Any]]:
    """Each entry, once for each of its parts, with the line that it begins at."""
    for node in (yaml.compose(text) or yaml.SequenceNode("", [])).value if text else ():
        entry = yaml.safe_load(yaml.serialize(node))
        for part in entry.get(parts) or ("",):
            yield {
                "rule": entry.get("rule", ""),
                "component": entry.get("component", ""),
                "object": entry.get(whole, ""),
                "part": part,
                "reason": entry.get("reason", ""),
                "trait": entry.get("trait", ""),
                "line": node.start_mark.line + 1,
            }


def _wrong(entry: dict[str, Any], rules: Collection[str]) -> Iterator[str]:
    for key in ("component", "object", "reason"):
        if not entry[key]:
            yield f"wanted: {'workload' if key == 'object' and entry['rule'] == 'local-volumes' else key}"
    if entry["rule"] not in rules:
        yield f"the rule {entry['rule'] or '(none)'} knows no exceptions; known are {', '.join(sorted(rules))}"
