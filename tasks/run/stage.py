"""A runbook is a literal tuple of stages; this is what one stage is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from nornir.core.task import Result, Task

    from tasks.fleet.model import Fleet
    from tasks.model.finding import Outcome, Row
    from tasks.run.context import RunContext


class HostStep(Protocol):
    """Runs once per host, in parallel; ``Result.result`` is an ``Outcome``."""

    def __call__(self, task: Task, *, ctx: RunContext) -> Result:
        """Observe, judge or converge one host."""
        ...


class FleetStep(Protocol):
    """Runs once, on the operator's machine, after the hosts of the same stage."""

    def __call__(self, outcomes: Mapping[str, Outcome], ctx: RunContext) -> Outcome:
        """Judge what only several hosts together, or the operator's machine alone, can show."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """
    One titled step of a runbook.

    Attributes:
        title: imperative, for people: "Initialise control planes"
        declares: every row this stage owes for the given fleet; a row that does not come back is an ERROR
        on_hosts: the task, or None
        on_fleet: the fleet step, or None
        mutates: takes part in plan, journal and lock
        even_after_failure: also runs on hosts that an earlier stage has blocked
        deadline_s: seconds after which hosts still busy are given up, each with its own row

    """

    title: str
    declares: Callable[[Fleet], tuple[Row, ...]]
    on_hosts: HostStep | None = None
    on_fleet: FleetStep | None = None
    mutates: bool = False
    even_after_failure: bool = False
    deadline_s: float = 600.0
