"""One mutating run at a time."""

from __future__ import annotations

import json
import socket
import time
from dataclasses import asdict
from typing import TYPE_CHECKING

import pytest

from tasks.model.errors import Locked
from tasks.run.lock import TTL_S, Owner, hold

if TYPE_CHECKING:
    from pathlib import Path

TOLD: list[str] = []


def owner(*, host: str, age_s: float) -> Owner:
    """Another run's entry, last renewed so long ago."""
    return Owner(
        pid=4711,
        host=host,
        user="operator",
        runbook="full_deploy",
        run_id="20261123T140501Z-1a2b",
        started="2026-11-23T14:05:01+00:00",
        heartbeat=time.time() - age_s,
    )


def held(path: Path, told: list[str]) -> None:
    """Take the lock and let it go."""
    with hold(path, runbook="probe", run_id="r", tell=told.append):
        assert json.loads(path.read_text())["runbook"] == "probe"


def test_the_lock_names_its_owner_and_is_empty_afterwards(tmp_path: Path) -> None:
    """Also where the block ended by an exception, a clean end leaves nothing to take over."""
    path, told = tmp_path / "deep" / "lock", TOLD.copy()
    with pytest.raises(KeyError), hold(path, runbook="probe", run_id="r", tell=told.append):
        raise KeyError
    assert path.read_text() == ""
    held(path, told)
    assert told == []
    assert path.stat().st_mode & 0o777 == 0o600


def test_a_second_run_is_refused_by_name(tmp_path: Path) -> None:
    """The kernel's lock holds between any two open files, also of one process."""
    path = tmp_path / "lock"
    with hold(path, runbook="full_deploy", run_id="r1", tell=TOLD.append), pytest.raises(Locked) as refused:
        held(path, TOLD)
    assert "full_deploy (run r1, pid" in str(refused.value)
    held(path, TOLD)


def test_an_owner_on_another_machine_lives_by_its_heartbeat(tmp_path: Path) -> None:
    """A shared state folder may not carry the kernel's lock; a fresh heartbeat does."""
    path = tmp_path / "lock"
    path.write_text(json.dumps(asdict(owner(host="elsewhere", age_s=TTL_S / 2))))
    with pytest.raises(Locked, match="on elsewhere"):
        held(path, TOLD)


@pytest.mark.parametrize(("host", "age_s"), [("elsewhere", TTL_S * 2), (socket.gethostname(), 0.0)])
def test_a_dead_owner_is_succeeded_and_told(tmp_path: Path, host: str, age_s: float) -> None:
    """Dead is: silent for longer than the TTL elsewhere, or without the kernel's lock here."""
    path, told = tmp_path / "lock", TOLD.copy()
    path.write_text(json.dumps(asdict(owner(host=host, age_s=age_s))))
    held(path, told)
    (said,) = told
    assert "took over the lock of a run that died: full_deploy (run 20261123T140501Z-1a2b, pid 4711" in said


def test_a_mangled_lock_file_is_no_owner(tmp_path: Path) -> None:
    """What cannot be read holds nothing: the kernel's lock is what counts."""
    path = tmp_path / "lock"
    path.write_text('{"pid": 4711, "ho')
    held(path, TOLD)


def test_the_heartbeat_is_renewed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """While the block runs, the entry's time goes on."""
    monkeypatch.setattr("tasks.run.lock.HEARTBEAT_S", 0.01)
    path = tmp_path / "lock"
    with hold(path, runbook="probe", run_id="r", tell=TOLD.append):
        first = json.loads(path.read_text())["heartbeat"]
        deadline = time.monotonic() + 10
        while json.loads(path.read_text())["heartbeat"] == first:
            assert time.monotonic() < deadline
            time.sleep(0.01)
