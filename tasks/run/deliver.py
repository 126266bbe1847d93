"""Writes a run's report, in every rendering, while it runs and when it ends."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from tasks.reports import build, json
from tasks.run.files import write_atomically

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tasks.model.record import RunRecord
    from tasks.reports.report import Report


class Delivery:
    """
    One run's report folder.

    Arguments:
        parent: the folder of all reports; ``latest`` in it points to the last finished one
        mask: takes secrets out of a text

    """

    def __init__(self, parent: Path, run_id: str, mask: Callable[[str], str]) -> None:
        self.folder, self._parent, self._mask = parent / run_id, parent, mask

    def so_far(self, record: RunRecord) -> None:
        """Keep what is known, in case the process is killed; a full disk must not end the run here."""
        with suppress(OSError):
            write_atomically(self.folder / "report.json", json.dump(build.build(record, self._mask)))

    def finish(self, record: RunRecord) -> Report:
        """Write all renderings and point ``latest`` to them."""
        report = build.build(record, self._mask)
        write_atomically(self.folder / "report.json", json.dump(report))
        self._point_latest()
        return report

    def _point_latest(self) -> None:
        new = self._parent / f".latest.{self.folder.name}"
        new.symlink_to(self.folder.name)
        new.replace(self._parent / "latest")
