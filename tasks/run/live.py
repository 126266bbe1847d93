"""The live picture of a run, for a terminal: the stages behind, and below them every host of the present one."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, TextIO

from tasks.run.progress import View, stamped

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType
    from typing import Self

    from rich.console import Console, ConsoleOptions, RenderResult

    from tasks.run.board import Doing
    from tasks.run.stage import Stage


def open_view(stream: TextIO, mask: Callable[[str], str]) -> View:
    """The live picture where ``stream`` is a terminal that can carry it, plain lines otherwise."""
    if stream.isatty() and os.environ.get("TERM", "dumb") != "dumb":
        return LiveView(stream, mask)
    return View(stream, mask)


class LiveView(View):
    """One line per host that changes in place; notes scroll by above it. What hosts do goes to the log alone."""

    def __init__(self, stream: TextIO, mask: Callable[[str], str]) -> None:
        from rich.console import Console  # noqa: PLC0415  who has no terminal does not pay for it
        from rich.live import Live  # noqa: PLC0415  as above

        super().__init__(stream, mask)
        self._console = Console(file=stream, highlight=False)
        self._live = Live(self, console=self._console, transient=True, refresh_per_second=8)
        self._title, self._began, self._usual = "", self._clock(), 0.0

    def __enter__(self) -> Self:
        self._live.start()
        return super().__enter__()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        super().__exit__(kind, error, trace)
        self._live.stop()

    def stage(self, number: int, total: int, stage: Stage) -> None:
        """Say that a stage begins."""
        with self._lock:
            self._title, self._began = f"[{number}/{total}] {stage.title}", self._clock()
            self._usual = self.before.get(stage.slug, 0.0)
        super().stage(number, total, stage)

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """The picture of this moment."""
        from rich.table import Table  # noqa: PLC0415  as above
        from rich.text import Text  # noqa: PLC0415  as above

        del console, options
        with self._lock:
            now, doings = self._clock(), dict(self._board.doings)
            if not self._title:
                return
            elapsed = now - self._began
            left = f", about {self._usual - elapsed:.0f} s to go" if self._usual > elapsed else ""
            title = Text.assemble((self._title, "bold"), (f"  {elapsed:.0f} s{left}", "dim"))
        table = Table.grid(padding=(0, 1), expand=True)
        for column in ({"width": 2}, {"no_wrap": True}, {"justify": "right", "no_wrap": True}, {"ratio": 1}):
            table.add_column(**column)
        for target, one in doings.items():
            table.add_row(*(Text(text, style, overflow="ellipsis") for text, style in _cells(target, one, now)))
        yield title
        yield table

    def _doing(self, line: str) -> None:
        self._record(stamped(line))

    def _show(self, line: str) -> None:
        from rich.text import Text  # noqa: PLC0415  as above

        self._console.print(Text(line))


def _cells(target: str, one: Doing, now: float) -> tuple[tuple[str, str], ...]:
    if one.ended is not None:
        mark = ("✓", "green") if one.good else ("✗", "red")
        return mark, (target, "dim"), (f"{one.ended - one.begun:.0f} s", "dim"), ("", "")
    return ("•", "cyan"), (target, "bold"), (f"{now - one.begun:.0f} s", ""), (one.what, "")
