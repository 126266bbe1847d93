"""A runbook is a literal tuple of stages; this is what one stage is."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from nornir.core.task import Result, Task

    from tasks.fleet.model import Fleet
    from tasks.model.finding import Outcome, Row
    from tasks.model.record import RunRecord
    from tasks.run.context import RunContext


class HostStep(Protocol):
    """Runs once per host, in parallel; ``Result.result`` is an ``Outcome``."""

    def __call__(self, task: Task, *, ctx: RunContext) -> Result:
        """Observe, judge or converge one host."""
        ...


class FleetStep(Protocol):
    """Runs once, on the operator's machine, after the hosts of the same stage."""

    def __call__(self, outcomes: Mapping[str, Outcome], ctx: RunContext) -> Outcome:
        """
        Judge what only several hosts together, or the operator's machine alone, can show.

        Arguments:
            outcomes: of every host whose step came to its end, in the inventory's order; for a stage without a host
                step, an empty ``Outcome`` for every chosen host that nothing blocks

        """
        ...


class RecordStep(Protocol):
    """Runs once, on the operator's machine, over what the run has found so far; also where no host came this far."""

    def __call__(self, record: RunRecord, ctx: RunContext) -> Outcome:
        """
        Judge the run itself.

        Arguments:
            record: every stage before this one

        """
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
        on_record: the step over the run so far, in the place of ``on_fleet``, or None
        mutates: takes part in plan, journal and lock
        even_after_failure: also runs on hosts that an earlier stage has blocked
        deadline_s: seconds after which hosts still busy are given up, each with its own row
        causes: which check is only a consequence of which: {"reach.vip": ("vip.arp@peer", "host.ssh")}. The key is a
            check's id or a dotted beginning of it. A cause is looked for at the row's own target, with ``@peer`` at
            its peer, with ``@fleet`` at the fleet; "reach.mtu->any" is that row towards whomever. Where it is bad, the
            consequence becomes SKIP(blocked_by=cause)

    """

    title: str
    declares: Callable[[Fleet], tuple[Row, ...]]
    on_hosts: HostStep | None = None
    on_fleet: FleetStep | None = None
    on_record: RecordStep | None = None
    mutates: bool = False
    even_after_failure: bool = False
    deadline_s: float = 600.0
    causes: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    @property
    def slug(self) -> str:
        """The title as ``--only`` takes it: ``initialise-control-planes``."""
        return re.sub(r"[^a-z0-9]+", "-", self.title.lower()).strip("-")
