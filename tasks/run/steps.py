"""Runs the steps of one stage, and lets nothing that happens in them escape."""

from __future__ import annotations

import threading
import time
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from nornir.core.exceptions import NornirSubTaskError

from tasks.model.finding import FLEET, Outcome
from tasks.run.change import ledger
from tasks.run.pool import run_jobs
from tasks.run.runner import DeadlineRunner, given_up
from tasks.run.walked import Walked, walked

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from nornir.core import Nornir
    from nornir.core.task import AggregatedResult, MultiResult, Result, Task

    from tasks.model.finding import Change
    from tasks.run.context import RunContext
    from tasks.run.interrupt import Stop
    from tasks.run.progress import View
    from tasks.run.stage import HostStep, Stage


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """What all steps of a run share; ``began_at`` is the run's ``time.monotonic()``."""

    nornir: Nornir
    ctx: RunContext
    stop: Stop
    view: View
    began_at: float

    def deadline_of(self, stage: Stage) -> float:
        """``time.monotonic()`` value at which a stage that begins now is over."""
        return min(self.ctx.deadline_at, time.monotonic() + stage.deadline_s)


def walk_hosts(
    frame: Frame, title: str, step: HostStep, hosts: tuple[str, ...], deadline_at: float
) -> dict[str, Walked]:
    """Run a host step on ``hosts`` in parallel; every one of them is in the answer."""
    gated: dict[str, list[Change]] = {host: [] for host in hosts}

    def guarded(task: Task) -> Result:
        with _shown(frame.view, task.host.name, title) as show, ledger(gated[task.host.name]):
            result = step(task, ctx=frame.ctx)
            show(result.result)
            return result

    runner = DeadlineRunner(deadline_at=deadline_at, stop=frame.stop, last_seen=frame.view.last_seen)
    chosen = frame.nornir.filter(filter_func=lambda host: host.name in gated).with_runner(runner)
    results, lost = _run(chosen, title, guarded)
    _hang_up(frame.nornir, (host for host, ended in runner.ended.items() if ended.given_up))
    came = {}
    for host in hosts:
        outcome, error = _read(results.get(host), lost)
        ended = runner.ended.get(host)
        came[host] = walked(host, began_at=frame.began_at, ended=ended, outcome=outcome, error=error, gated=gated[host])
    return came


@contextmanager
def _shown(view: View, target: str, title: str) -> Iterator[Callable[[object], None]]:
    """Tell the view when a step begins and ends; good is what hands back an outcome without anything bad."""
    good = False

    def show(outcome: object) -> None:
        nonlocal good
        good = isinstance(outcome, Outcome) and not any(finding.blocks for finding in outcome.findings)

    view.busy(target, title)
    try:
        yield show
    finally:
        view.idle(target, good=good)


def _run(nornir: Nornir, title: str, step: Callable[[Task], Result]) -> tuple[Mapping[str, MultiResult], Exception]:
    """Nornir's results, and the error to show for a host that is not among them."""
    try:
        # on_failed: who may go on is decided by findings, not by Nornir's memory of failures
        results: AggregatedResult = nornir.run(task=step, name=title, on_failed=True, raise_on_error=False)
    except Exception as error:  # noqa: BLE001  a processor that raises must not take the run down
        return {}, error
    finally:
        nornir.data.reset_failed_hosts()
    return results, RuntimeError("Nornir brought no result back for this host")


def walk_fleet(frame: Frame, title: str, step: Callable[[], Outcome], deadline_at: float) -> Walked:
    """Run a stage's last step once, under the same deadline and guard as a host's."""
    gated: list[Change] = []

    def job() -> Outcome:
        with _shown(frame.view, FLEET, title) as show, ledger(gated):
            outcome = step()
            show(outcome)
            return outcome

    ended = run_jobs({FLEET: job}, deadline_at=deadline_at, stop=frame.stop)[FLEET]
    lost = given_up(FLEET, ended.given_up, frame.view.last_seen(FLEET)) if ended.given_up else ended.error
    outcome, error = _checked(ended.value, lost)
    return walked(FLEET, began_at=frame.began_at, ended=ended, outcome=outcome, error=error, gated=gated)


def _hang_up(nornir: Nornir, hosts: Iterable[str]) -> None:
    """Cut the connections of hosts that were given up, so that an abandoned step cannot go on behind our back."""

    def close(host: str) -> None:
        with suppress(Exception):
            nornir.inventory.hosts[host].close_connections()

    for host in hosts:
        threading.Thread(target=close, args=(host,), name=f"hang up {host}", daemon=True).start()


def _read(result: MultiResult | None, lost: Exception) -> tuple[Outcome | None, BaseException | None]:
    if not result:
        return None, lost
    error = result[0].exception
    while isinstance(error, NornirSubTaskError) and error.result.exception is not None:
        error = error.result.exception
    return _checked(result[0].result, error)


def _checked(value: object, error: BaseException | None) -> tuple[Outcome | None, BaseException | None]:
    """An outcome or an error, never neither and never both."""
    if error is not None:
        return None, error
    if isinstance(value, Outcome):
        return value, None
    return None, TypeError(f"the step returned {type(value).__name__} where an Outcome was wanted")
