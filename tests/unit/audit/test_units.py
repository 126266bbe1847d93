"""The units are what systemd accepts, tightly fenced, and installing them twice is installing them once."""

from __future__ import annotations

import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from tasks.audit.__main__ import main
from tasks.audit.units import NAMES, SERVICE, TIMER, Machine, install, uninstall, units_of
from tasks.model.errors import SettingsError
from tasks.transport.fake import ScriptedShell
from tests.unit.onsite import ROOT

MACHINE = Machine(
    root=ROOT, python=Path(sys.executable), user="root", path="/usr/bin:/bin", writes=(Path("/var/tmp"), Path("/tmp"))
)


def systemctl() -> ScriptedShell:
    """A systemd that agrees."""
    shell = ScriptedShell()
    shell.answer_if(lambda command: command.argv[0] == "systemctl")
    return shell


def test_nothing_is_left_to_fill_in() -> None:
    """Every place has its value; what a blank or a percent sign would break is refused."""
    units = units_of(MACHINE)
    assert "ReadWritePaths=/var/tmp /tmp\n" in units[SERVICE]
    assert f'ExecStart="{sys.executable}" runbooks/nightly_audit.py\n' in units[SERVICE]
    assert not any("@ROOT@" in text or "@STATE@" in text or "@PYTHON@" in text for text in units.values())
    for path in ("/srv/my site", "/srv/100%", '/srv/"x"'):
        with pytest.raises(SettingsError, match="cannot stand in a systemd unit"):
            units_of(replace(MACHINE, python=Path(path)))


def test_installing_twice_changes_nothing(tmp_path: Path) -> None:
    """The second time no unit is written and systemd need not read them again; uninstalling leaves nothing."""
    units, said, shell = units_of(MACHINE), [], systemctl()
    install(units, tmp_path, shell, said.append)
    before = {name: (tmp_path / name).stat().st_ino for name in NAMES}
    again = systemctl()
    install(units, tmp_path, again, said.append)
    assert {name: (tmp_path / name).stat().st_ino for name in NAMES} == before
    assert [command.argv[1] for command in shell.commands] == ["daemon-reload", "enable"]
    assert [command.argv[1] for command in again.commands] == ["enable"]
    assert (tmp_path / SERVICE).stat().st_mode & 0o777 == 0o644
    assert f"wrote {tmp_path / TIMER}" in said
    assert "systemctl enable --now fleetproof-audit.timer" in said
    uninstall(tmp_path, systemctl(), said.append)
    assert list(tmp_path.iterdir()) == []
    uninstall(tmp_path, ScriptedShell(), said.append)
    assert said[-1].startswith("nothing of the audit is in")


def test_the_command_prints_what_it_would_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """For the user that is named; without a state folder it refuses, for root would make a closed one."""
    monkeypatch.setenv("FLEETPROOF_STATE", str(tmp_path))
    assert main(["units", "--user", "somebody"]) == 0
    printed = capsys.readouterr().out
    assert "User=somebody\n" in printed
    assert f"ReadWritePaths={tmp_path}\n" in printed
    monkeypatch.setenv("FLEETPROOF_STATE", str(tmp_path / "none"))
    assert main(["install", "--folder", str(tmp_path)]) == 2
    assert "is not there" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


@pytest.fixture
def files(tmp_path: Path) -> list[str]:
    """The units on disk."""
    for name, text in units_of(MACHINE).items():
        (tmp_path / name).write_text(text)
    return [str(tmp_path / name) for name in NAMES]


def analyze(*words: str) -> str:
    """What systemd's own judge says; it has to agree."""
    found = shutil.which("systemd-analyze")
    if found is None:
        pytest.skip("systemd-analyze is not on the PATH")
    done = subprocess.run([found, *words], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


def test_systemd_accepts_the_units(files: list[str]) -> None:
    """`systemd-analyze verify` has nothing to say of them."""
    assert not [line for line in analyze("verify", *files).splitlines() if "fleetproof" in line]


def test_the_service_is_fenced(files: list[str]) -> None:
    """Its exposure, as systemd rates it, is low."""
    analyze("security", "--offline=true", "--threshold=25", files[0])
