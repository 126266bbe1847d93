"""Asking again what may only need a moment, until a time that all questions of a step share."""

from __future__ import annotations

import time
from contextlib import suppress
from typing import TYPE_CHECKING

from tasks.model.errors import WaitTimeout
from tasks.model.finding import Verdict
from tasks.run.wait import wait_for

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from tasks.model.finding import Finding
    from tasks.run.context import RunContext

AFTER_DEPLOYING_S = 180.0
"""Prometheus scrapes every 30 s, and Query looks for new endpoints once a minute."""

STANDING_S = 5.0
"""What stands already is given no more than a hiccup."""

NEXT_SCRAPE_S = 40.0
"""A scrape that failed shows until the next one."""


def patiently(
    ctx: RunContext, look: Callable[[], Sequence[Finding]], until: float, *, every_s: float = 2.0
) -> tuple[Finding, ...]:
    """
    Look until no finding is FAIL or ERROR.

    Arguments:
        look: finds at least one
        until: ``time.monotonic()`` value after which the last look counts

    Returns:
        what was found last

    """
    last: list[Finding] = []

    def bad() -> list[Finding]:
        last[:] = look()
        return [it for it in last if it.verdict in {Verdict.FAIL, Verdict.ERROR}]

    with suppress(WaitTimeout):
        wait_for(
            "a good answer",
            bad,
            done=lambda found: not found,
            timeout_s=max(0.0, until - time.monotonic()),
            every_s=every_s,
            say=lambda text: ctx.progress.doing(last[0].row.target, text),
            show=lambda found: f"{found[0].row.check}: {found[0].observed}",
        )
    return tuple(last)
