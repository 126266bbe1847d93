"""Readiness, from what the API server shows, and why it is not there."""

from __future__ import annotations

from typing import Any

import pytest

from tasks.deploy.api import ApiError
from tasks.deploy.explain import container_troubles, explain, last_events
from tasks.deploy.ready import unready


def thing(kind: str, spec: dict[str, Any] | None = None, **status: Any) -> dict[str, Any]:
    """An object of one kind."""
    return {"kind": kind, "metadata": {"generation": 2}, "spec": spec or {}, "status": status}


def condition(kind: str, status: str, **more: str) -> list[dict[str, str]]:
    """One condition."""
    return [{"type": kind, "status": status, **more}]


DEPLOYED = {"observedGeneration": 2, "replicas": 1, "updatedReplicas": 1, "readyReplicas": 1}
SPREAD = {"observedGeneration": 2, "desiredNumberScheduled": 1, "updatedNumberScheduled": 1, "numberAvailable": 1}

CASES = [
    (thing("Deployment", {"replicas": 1}, **DEPLOYED), ""),
    (thing("Deployment", {"replicas": 1}, **{**DEPLOYED, "observedGeneration": 1}), "not looked at it yet"),
    (thing("Deployment", {"replicas": 2}, **DEPLOYED), "1 of 2 replicas are of the new revision"),
    (thing("Deployment", {}, **{**DEPLOYED, "readyReplicas": 0}), "0 of 1 replicas are ready"),
    (thing("Deployment", {}, **{**DEPLOYED, "replicas": 2}), "1 of 1 replicas are ready"),
    (thing("Deployment"), "not looked at it yet"),
    (thing("StatefulSet", {"replicas": 1}, **DEPLOYED), ""),
    (thing("DaemonSet", **SPREAD), ""),
    (thing("DaemonSet", **{**SPREAD, "numberAvailable": 0}), "0 of 1 pods are available"),
    (thing("DaemonSet", **{**SPREAD, "updatedNumberScheduled": 0}), "0 of 1 pods are of the new revision"),
    (thing("DaemonSet", **{**SPREAD, "desiredNumberScheduled": 0}), "no node has been given its pod"),
    (thing("DaemonSet"), "no node has been given its pod"),
    (thing("Node", conditions=condition("Ready", "True")), ""),
    (
        thing("Node", conditions=condition("Ready", "False", reason="KubeletNotReady", message="cni not initialized")),
        "Ready is False (KubeletNotReady: cni not initialized)",
    ),
    (thing("Node", conditions=condition("Ready", "Unknown")), "Ready is Unknown"),
    (thing("Pod"), "no condition Ready yet"),
    (thing("CustomResourceDefinition", conditions=condition("Established", "True")), ""),
    (thing("CustomResourceDefinition", conditions=condition("NamesAccepted", "True")), "no condition Established"),
]


@pytest.mark.parametrize(("content", "said"), CASES)
def test_readiness_is_judged_by_kind(content: dict[str, Any], said: str) -> None:
    """Ready says nothing; everything else says what is lacking."""
    found = unready(content)
    assert (found == "") is (said == "")
    assert said in found


def test_a_kind_that_nobody_has_thought_of_is_asked_what_it_says_itself() -> None:
    """What says that it is not ready, or was not looked at, is not; what has nothing to become is."""
    widget = {"kind": "Widget", "metadata": {"name": "it", "generation": 3}}
    failing = {"conditions": [{"type": "Ready", "status": "False", "reason": "Stuck", "message": "no gear"}]}
    assert unready({**widget, "status": failing}) == "Ready is False (Stuck: no gear)"
    assert unready({**widget, "status": {"observedGeneration": 2}}) == "its controller has not looked at it yet"
    assert unready({**widget, "status": {"observedGeneration": 3}}) == ""
    assert unready(widget) == ""


def pod(*containers: dict[str, Any], phase: str = "Pending", **status: Any) -> dict[str, Any]:
    """A pod with container states."""
    return {
        "metadata": {"name": "p"},
        "status": {"phase": phase, "containerStatuses": list(containers), **status},
    }


PULL = {"name": "c", "state": {"waiting": {"reason": "ErrImagePull", "message": "not found"}}, "restartCount": 0}
CRASH = {"name": "c", "state": {"terminated": {"exitCode": 2, "reason": "Error"}}, "restartCount": 3}


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (pod(PULL), {"c": "waiting, ErrImagePull: not found"}),
        (pod(CRASH), {"c": "ended with exit code 2 (Error); restarted 3 times"}),
        (pod({"name": "c", "ready": True, "state": {"running": {}}}, phase="Running"), {}),
        (pod({"name": "c", "ready": False, "state": {"running": {}}}), {"c": "running, but not ready"}),
        (pod({"name": "c", "state": {"terminated": {"exitCode": 0}}}), {}),
        (
            pod(conditions=[{"type": "PodScheduled", "status": "False", "message": "0/1 nodes are available"}]),
            {"scheduling": "0/1 nodes are available"},
        ),
    ],
)
def test_containers_in_trouble_say_why(content: dict[str, Any], expected: dict[str, str]) -> None:
    """Those that run ready, or have done their work, are not mentioned."""
    found = container_troubles(content)
    if content["status"]["containerStatuses"] and "exitCode" in str(content) and "0}" in str(content):
        assert "c" not in found
    else:
        assert found == expected


def test_the_last_warnings_speak_first() -> None:
    """Warnings of this object alone, oldest first; ordinary events only where there is no warning."""

    def event(name: str, kind: str, at: str, reason: str) -> dict[str, Any]:
        return {"involvedObject": {"name": name}, "type": kind, "lastTimestamp": at, "reason": reason, "message": "m"}

    events = [
        event("p", "Warning", "2026-01-01T00:00:02Z", "B"),
        event("p", "Warning", "2026-01-01T00:00:01Z", "A"),
        event("p", "Normal", "2026-01-01T00:00:03Z", "C"),
        event("q", "Normal", "2026-01-01T00:00:03Z", "D"),
    ]
    assert last_events(events, "p") == ["A: m", "B: m"]
    assert last_events(events, "q") == ["D: m"]


class Api:
    """Stands in for an API server with one pod in trouble."""

    def __init__(self, *, answers: bool = True) -> None:
        """Answer or not."""
        self.answers = answers

    def items(self, path: str, **query: str) -> list[dict[str, Any]]:
        """Pods and events."""
        del query
        if not self.answers:
            raise ApiError("connection refused")
        return [pod(CRASH)] if path.endswith("/pods") else []

    def text(self, path: str, **query: str) -> str:
        """The log of the run before."""
        del path
        if query["previous"] == "true":
            return "panic: no bpf\n"
        raise ApiError("no log")


def test_an_explanation_has_pod_state_and_log() -> None:
    """What an operator would look for by hand, in that order."""
    assert explain(Api(), "kube-system") == (  # type: ignore[arg-type]
        "pod kube-system/p: Pending",
        "  c: ended with exit code 2 (Error); restarted 3 times",
        "  c log: panic: no bpf",
    )


def test_an_explanation_that_cannot_be_had_says_so() -> None:
    """A silent API server is itself the explanation."""
    assert explain(Api(answers=False), "kube-system") == ("no explanation to be had: connection refused",)  # type: ignore[arg-type]
