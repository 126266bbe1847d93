"""Trying a login again: what is said when the time is over."""

from __future__ import annotations

import pytest

from tasks.model.errors import Unreachable
from tasks.transport.deadline import Deadline
from tasks.transport.handshake import Dropped
from tasks.transport.reach import persist


class Host:
    """Drops the first logins, then lets the time run out."""

    def __init__(self, drops: int) -> None:
        self.deadline = Deadline(60.0)
        self.drops = drops

    def attempt(self) -> None:
        """One login."""
        if self.drops:
            self.drops -= 1
            raise Dropped("cluster-01", "login-dropped", "hung up")
        self.deadline = Deadline(0.0)
        raise Unreachable("cluster-01", "deadline", "key exchange and login did not end")

    @property
    def remaining_s(self) -> float:
        """As a ``Deadline``."""
        return self.deadline.remaining_s

    @property
    def expired(self) -> bool:
        """As a ``Deadline``."""
        return self.deadline.expired


@pytest.mark.parametrize(
    ("drops", "reason", "said"), [(0, "deadline", "did not end"), (2, "login-dropped", "tried 3 times; hung up")]
)
def test_drops_explain_a_login_that_was_too_late(drops: int, reason: str, said: str) -> None:
    """A host that hung up before is not one that is only slow."""
    host = Host(drops)
    with pytest.raises(Unreachable, match=said) as raised:
        persist(host.attempt, host)  # type: ignore[arg-type]
    assert raised.value.reason == reason
