"""What is kept of audits, whatever happens to the process or the file."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from tasks.audit import history as kept
from tasks.audit.comparison import Kind
from tasks.audit.history import HistoryError, open_history
from tasks.audit.outbox import KEPT_WAITING
from tasks.notices import Notices
from tests.unit.audit.nights import DISK, SWAP, Site, audit, disk, good, red
from tests.unit.onsite import ROOT

if TYPE_CHECKING:
    from pathlib import Path

KILLED = """
import os, signal, sys
from pathlib import Path
from tasks.audit.history import open_history
with open_history(Path(sys.argv[1])) as history, history.transaction():
    history._db.execute("DELETE FROM told")
    history._db.execute("INSERT INTO seen SELECT id, 'half', '', '', '', '' FROM runs")
    os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.fixture
def site(tmp_path: Path) -> Site:
    """A site with two audits behind it."""
    one = Site(state=tmp_path / "state")
    one.tell(audit(0, good(SWAP), disk(40.0)))
    one.tell(audit(1, red(SWAP), disk(41.0)))
    return one


def test_an_audit_is_read_back_as_it_was(site: Site) -> None:
    """Rows, numbers, totals, what it changed and what was told."""
    with open_history(site.state) as history:
        first, second = history.recent(7)
        assert [str(look.rows[str(SWAP)].side) for look in (first, second)] == ["good", "red"]
        assert [point.value for point in history.points(str(DISK), "disk.used")] == [40.0, 41.0]
        assert [night.totals["failed"] for night in history.nights(7)] == [0, 1]
        compared = history.comparison(second.run_id)
        assert compared is not None
        assert [(one.kind, one.row) for one in compared.changes] == [(Kind.NEW, str(SWAP))]
        assert compared.before == first.run_id
        assert history.comparison("no such run") is None
        assert str(history.told()[str(SWAP)].side) == "red"


def test_a_write_that_is_killed_leaves_what_was_there(site: Site) -> None:
    """SIGKILL in the middle of a transaction: nothing of it is there afterwards, and nothing is lost."""
    with open_history(site.state) as history:
        before = (history.told(), history.recent(7))
    killed = subprocess.run(
        (sys.executable, "-c", KILLED, str(site.state)),
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        check=False,
    )
    assert killed.returncode == -signal.SIGKILL
    with open_history(site.state) as history:
        assert (history.told(), history.recent(7)) == before


@pytest.mark.parametrize("kind", ["no database", "later"])
def test_a_history_that_cannot_be_read_is_an_error_that_says_what_to_do(kind: str, site: Site) -> None:
    """Never an empty history, which would tell everything as new."""
    path = site.state / "audit" / "history.db"
    if kind == "later":
        with sqlite3.connect(path) as connection:
            connection.execute("PRAGMA user_version = 99")
        connection.close()
    else:
        path.write_bytes(b"this is no database at all, not even a little" * 100)
    with pytest.raises(HistoryError, match=r"history\.db"), open_history(site.state):
        pass


def test_growth_has_a_bound(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Old rows go first, then old audits with their numbers."""
    monkeypatch.setattr(kept, "KEPT_AUDITS", 5)
    monkeypatch.setattr(kept, "KEPT_ROWS", 2)
    site = Site(state=tmp_path)
    for number in range(9):
        site.tell(audit(number, good(SWAP), disk(float(number))))
    with open_history(site.state) as history:
        assert len(history.nights(100)) == 5
        assert [len(look.rows) for look in history.recent(100)] == [0, 0, 0, 2, 2]
        assert [point.value for point in history.points(str(DISK), "disk.used")] == [4.0, 5.0, 6.0, 7.0, 8.0]


def test_messages_that_nobody_takes_do_not_pile_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The newest few wait."""
    monkeypatch.setattr("tasks.audit.channels.PAUSE_S", 0.0)
    site = Site(state=tmp_path, notices=Notices(webhook_url="http://127.0.0.1:9/x"))
    rows = [type(SWAP)(f"host.x{number}", "cluster-01") for number in range(KEPT_WAITING + 3)]
    for number in range(len(rows)):
        site.tell(audit(number, *(red(row) for row in rows[: number + 1])))
    with open_history(site.state) as history:
        assert len(history.outbox.waiting("webhook")) == KEPT_WAITING


def test_two_audits_at_once_wait_for_each_other(site: Site) -> None:
    """A transaction that is open elsewhere is waited for, not overwritten."""
    with open_history(site.state) as one, open_history(site.state) as other, one.transaction():
        other._db.execute("PRAGMA busy_timeout = 50")
        with pytest.raises(sqlite3.OperationalError, match="locked"), other.transaction():
            pass
