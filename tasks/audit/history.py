"""What earlier audits found, in SQLite: a write that is killed leaves the state before it, and growth has a bound."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing, contextmanager
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Final

from tasks.audit.comparison import Change, Comparison, Kind, Told
from tasks.audit.look import Look, Seen, Side
from tasks.audit.outbox import Outbox, transaction
from tasks.audit.trend import Point
from tasks.model.errors import FleetError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from tasks.reports.report import Report

SCHEMA: Final = 1
KEPT_AUDITS: Final = 400
"""A year and a month: totals, numbers and messages of that many audits."""
KEPT_ROWS: Final = 60
"""Rows, which weigh most, of that many: what flaps is seen within a week."""
BUSY_S: Final = 10.0

_TABLES = """
CREATE TABLE runs (id INTEGER PRIMARY KEY, run_id TEXT NOT NULL UNIQUE, started TEXT NOT NULL, duration_s REAL NOT NULL,
  exit_code INTEGER NOT NULL, headline TEXT NOT NULL, totals TEXT NOT NULL, before TEXT NOT NULL,
  changes TEXT NOT NULL);
CREATE TABLE seen (run INTEGER NOT NULL REFERENCES runs (id) ON DELETE CASCADE, row TEXT NOT NULL, side TEXT NOT NULL,
  verdict TEXT NOT NULL, said TEXT NOT NULL, cause TEXT NOT NULL, PRIMARY KEY (run, row)) WITHOUT ROWID;
CREATE TABLE measures (run INTEGER NOT NULL REFERENCES runs (id) ON DELETE CASCADE, row TEXT NOT NULL,
  name TEXT NOT NULL, value REAL NOT NULL, unit TEXT NOT NULL, PRIMARY KEY (row, name, run)) WITHOUT ROWID;
