"""How one host, or the fleet step, came out of one stage."""

from __future__ import annotations

import traceback
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tasks.model.errors import Unreachable
from tasks.model.record import Fate, HostRecord
from tasks.run.interrupt import Interrupted

if TYPE_CHECKING:
    from collections.abc import Sequence
    from threading import Thread

    from tasks.model.finding import Change, Outcome
    from tasks.run.pool import Ended

TRACEBACK_LINES = 20

_FATES: tuple[tuple[type[BaseException], Fate], ...] = (
    (Unreachable, Fate.UNREACHABLE),
    (Interrupted, Fate.INTERRUPTED),
    (BaseException, Fate.ERROR),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Walked:
    """
    One step's end; it has an outcome or an error, never neither.

    Attributes:
        gated: changes that its gates saw, also where there is no outcome
        thread: the step's own; None unless it was given up

    """

    record: HostRecord
    outcome: Outcome | None = None
    error: BaseException | None = None
    gated: Sequence[Change] = ()
    thread: Thread | None = None

    @property
    def changes(self) -> tuple[Change, ...]:
        """What the step handed back, and what its gates saw besides."""
        told = self.outcome.changes if self.outcome else ()
        known = {id(change) for change in told}
        return (*told, *(change for change in tuple(self.gated) if id(change) not in known))

    @property
    def evidence(self) -> tuple[str, ...]:
        """The end of the traceback; nothing where the machine or the operator, not the code, is to blame."""
        if self.error is None or isinstance(self.error, (Unreachable, Interrupted)):
            return ()
        text = "".join(traceback.format_exception(self.error))
        return tuple(text.rstrip().splitlines()[-TRACEBACK_LINES:])


def walked(
    host: str,
    *,
    began_at: float,
    ended: Ended[object] | None,
    outcome: Outcome | None,
    error: BaseException | None,
    gated: Sequence[Change],
) -> Walked:
    """
    Put together how a step ended.

    Arguments:
        began_at: of the run, ``time.monotonic()``
        ended: the step's job; None where it never became one

    """
    fate = Fate.DONE if error is None else next(fate for kind, fate in _FATES if isinstance(error, kind))
    record = HostRecord(
        host=host,
        fate=fate,
        started_s=ended.started_at - began_at if ended else 0.0,
        duration_s=ended.ended_at - ended.started_at if ended else 0.0,
        detail=sentence(error) if error else "",
    )
    thread = ended.thread if ended and ended.given_up else None
    return Walked(record=record, outcome=outcome, error=error, gated=gated, thread=thread)


def sentence(error: BaseException) -> str:
    """An exception as prose: its own words, after its type's name where the words are not meant for an operator."""
    text = str(error).strip()
    return text if isinstance(error, (Unreachable, Interrupted)) else f"{type(error).__name__}: {text}".rstrip(": ")
