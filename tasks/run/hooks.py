"""What happens around a stage besides running it."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tasks.model.record import StageRecord
    from tasks.run.stage import Stage


class Hooks:
    """Does nothing; the journal and the running report override what they need."""

    def finished_before(self, stage: Stage) -> Mapping[str, str]:
        """Hosts that need not walk this stage again, each with the sentence that says why."""
        del stage
        return {}

    def before(self, stage: Stage, hosts: tuple[str, ...]) -> None:
        """``hosts`` are about to walk this stage."""

    def after(self, stage: Stage, record: StageRecord, walked: tuple[str, ...], good: tuple[str, ...]) -> None:
        """A stage is accounted for; ``good`` are those of ``walked`` that have nothing bad in it."""
