"""What a run is doing, told while it runs: plain lines here, the live picture for a terminal in ``live.py``."""

from __future__ import annotations

import threading
import time
from collections import Counter
from contextlib import suppress
from datetime import UTC, datetime
from typing import TYPE_CHECKING, TextIO

from tasks.run.board import Board

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from types import TracebackType
    from typing import Self

    from tasks.model.record import StageRecord
    from tasks.run.context import RunContext
    from tasks.run.stage import Stage


class View:
    """
    Progress as lines with the time of day and no control codes; safe from any thread, never raises.

    Arguments:
        stream: where the lines go; standard error in a run
        mask: takes secrets out of a text
        clock: monotonic seconds

    Attributes:
        before: stage slug to the seconds it took last time, where that is known

    """

    tick_s = 1.0

    def __init__(
        self, stream: TextIO, mask: Callable[[str], str], *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._stream, self._mask, self._clock = stream, mask, clock
        self._log: TextIO | None = None
        # two locks, never held together: the live picture reads the board while it holds the terminal
        self._lock, self._out = threading.RLock(), threading.Lock()
        self._board = Board()
        self._over = threading.Event()
        self._ticker = threading.Thread(target=self._tick, name="progress", daemon=True)
        self.before: Mapping[str, float] = {}

    def __enter__(self) -> Self:
        self._ticker.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._over.set()
        self._ticker.join(timeout=2 * self.tick_s)

    def log_to(self, log: TextIO) -> None:
        """Write every line there as well."""
        with self._out:
            self._log = log

    def begun(self, runbook: str, hosts: Sequence[str], ctx: RunContext, notes: Iterable[str]) -> None:
        """Say what this run is about, and what is to be known before it."""
        self.note(f"{runbook} on {', '.join(hosts)}{' (plan)' if ctx.plan else ''}, run {ctx.run_id}")
        for note in notes:
            self.note(note)

    def stage(self, number: int, total: int, stage: Stage) -> None:
        """Say that a stage begins."""
        usual = f" (last time {self.before[stage.slug]:.0f} s)" if stage.slug in self.before else ""
        with self._lock:
            self._board.clear()
        self.note(f"[{number}/{total}] {stage.title}{usual}")

    def stage_ended(self, record: StageRecord) -> None:
        """Say how a stage came out, and every bad row that stands for itself."""
        self.note(f"      {summary(record)}")
        for finding in record.findings:
            if finding.blocks and finding.blocked_by is None:
                self.note(f"      {finding.verdict} {finding.row}: {finding.observed}")

    def busy(self, target: str, title: str) -> None:
        """Say that a target's step begins; worth no line of its own."""
        with self._lock:
            self._board.put(target, self._mask(title), self._clock())

    def doing(self, target: str, what: str) -> None:
        """Say what one host (or ``FLEET``) is doing or waiting for now."""
        what = self._mask(what)
        with self._lock:
            new = self._board.put(target, what, self._clock())
        if new:
            self._doing(f"      {target}: {what}")

    def idle(self, target: str, *, good: bool) -> None:
        """Say that a target's step has ended, and whether without anything bad."""
        with self._lock:
            self._board.end(target, self._clock(), good=good)

    def last_seen(self, target: str) -> str:
        """What a target was doing last, for whoever gives it up."""
        with self._lock:
            return self._board.last(target)

    def note(self, text: str) -> None:
        """Say something that is worth a line of its own."""
        line = stamped(self._mask(text))
        self._show(line)
        self._record(line)

    def _doing(self, line: str) -> None:
        self.note(line)

    def remind(self) -> None:
        """Name everyone who has been doing the same for long."""
        with self._lock:
            now = self._clock()
            due = [(target, one.what, now - one.since) for target, one in self._board.overdue(now)]
        for target, what, waited_s in due:
            self.note(f"      {target}: still, after {waited_s:.0f} s: {what}")

    def _tick(self) -> None:
        while not self._over.wait(self.tick_s):
            self.remind()

    def _show(self, line: str) -> None:
        with self._out:
            _write(self._stream, line)

    def _record(self, line: str) -> None:
        with self._out:
            if self._log is not None:
                _write(self._log, line)


def stamped(text: str) -> str:
    """The text after the time of day, UTC."""
    return f"{datetime.now(UTC):%H:%M:%SZ} {text}"


def _write(stream: TextIO, line: str) -> None:
    # a reader that has gone away must not end a deployment
    with suppress(OSError, ValueError):
        stream.write(f"{line}\n")
        stream.flush()


def summary(record: StageRecord) -> str:
    """One stage in one line: ``12 PASS, 1 FAIL, 2 changes, 3.4 s``."""
    verdicts = Counter(finding.verdict for finding in record.findings)
    parts = [f"{count} {verdict}" for verdict, count in sorted(verdicts.items())]
    lasting = sum(not change.temporary for change in record.changes)
    changes = [f"{lasting} change{'s' if lasting != 1 else ''}"] if lasting else []
    return ", ".join((*parts, *changes, f"{record.duration_s:.1f} s"))
