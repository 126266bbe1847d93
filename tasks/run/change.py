"""The single gate through which everything that changes a machine or a cluster has to pass."""

from __future__ import annotations

from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, TypeVar

from tasks.model.finding import Change

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

T = TypeVar("T")

_LEDGER: ContextVar[list[Change] | None] = ContextVar("ledger", default=None)


@contextmanager
def ledger(changes: list[Change]) -> Iterator[None]:
    """
    Also write every gate's changes of this thread into ``changes`` while the block runs.

    So the engine knows what was changed even where the step then raised, or was given up, without an ``Outcome``.
    """
    token = _LEDGER.set(changes)
    try:
        yield
    finally:
        _LEDGER.reset(token)


class Gate:
    """
    One target's changes during one task.

    While planning, ``make`` records the sentence and runs nothing, so that the plan is the deployment's own code path.
    """

    def __init__(self, target: str, *, plan: bool) -> None:
        self._target = target
        self._plan = plan
        self._changes: list[Change] = []
        self._ledger = _LEDGER.get()

    def make(
        self, sentence: str, act: Callable[[], T], *, undo: str = "", diff: str = "", temporary: bool = False
    ) -> T | None:
        """
        Make one change, or foresee it.

        Arguments:
            sentence: imperative, one line, without a secret
            act: does it; raises where it did not succeed
            undo: the command that takes it back, empty where nothing does
            diff: unified diff of the text that changes
            temporary: the same task removes it again

        Returns:
            what ``act`` returned; None while planning

        """
        if self._plan:
            self._record(sentence, made=False, undo=undo, diff=diff, temporary=temporary)
            return None
        done = act()
        self._record(sentence, made=True, undo=undo, diff=diff, temporary=temporary)
        return done

    def _record(self, sentence: str, *, made: bool, undo: str, diff: str, temporary: bool) -> None:
        change = Change(target=self._target, sentence=sentence, made=made, undo=undo, diff=diff, temporary=temporary)
        self._changes.append(change)
        if self._ledger is not None:
            self._ledger.append(change)

    @property
    def changes(self) -> tuple[Change, ...]:
        """What was made or foreseen, in order."""
        return tuple(self._changes)
