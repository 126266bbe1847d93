"""Who still takes part in a run, and who was put out of it by which row."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tasks.model.finding import FLEET, Row

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from threading import Thread

    from tasks.model.finding import Finding
    from tasks.run.stage import Stage
    from tasks.run.walked import Walked


class Standing:
    """
    What earlier stages mean for later ones.

    A host with a bad, unwaived row goes no further; a bad row of the fleet ends all further changes. A host whose
    given-up step is still busy in its thread is not touched a second time, whatever the stage.
    """

    def __init__(self) -> None:
        self._blocked: dict[str, Row] = {}
        self._threads: dict[str, Thread] = {}

    def fork(self) -> Standing:
        """The same standing, to be taken up again later; whose step is still busy is known to both."""
        twin = Standing()
        twin._blocked, twin._threads = dict(self._blocked), self._threads
        return twin

    @property
    def left_behind(self) -> tuple[str, ...]:
        """Hosts, or ``FLEET``, whose given-up step is still busy."""
        return tuple(host for host, thread in self._threads.items() if thread.is_alive())

    def blocked_in(self, stage: Stage) -> dict[str, Row]:
        """Host (or ``FLEET``) to the row that keeps it out of this stage."""
        busy = {host: self._blocked.get(host, Row(f"engine.step.{stage.slug}", host)) for host in self.left_behind}
        if stage.even_after_failure:
            return busy
        return busy | {host: row for host, row in self._blocked.items() if stage.mutates or host != FLEET}

    def walking(self, stage: Stage, hosts: Iterable[str], resumed: Mapping[str, str]) -> tuple[str, ...]:
        """Those of ``hosts`` that walk this stage."""
        blocked = self.blocked_in(stage)
        if stage.mutates and not stage.even_after_failure and FLEET in blocked:
            return ()
        return tuple(host for host in hosts if host not in blocked and host not in resumed)

    def learn(self, walked: Mapping[str, Walked], findings: Iterable[Finding]) -> None:
        """Take in how a stage went."""
        self._threads.update({host: one.thread for host, one in walked.items() if one.thread is not None})
        for finding in findings:
            if finding.blocks:
                self._blocked.setdefault(finding.row.target, finding.blocked_by or finding.row)
