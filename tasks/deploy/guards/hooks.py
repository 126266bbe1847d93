"""Helm's hooks and tests: Helm would run them at a moment of its own; kubectl applies them like anything else."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from tasks.deploy.guards.subject import Complaint, words_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tasks.deploy.guards.subject import Subject

_UNINSTALLS = re.compile(r"uninstall|pre-delete|post-delete")


def hooks(subject: Subject) -> Iterator[Complaint]:
    """Nothing that Helm would run as a hook or a test."""
    for document in subject.stream.documents:
        if hook := (document.content["metadata"].get("annotations") or {}).get("helm.sh/hook"):
            said = f"is a Helm hook ({hook}), which would be applied as an ordinary object: set skipHooks: true"
            yield Complaint(str(document.ref), said)


def bare_pods(subject: Subject) -> Iterator[Complaint]:
    """No pod without a controller: it is a chart's test, or nobody would start it again."""
    for document in subject.of_kind("Pod"):
        yield Complaint(
            str(document.ref), "is a pod without a controller, as charts bring for tests: switch the test off in values"
        )


def uninstallers(subject: Subject) -> Iterator[Complaint]:
    """No Job that takes away what the stream brings."""
    for document in subject.of_kind("Job", "CronJob"):
        words = [document.ref.name, *_commands(subject, document.ref.name)]
        if any(_UNINSTALLS.search(word) for word in words):
            yield Complaint(
                str(document.ref),
                "would uninstall what is being deployed: set skipHooks: true, or delete it by a patch",
            )


def _commands(subject: Subject, name: str) -> Iterator[str]:
    for workload in subject.workloads:
        if workload.ref.name == name and workload.ref.kind in {"Job", "CronJob"}:
            for container in workload.containers:
                yield from words_of(container)
