"""One stage's steps, run and caught: what came back, and how every host came out of it."""

from __future__ import annotations

import time
import traceback
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from tasks.model.errors import Unreachable
from tasks.model.finding import FLEET, Outcome
from tasks.model.record import Fate, HostRecord
from tasks.run.change import ledger
from tasks.run.interrupt import Interrupted
from tasks.run.pool import run_jobs
from tasks.run.runner import DeadlineRunner, given_up

if TYPE_CHECKING:
    from collections.abc import Mapping
    from threading import Thread

    from nornir.core import Nornir
    from nornir.core.task import MultiResult, Result, Task

    from tasks.model.finding import Change
    from tasks.run.context import RunContext
    from tasks.run.interrupt import Stop
    from tasks.run.pool import Ended
    from tasks.run.progress import View
    from tasks.run.stage import FleetStep, HostStep, Stage

TRACEBACK_LINES = 20


@dataclass(slots=True, kw_only=True)
class Walked:
    """
    One host, or the fleet step, after a stage.

    Attributes:
        outcome: None where the step did not end properly
        error: why it did not
        changes: what the gates saw, also where there is no outcome
        thread: still alive where the step was given up

    """

    record: HostRecord
    outcome: Outcome | None = None
    error: BaseException | None = None
    changes: list[Change] = field(default_factory=list)
    thread: Thread | None = None

    @property
    def all_changes(self) -> tuple[Change, ...]:
        """What the step handed back, and what its gates saw besides."""
        told = self.outcome.changes if self.outcome else ()
        known = {id(change) for change in told}
        return (*told, *(change for change in self.changes if id(change) not in known))

    @property
    def evidence(self) -> tuple[str, ...]:
        """The end of the traceback; nothing where the machine, not the code, is to blame."""
        if self.error is None or isinstance(self.error, (Unreachable, Interrupted)):
            return ()
        text = "".join(traceback.format_exception(self.error))
        return tuple(text.rstrip().splitlines()[-TRACEBACK_LINES:])


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """What all steps of a run share; ``began_at`` is the run's ``time.monotonic()``."""

    nornir: Nornir
    ctx: RunContext
    stop: Stop
    view: View
    began_at: float

    def deadline_of(self, stage: Stage) -> float:
        """``time.monotonic()`` value at which this stage is over."""
        return min(self.ctx.deadline_at, time.monotonic() + stage.deadline_s)


def walk_hosts(frame: Frame, stage: Stage, step: HostStep, hosts: tuple[str, ...]) -> dict[str, Walked]:
    """Run the host step on ``hosts`` in parallel; every one of them is in the answer."""
    changes: dict[str, list[Change]] = {host: [] for host in hosts}

    def guarded(task: Task) -> Result:
        frame.view.doing(task.host.name, stage.title)
        try:
            with ledger(changes[task.host.name]):
                return step(task, ctx=frame.ctx)
        finally:
            frame.view.idle(task.host.name)

    runner = DeadlineRunner(deadline_at=frame.deadline_of(stage), stop=frame.stop, last_seen=frame.view.last_seen)
    chosen = frame.nornir.filter(filter_func=lambda host: host.name in changes).with_runner(runner)
    try:
        # on_failed: whether a host may go on is decided by its findings here, not by Nornir's memory of failures
        results: Mapping[str, MultiResult] = chosen.run(
            task=guarded, name=stage.title, on_failed=True, raise_on_error=False
        )
        lost: Exception = RuntimeError("the runner brought no result back")
    except Exception as error:  # noqa: BLE001  a processor that raises must not take the run down
        results, lost = {}, error
    finally:
        frame.nornir.data.reset_failed_hosts()
    return {
        host: _walked(frame, host, runner.ended.get(host), *_read(results.get(host), lost), changes[host])
        for host in hosts
    }


def walk_fleet(frame: Frame, stage: Stage, step: FleetStep, outcomes: Mapping[str, Outcome]) -> Walked:
    """Run the fleet step once, under the same deadline and guard as a host's."""
    changes: list[Change] = []

    def job() -> Outcome:
        frame.view.doing(FLEET, stage.title)
        try:
            with ledger(changes):
                return step(outcomes, frame.ctx)
        finally:
            frame.view.idle(FLEET)

    ended = run_jobs({FLEET: job}, deadline_at=frame.deadline_of(stage), stop=frame.stop)[FLEET]
    outcome, error = _checked(ended.value), ended.error
    if ended.given_up:
        error = given_up(FLEET, ended.given_up, frame.view.last_seen(FLEET))
    elif error is None and outcome is None:
        error = _not_an_outcome(ended.value)
    return _walked(frame, FLEET, ended, outcome, error, changes)


def _read(result: MultiResult | None, lost: Exception) -> tuple[Outcome | None, BaseException | None]:
    """What a host's step handed back: an outcome or an error, never neither."""
    if not result:
        return None, lost
    first = result[0]
    if first.exception is not None:
        return None, _root(first.exception)
    outcome = _checked(first.result)
    return outcome, None if outcome is not None else _not_an_outcome(first.result)


def _root(error: BaseException) -> BaseException:
    """What really happened beneath Nornir's error of a grouped task."""
    from nornir.core.exceptions import NornirSubTaskError  # noqa: PLC0415  only where there was an error

    while isinstance(error, NornirSubTaskError) and error.result.exception is not None:
        error = error.result.exception
    return error


def _checked(value: object) -> Outcome | None:
    return value if isinstance(value, Outcome) else None


def _not_an_outcome(value: object) -> TypeError:
    return TypeError(f"the step returned {type(value).__name__} where an Outcome was wanted")


def _walked(
    frame: Frame,
    host: str,
    ended: Ended[MultiResult] | Ended[Outcome] | None,
    outcome: Outcome | None,
    error: BaseException | None,
    changes: list[Change],
) -> Walked:
    fates: tuple[tuple[type[BaseException], Fate], ...] = (
        (Unreachable, Fate.UNREACHABLE),
        (Interrupted, Fate.INTERRUPTED),
        (BaseException, Fate.ERROR),
    )
    fate = Fate.DONE if error is None else next(fate for kind, fate in fates if isinstance(error, kind))
    record = HostRecord(
        host=host,
        fate=fate,
        started_s=ended.started_at - frame.began_at if ended else 0.0,
        duration_s=ended.ended_at - ended.started_at if ended else 0.0,
        detail=sentence(error) if error else "",
    )
    walked = Walked(record=record, outcome=outcome, error=error, changes=changes)
    walked.thread = ended.thread if ended and ended.given_up else None
    return walked


def sentence(error: BaseException) -> str:
    """An exception as one line of prose: its own where it has one, its type besides where it is not ours."""
    text = str(error).strip()
    return text if isinstance(error, (Unreachable, Interrupted)) else f"{type(error).__name__}: {text}".rstrip(": ")
