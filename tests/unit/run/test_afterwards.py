"""What a step that was given up still owes is taken back at the end of the run."""

from __future__ import annotations

import threading

import pytest

from tasks.model.errors import FleetError
from tasks.run.afterwards import owing, pay_what_is_owed


def test_a_block_that_ends_owes_nothing() -> None:
    """Whether it ends well or badly: its own `finally` has paid."""
    paid: list[str] = []

    def fail() -> None:
        with owing("pay", lambda: paid.append("twice")):
            raise RuntimeError

    with owing("pay", lambda: paid.append("twice")):
        pass
    with pytest.raises(RuntimeError):
        fail()
    pay_what_is_owed(paid.append)
    assert paid == []


def test_what_hangs_is_paid_once_and_told() -> None:
    """A step in a thread that was left behind, and one whose payment fails: the other is paid all the same."""
    told: list[str] = []
    paid: list[str] = []
    inside, out = threading.Event(), threading.Event()

    def refuse() -> None:
        raise FleetError("no way there")

    def hang() -> None:
        with owing("remove this", refuse), owing("remove that", lambda: paid.append("that")):
            inside.set()
            out.wait(30)

    step = threading.Thread(target=hang)
    step.start()
    inside.wait(30)
    pay_what_is_owed(told.append)
    pay_what_is_owed(told.append)
    out.set()
    step.join(30)
    assert paid == ["that"]
    assert told == [
        "the run was cut: remove this: failed: no way there",
        "the run was cut: remove that: done",
    ]
