"""The last line of every host step."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from nornir.core.task import Result, Task

    from tasks.model.finding import Outcome


def done(task: Task, outcome: Outcome) -> Result:
    """
    Wrap an outcome as Nornir and the engine want it. Nornir is imported here, so that a task's module stays light.

    Returns:
        Result object with the following attributes set:
          * result (``Outcome``): as given
          * changed (``bool``): something lasting was changed or, while planning, would be
          * diff (``str``): unified diffs of the changes, one after the other
          * failed (``bool``): at least one finding is bad and not waived

    """
    from nornir.core.task import Result  # noqa: PLC0415  keeps `--help` free of nornir's import time

    return Result(
        host=task.host,
        result=outcome,
        changed=any(not change.temporary for change in outcome.changes),
        diff="\n".join(change.diff for change in outcome.changes if change.diff),
        failed=any(finding.blocks for finding in outcome.findings),
    )
