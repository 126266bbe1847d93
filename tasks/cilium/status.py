"""What the Cilium agent says of itself."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentStatus:
    """
    ``cilium-dbg status -o json``, as far as it is judged.

    Attributes:
        state: "Ok", "Warning", "Failure" or "Disabled"
        message: what it adds to that
        kube_proxy_replacement: "True" where Cilium does kube-proxy's work
        kubernetes: state of its connection to the API server
        failing: controllers whose last run failed, with the error

    """

    state: str
    message: str
    kube_proxy_replacement: str
    kubernetes: str
    failing: tuple[str, ...]

    @property
    def problems(self) -> tuple[str, ...]:
        """What speaks against it."""
        found = []
        if self.state != "Ok":
            found.append(f"the agent says {self.state}: {self.message}")
        if self.kubernetes != "Ok":
            found.append(f"its connection to the API server is {self.kubernetes}")
        if self.kube_proxy_replacement != "True":
            found.append(f"kube-proxy replacement is {self.kube_proxy_replacement}")
        return tuple(found)


def parse_status(text: str) -> AgentStatus:
    """
    Read ``cilium-dbg status -o json``.

    Raises:
        ValueError: the text is no such status

    """
    try:
        said: dict[str, Any] = json.loads(text)
        return AgentStatus(
            state=said["cilium"]["state"],
            message=said["cilium"].get("msg", ""),
            kube_proxy_replacement=(said.get("kube-proxy-replacement") or {}).get("mode", "absent"),
            kubernetes=said["kubernetes"]["state"],
            failing=tuple(_failing(controller) for controller in said.get("controllers") or () if _fails(controller)),
        )
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"not a status of the Cilium agent ({error}): {text[:200]!r}") from None


def _fails(controller: dict[str, Any]) -> bool:
    return bool((controller.get("status") or {}).get("consecutive-failure-count", 0))


def _failing(controller: dict[str, Any]) -> str:
    status = controller["status"]
    return f"{controller.get('name', 'a controller')}: {status.get('last-failure-msg', 'no message')}"
