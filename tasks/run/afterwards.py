"""What has to be taken back however a run ends: a step that is given up never reaches its own ``finally``."""

from __future__ import annotations

import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

from tasks.model.errors import FleetError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_LOCK = threading.Lock()
_OWED: dict[int, tuple[str, Callable[[], object]]] = {}


@contextmanager
def owing(what: str, pay: Callable[[], object]) -> Iterator[None]:
    """
    Owe something while the block runs; a block that comes to its end, well or badly, has paid itself.

    Arguments:
        what: imperative, for the operator, should it have to be done afterwards
        pay: does it, quickly; may raise ``FleetError``

    """
    key = id(pay)
    with _LOCK:
        _OWED[key] = (what, pay)
    try:
        yield
    finally:
        with _LOCK:
            _OWED.pop(key, None)


def pay_what_is_owed(tell: Callable[[str], None]) -> None:
    """Take back what steps that were left behind still owe; called once, at the end of a run."""
    with _LOCK:
        owed = list(_OWED.values())
        _OWED.clear()
    for what, pay in owed:
        try:
            pay()
            tell(f"the run was cut: {what}: done")
        except FleetError as error:
            tell(f"the run was cut: {what}: failed: {error}")
