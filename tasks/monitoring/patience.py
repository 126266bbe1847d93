"""Asking again what may only need a moment, until a time that all questions of a step share."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from tasks.model.finding import Verdict
from tasks.run.wait import watch

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
    ctx: RunContext, target: str, look: Callable[[], Sequence[Finding]], until: float, *, every_s: float = 2.0
) -> tuple[Finding, ...]:
    """
    Look until no finding is FAIL or ERROR.

    Arguments:
        target: under whose name the progress is told
        look: finds at least one
        until: ``time.monotonic()`` value after which the last look counts

    Returns:
        what was found last

    """
    return watch(
        "a good answer",
        lambda: tuple(look()),
        done=lambda found: not _bad(found),
        timeout_s=max(0.0, until - time.monotonic()),
        every_s=every_s,
        say=lambda text: ctx.progress.doing(target, text),
        show=lambda found: f"{_bad(found)[0].row.check}: {_bad(found)[0].observed}",
    )


def _bad(findings: Sequence[Finding]) -> list[Finding]:
    return [it for it in findings if it.verdict in {Verdict.FAIL, Verdict.ERROR}]
