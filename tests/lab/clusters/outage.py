"""The time without an object store, which has to be long."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from tests.lab.clusters.fleet import NAMES
from tests.lab.series import ALERTMANAGER, answer

if TYPE_CHECKING:
    from contextlib import ExitStack

    from tests.lab.operator import Operator

TOLD_S = 300
"""SC-007: so soon every cluster tells that the object store is away."""
KEPT_S = 540
"""A lab's Prometheus keeps ten minutes."""
BLOCK_S = 200
"""Longer than a block of the lab, two minutes, takes to be cut: one and a half of its own length."""


@dataclass
class Outage:
    """The time without an object store (seconds since the epoch)."""

    broken: ExitStack
    before: dict[str, list[Any]]
    since: float = field(default_factory=time.time)
    until: float = 0.0

    def end(self) -> None:
        """Let it last long enough for a block to be cut meanwhile; what has ended has ended."""
        if not self.until:
            time.sleep(max(0.0, self.since + BLOCK_S - time.time()))
            self.until = time.time()
            self.broken.close()
            assert self.until - self.since < KEPT_S, "so long, that Prometheus has forgotten how it began"


def told_of_the_outage(operator: Operator) -> dict[str, list[Any]]:
    """The groups of alerts about the object store that every cluster's Alertmanager has."""
    told = {it: answer(operator, it, ALERTMANAGER, "api/v2/alerts/groups") for it in NAMES}
    wanted = "ObjectStoreUnreachable"
    return {it: [one for one in all_ if one["labels"].get("alertname") == wanted] for it, all_ in told.items()}