CREATE TABLE told (row TEXT PRIMARY KEY, side TEXT NOT NULL, gist TEXT NOT NULL, since TEXT NOT NULL,
  flapping INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE outbox (id INTEGER PRIMARY KEY, run INTEGER NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
  channel TEXT NOT NULL, content TEXT NOT NULL, attempts INTEGER NOT NULL DEFAULT 0, error TEXT NOT NULL DEFAULT '',
  delivered TEXT NOT NULL DEFAULT '');
"""


class HistoryError(FleetError):
    """The history cannot be read or written; says what to do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Night:
    """One audit in the chart of all: its totals by verdict, under the report's own names."""

    run_id: str
    started: datetime
    duration_s: float
    exit_code: int
    totals: Mapping[str, int]


@contextmanager
def open_history(state: Path) -> Iterator[History]:
    """
    Open, and where there is none make, the history of a site: ``audit/history.db`` of its state folder.

    Raises:
        HistoryError: it is no history, or of a later version, or the disk refuses

    """
    path = state / "audit" / "history.db"
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        # autocommit, so that every transaction begins and ends where it is written here
        with closing(sqlite3.connect(path, timeout=BUSY_S, isolation_level=None)) as connection:
            _prepare(connection, path)
            yield History(connection)
    except (OSError, sqlite3.Error) as error:
        raise HistoryError(f"{path}: {error}; if it is damaged: mv {path} {path}.broken, and begin anew") from error


def _prepare(connection: sqlite3.Connection, path: Path) -> None:
    connection.execute("PRAGMA foreign_keys = ON")
    connection.execute("PRAGMA synchronous = FULL")
    with transaction(connection):
        (version,) = connection.execute("PRAGMA user_version").fetchone()
        if version == 0:
            for statement in _TABLES.split(";\n"):
                connection.execute(statement)
            connection.execute(f"PRAGMA user_version = {SCHEMA}")
        elif version != SCHEMA:
            raise HistoryError(f"{path} has schema {version}, this version reads {SCHEMA}; update, or move it away")


class History:
    """An open history."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._db = connection
        self.outbox = Outbox(connection)

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All of a block, or nothing of it."""
        with transaction(self._db):
            yield

    def recent(self, number: int) -> tuple[Look, ...]:
        """The last ``number`` audits, oldest first."""
        runs = self._db.execute("SELECT id, run_id FROM runs ORDER BY id DESC LIMIT ?", (number,)).fetchall()
        return tuple(Look(run_id=name, rows=self._rows(run)) for run, name in reversed(runs))

    def _rows(self, run: int) -> dict[str, Seen]:
        found = self._db.execute("SELECT row, side, verdict, said, cause FROM seen WHERE run = ?", (run,))
        return {
            row: Seen(side=Side(side), verdict=verdict, said=said, cause=cause)
            for row, side, verdict, said, cause in found
        }

    def told(self) -> dict[str, Told]:
        """What operators believe of every row."""
        found = self._db.execute("SELECT row, side, gist, since, flapping FROM told")
        return {
            row: Told(side=Side(side), gist=gist, since=since, flapping=bool(flapping))
            for row, side, gist, since, flapping in found
        }

    def points(self, row: str, measure: str) -> tuple[Point, ...]:
        """A number's course, oldest first."""
        found = self._db.execute(
            "SELECT started, value FROM measures JOIN runs ON runs.id = run WHERE row = ? AND name = ? ORDER BY run",
            (row, measure),
        )
        return tuple(Point(datetime.fromisoformat(started), value) for started, value in found)

    def series(self) -> tuple[tuple[str, str, str], ...]:
        """Row, measure and unit of every number there is."""
        return tuple(self._db.execute("SELECT DISTINCT row, name, unit FROM measures ORDER BY name, row"))

    def nights(self, number: int) -> tuple[Night, ...]:
        """The last ``number`` audits, oldest first."""
        found = self._db.execute(
            "SELECT run_id, started, duration_s, exit_code, totals FROM runs ORDER BY id DESC LIMIT ?", (number,)
        ).fetchall()
        return tuple(
            Night(
                run_id=run_id,
                started=datetime.fromisoformat(started),
                duration_s=duration_s,
                exit_code=exit_code,
                totals=json.loads(totals),
            )
            for run_id, started, duration_s, exit_code, totals in reversed(found)
        )

    def comparison(self, run_id: str) -> Comparison | None:
        """What an audit was found to change; None where it was not compared."""
        found = self._db.execute("SELECT before, changes FROM runs WHERE run_id = ?", (run_id,)).fetchone()
        if found is None:
            return None
        changes = (Change(**{**one, "kind": Kind(one["kind"])}) for one in json.loads(found[1]))
        return Comparison(before=found[0], changes=tuple(changes), told={})

    def add(self, report: Report, look: Look, comparison: Comparison) -> None:
        """Keep an audit; part of a ``transaction``."""
        run = self._db.execute(
            "INSERT INTO runs (run_id, started, duration_s, exit_code, headline, totals, before, changes) "
            "VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            (
                look.run_id,
                report.started.isoformat(),
                report.duration_s,
                report.exit_code,
                report.headline,
                json.dumps(asdict(report.totals)),
                comparison.before,
                json.dumps([asdict(change) for change in comparison.changes]),
            ),
        ).lastrowid
        rows = ((run, row, str(one.side), one.verdict, one.said, one.cause) for row, one in look.rows.items())
        self._db.executemany("INSERT INTO seen VALUES (?, ?, ?, ?, ?, ?)", rows)
        numbers = ((run, str(it.row), one.name, one.value, one.unit) for it in report.findings for one in it.measured)
        self._db.executemany("INSERT INTO measures VALUES (?, ?, ?, ?, ?)", numbers)
        self._db.execute("DELETE FROM told")
        told = ((row, str(it.side), it.gist, it.since, it.flapping) for row, it in comparison.told.items())
        self._db.executemany("INSERT INTO told VALUES (?, ?, ?, ?, ?)", told)
        self._forget()

    def _forget(self) -> None:
        oldest = "(SELECT min(id) FROM (SELECT id FROM runs ORDER BY id DESC LIMIT ?))"
        self._db.execute(f"DELETE FROM runs WHERE id < {oldest}", (KEPT_AUDITS,))  # noqa: S608  a constant
        self._db.execute(f"DELETE FROM seen WHERE run < {oldest}", (KEPT_ROWS,))  # noqa: S608  as above
