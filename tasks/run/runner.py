"""A Nornir runner that keeps deadlines: Nornir's own waits for ever for a host that hangs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nornir.core.task import AggregatedResult, MultiResult, Result

from tasks.model.errors import Unreachable
from tasks.run.interrupt import Interrupted
from tasks.run.pool import run_jobs

if TYPE_CHECKING:
    from collections.abc import Callable

    from nornir.core.inventory import Host
    from nornir.core.task import Task

    from tasks.run.interrupt import Stop
    from tasks.run.pool import Ended


class DeadlineRunner:
    """
    Every host in a thread of its own; whoever is still busy at the deadline is given up and named.

    Attributes:
        ended: host to how its step ended, after ``run``

    """

    def __init__(self, *, deadline_at: float, stop: Stop, last_seen: Callable[[str], str]) -> None:
        self._deadline_at, self._stop, self._last_seen = deadline_at, stop, last_seen
        self.ended: dict[str, Ended[MultiResult]] = {}

    def run(self, task: Task, hosts: list[Host]) -> AggregatedResult:
        """Run a task on all hosts; the result holds every one of them, also those given up."""
        jobs = {host.name: _job(task, host) for host in hosts}
        self.ended = run_jobs(jobs, deadline_at=self._deadline_at, stop=self._stop)
        result = AggregatedResult(task.name)
        for host in hosts:
            result[host.name] = self._result(task, host, self.ended[host.name])
        return result

    def _result(self, task: Task, host: Host, ended: Ended[MultiResult]) -> MultiResult:
        if ended.value is not None:
            return ended.value
        error = ended.error or given_up(host.name, ended.given_up, self._last_seen(host.name))
        failed = MultiResult(task.name)
        failed.append(Result(host=host, exception=error, failed=True))
        return failed


def given_up(host: str, why: str, doing: str) -> Exception:
    """The error of a step that was still busy when the run could wait no longer."""
    last = f"was last: {doing}" if doing else "had not said what it was doing"
    return Unreachable(host, "deadline", last) if why == "deadline" else Interrupted(f"{host} {last}")


def _job(task: Task, host: Host) -> Callable[[], MultiResult]:
    copy = task.copy()
    return lambda: copy.start(host)
