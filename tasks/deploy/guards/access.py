"""No account may do everything, but for those that ``kustomize/exceptions.yaml`` gives a reason for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tasks.deploy.guards.exceptions import OTHERS
from tasks.deploy.guards.subject import Complaint

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tasks.deploy.guards.subject import Subject


def roles(subject: Subject) -> Iterator[Complaint]:
    """No role with wildcard verbs or resources, and no binding to cluster-admin."""
    for document in subject.of_kind("Role", "ClusterRole"):
        for number, rule in enumerate(document.content.get("rules") or ()):
            if said := _too_much(rule):
                said = f"grants {said} in rule {number}: name what is needed, or give the reason in {OTHERS}"
                yield Complaint(str(document.ref), said)
    for document in subject.of_kind("RoleBinding", "ClusterRoleBinding"):
        if document.content["roleRef"]["name"] in {"cluster-admin", "admin"}:
            to = document.content["roleRef"]["name"]
            said = f"binds {to}, who may do everything: bind a role of its own, or give the reason in {OTHERS}"
            yield Complaint(str(document.ref), said)


def _too_much(rule: dict[str, Any]) -> str:
    wide = [field for field in ("verbs", "resources") if "*" in (rule.get(field) or ())]
    return "all " + " on all ".join(wide) if wide else ""
