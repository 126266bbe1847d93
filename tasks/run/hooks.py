"""What happens around a stage besides running it."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tasks.model.record import RunRecord
    from tasks.run.stage import Stage


class Hooks:
    """Does nothing; the journal and the running report override what they need. What a hook raises ends the run."""

    def begun(self, record: RunRecord) -> None:
        """The run begins; nothing has been touched."""

    def finished_before(self, stage: Stage) -> Mapping[str, str]:
        """Hosts that need not walk this stage again, each with the sentence that says why."""
        del stage
        return {}

    def before(self, stage: Stage, hosts: tuple[str, ...]) -> None:
        """``hosts`` are about to walk this stage."""

    def after(self, stage: Stage, record: RunRecord, walked: tuple[str, ...], good: tuple[str, ...]) -> None:
        """
        A stage is accounted for.

        Arguments:
            record: the run so far, this stage included
            good: those of ``walked`` that have nothing bad in this stage

        """


class Several(Hooks):
    """Calls others, one after the other."""

    def __init__(self, *hooks: Hooks) -> None:
        self._hooks = hooks

    def finished_before(self, stage: Stage) -> Mapping[str, str]:
        """What any of them says."""
        return {host: why for hook in self._hooks for host, why in hook.finished_before(stage).items()}

    def begun(self, record: RunRecord) -> None:
        """Tell all."""
        for hook in self._hooks:
            hook.begun(record)

    def before(self, stage: Stage, hosts: tuple[str, ...]) -> None:
        """Tell all."""
        for hook in self._hooks:
            hook.before(stage, hosts)

    def after(self, stage: Stage, record: RunRecord, walked: tuple[str, ...], good: tuple[str, ...]) -> None:
        """Tell all."""
        for hook in self._hooks:
            hook.after(stage, record, walked, good)
