"""Why something is not ready: its pods, their containers, the last events, the end of the failing log."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tasks.deploy.api import ApiError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tasks.deploy.api import KubeApi

LOG_LINES = "12"
EVENTS = 5


def explain(api: KubeApi, namespace: str) -> tuple[str, ...]:
    """
    Ask the API server for everything that explains why a namespace's pods are not ready.

    Returns:
        lines for a finding's evidence; where the server does not answer, the line that says so

    """
    try:
        pods = api.items(f"/api/v1/namespaces/{namespace}/pods")
        events = api.items(f"/api/v1/namespaces/{namespace}/events")
        return tuple(_explain(api, namespace, pods, events))
    except ApiError as error:
        return (f"no explanation to be had: {error}",)


def _explain(api: KubeApi, namespace: str, pods: list[dict[str, Any]], events: list[dict[str, Any]]) -> Iterator[str]:
    for pod in pods:
        troubles = container_troubles(pod)
        if not troubles:
            continue
        name = pod["metadata"]["name"]
        yield f"pod {namespace}/{name}: {pod['status'].get('phase', 'unknown')}"
        yield from (f"  {container}: {state}" for container, state in troubles.items())
        yield from (f"  event: {line}" for line in last_events(events, name))
        for container in troubles:
            yield from (f"  {container} log: {line}" for line in _log_tail(api, namespace, name, container))


def container_troubles(pod: dict[str, Any]) -> dict[str, str]:
    """The state of each container that neither runs ready nor has completed; before the first, the scheduler's word."""
    status = pod.get("status") or {}
    troubles = {}
    for container in (*status.get("initContainerStatuses", ()), *status.get("containerStatuses", ())):
        state = container.get("state") or {}
        if (state.get("terminated") or {}).get("exitCode") == 0 or ("running" in state and container.get("ready")):
            continue
        troubles[container["name"]] = _state(container)
    if not troubles and status.get("phase") == "Pending":
        unscheduled = [c for c in status.get("conditions", ()) if c["status"] != "True" and c.get("message")]
        return {"scheduling": unscheduled[0]["message"] if unscheduled else "not scheduled yet"}
    return troubles


def _state(container: dict[str, Any]) -> str:
    state = container.get("state") or {}
    if waiting := state.get("waiting"):
        said = f"waiting, {waiting.get('reason', 'no reason given')}: {waiting.get('message', '')}".rstrip(": ")
    elif ended := state.get("terminated"):
        said = f"ended with exit code {ended.get('exitCode')} ({ended.get('reason', '')})"
    else:
        said = "running, but not ready"
    restarts = container.get("restartCount", 0)
    return said + (f"; restarted {restarts} times" if restarts else "")


def last_events(events: list[dict[str, Any]], name: str) -> list[str]:
    """The last warnings about one object, oldest first; where there are none, its last events."""
    about = [event for event in events if (event.get("involvedObject") or {}).get("name") == name]
    about = [event for event in about if event.get("type") == "Warning"] or about
    about.sort(key=lambda event: event.get("lastTimestamp") or event.get("eventTime") or "")
    return [f"{event.get('reason', '')}: {event.get('message', '')}" for event in about[-EVENTS:]]


def _log_tail(api: KubeApi, namespace: str, pod: str, container: str) -> list[str]:
    path = f"/api/v1/namespaces/{namespace}/pods/{pod}/log"
    for previous in ("true", "false"):
        try:
            text = api.text(path, container=container, tailLines=LOG_LINES, previous=previous)
        except ApiError:
            continue
        if text.strip():
            return [line[:300] for line in text.strip().splitlines()]
    return []
