"""Writes a run's report, in every rendering, while it runs and when it ends."""

from __future__ import annotations

import logging
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, TextIO

from tasks.model.errors import SettingsError
from tasks.reports import html, json, junit, markdown
from tasks.reports.build import build
from tasks.run.files import write_atomically
from tasks.run.hooks import Hooks

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    from tasks.model.record import RunRecord
    from tasks.reports.report import Report
    from tasks.run.stage import Stage

RENDERINGS = {
    "report.json": json.dump,
    "report.html": html.render,
    "report.md": markdown.render,
    "report.xml": junit.render,
}


class Delivery(Hooks):
    """
    One run's report folder.

    Arguments:
        parent: the folder of all reports; ``latest`` in it points to the last one that ended
        mask: takes secrets out of a text

    """

    def __init__(self, parent: Path, run_id: str, mask: Callable[[str], str]) -> None:
        self.folder, self._parent, self._mask = parent / run_id, parent, mask

    def begun(self, record: RunRecord) -> None:
        """
        Leave a report that says UNFINISHED, in case the process is killed.

        Raises:
            SettingsError: it cannot be written; better now than after everything has been changed

        """
        try:
            self._keep(record)
        except OSError as error:
            raise SettingsError(f"{self.folder}: the report cannot be written: {error}") from error

    def after(self, stage: Stage, record: RunRecord, walked: tuple[str, ...], good: tuple[str, ...]) -> None:
        """Add what is known by now; a disk that has filled up since must not end the run."""
        del stage, walked, good
        with suppress(OSError):
            self._keep(record)

    def _keep(self, record: RunRecord) -> None:
        write_atomically(self.folder / "report.json", json.dump(build(record, self._mask)))

    def report(self, record: RunRecord) -> Report:
        """The report of a run that has ended."""
        return build(record, self._mask)

    def finish(self, report: Report) -> None:
        """
        Write all renderings and point ``latest`` to them.

        Raises:
            OSError: the folder cannot be written

        """
        for name, render in RENDERINGS.items():
            write_atomically(self.folder / name, render(report))
        new = self._parent / f".latest.{self.folder.name}"
        new.symlink_to(self.folder.name)
        new.replace(self._parent / "latest")

    def add(self, pages: Mapping[str, str]) -> str:
        """
        Write further renderings, and name the first of them.

        Raises:
            OSError: the folder cannot be written

        """
        for name, text in pages.items():
            write_atomically(self.folder / name, text)
        return next(iter(pages))

    @contextmanager
    def log(self) -> Iterator[TextIO]:
        """
        Open ``run.log``, and send there, masked, what libraries log as a warning or worse.

        Without it Python would print that on the terminal, with every secret in it.

        Raises:
            SettingsError: the folder cannot be made

        """
        try:
            self.folder.mkdir(parents=True, mode=0o700)
            file = (self.folder / "run.log").open("w", encoding="utf-8")
        except OSError as error:
            raise SettingsError(f"{self.folder}: no report can be written there: {error}") from error
        with file:
            handler = logging.StreamHandler(file)
            handler.setFormatter(_Masked(self._mask))
            handler.setLevel(logging.WARNING)
            logging.getLogger().addHandler(handler)
            try:
                yield file
            finally:
                logging.getLogger().removeHandler(handler)


class _Masked(logging.Formatter):
    def __init__(self, mask: Callable[[str], str]) -> None:
        super().__init__("%(name)s: %(message)s")
        self._mask = mask

    def format(self, record: logging.LogRecord) -> str:
        """The line, and the traceback where there is one, without secrets."""
        return self._mask(super().format(record))
