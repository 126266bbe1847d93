"""What every task is handed besides Nornir's own ``Task``."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from pathlib import Path

    from tasks.fleet.model import Fleet
    from tasks.settings import Settings


class Progress(Protocol):
    """Where a run tells what it is doing; safe to call from any thread, never raises."""

    def doing(self, target: str, what: str) -> None:
        """Say what one host (or ``FLEET``) is doing or waiting for now."""
        ...

    def note(self, text: str) -> None:
        """Say something that is worth a line of its own in the log."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class RunContext:
    """
    One run's fixed facts.

    Attributes:
        fleet: the typed inventory, already cut to the chosen hosts' clusters by nothing: always the whole fleet
        settings: credentials and paths from the operator's environment
        root: the project's folder (inventory/, kustomize/)
        state: where this site keeps kubeconfigs, journal, lock, reports
        plan: look and say, change nothing
        prune: delete what earlier versions have left behind
        run_id: sortable, unique: 20261123T140501Z-1a2b
        progress: where to tell what is going on
        deadline_at: ``time.monotonic()`` value at which the whole run is over
        read_only: no transport lets a mutation through: while planning, and in runbooks that only look

    """

    fleet: Fleet
    settings: Settings
    root: Path
    state: Path
    plan: bool
    run_id: str
    progress: Progress
    deadline_at: float
    prune: bool = False
    read_only: bool = False
