"""What one cluster contributes to the judgement of the blocks: Thanos' keys, and what its Prometheus holds back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tasks.deploy.api import ApiError
from tasks.deploy.identity import open_cluster
from tasks.model.errors import in_words
from tasks.model.finding import Outcome
from tasks.run.step import done
from tasks.thanos.blocks import Mounted, head_of, mounted

if TYPE_CHECKING:
    from nornir.core.task import Result, Task

    from tasks.run.context import RunContext
    from tasks.thanos.block import Head


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """
    What one cluster contributes.

    Attributes:
        store: as its Secret has it; None where that cannot be read
        head: what its Prometheus says; None where it says nothing
        silent: why

    """

    store: Mounted | None
    head: Head | None = None
    silent: str = ""

    @property
    def storage(self) -> Head:
        """What its Prometheus says of its storage; ValueError where it says nothing."""
        if self.head is None:
            raise ValueError(f"Prometheus does not say what it has: {self.silent}")
        return self.head


def read_part(task: Task, *, ctx: RunContext) -> Result:
    """
    Read what one cluster contributes. Changes nothing, and owes no row: what cannot be read shows in the blocks' rows.

    Returns:
        Result with ``result`` = Outcome(value=Part)

    """
    cluster = ctx.fleet.cluster(task.host.name)
    api = None if ctx.plan else open_cluster(ctx, cluster)
    if api is None:
        return done(task, Outcome())
    ctx.progress.doing(cluster.name, "asking Prometheus what it holds back")
    store = None
    try:
        store = mounted(api, "monitoring")
        return done(task, Outcome(value=Part(store=store, head=head_of(api))))
    except (ApiError, ValueError, KeyError) as error:
        return done(task, Outcome(value=Part(store=store, silent=in_words(error))))
