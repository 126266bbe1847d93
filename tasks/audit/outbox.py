"""Messages that wait for their delivery: what a channel refuses tonight is tried again by the next audit."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterator, Sequence

KEPT_WAITING: Final = 10
"""For each channel; one that was away for a month must not drown its readers when it is back."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """A message that has not been delivered yet; ``attempts`` counts the audits that tried."""

    number: int
    content: str
    attempts: int


@contextmanager
def transaction(connection: sqlite3.Connection) -> Iterator[None]:
    """All of a block, or nothing of it."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
    except BaseException:
        connection.execute("ROLLBACK")
        raise
    connection.execute("COMMIT")


class Outbox:
    """The history's table of messages."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._db = connection

    def post(self, run_id: str, channels: Sequence[str], content: str) -> None:
        """Put one message for each channel in; part of a ``transaction``."""
        for channel in channels:
            self._db.execute(
                "INSERT INTO outbox (run, channel, content) SELECT id, ?, ? FROM runs WHERE run_id = ?",
                (channel, content, run_id),
            )
            self._db.execute(
                "DELETE FROM outbox WHERE channel = ? AND delivered = '' AND id NOT IN (SELECT id FROM outbox "
                "WHERE channel = ? AND delivered = '' ORDER BY id DESC LIMIT ?)",
                (channel, channel, KEPT_WAITING),
            )

    def waiting(self, channel: str) -> tuple[Waiting, ...]:
        """What a channel has not delivered yet, oldest first."""
        found = self._db.execute(
            "SELECT id, content, attempts FROM outbox WHERE channel = ? AND delivered = '' ORDER BY id", (channel,)
        )
        return tuple(Waiting(*one) for one in found)

    def settle(self, number: int, error: str) -> None:
        """Note how a delivery went; an empty error is a success."""
        delivered = "" if error else datetime.now(UTC).isoformat()
        with transaction(self._db):
            self._db.execute(
                "UPDATE outbox SET attempts = attempts + 1, error = ?, delivered = ? WHERE id = ?",
                (error, delivered, number),
            )
