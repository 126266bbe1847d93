"""The systemd units of the nightly audit, filled in for this machine; and putting them where systemd finds them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from tasks.deploy.files import read_text
from tasks.model.command import Command
from tasks.model.errors import SettingsError
from tasks.run.files import write_atomically

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from tasks.model.command import Shell

SERVICE: Final = "fleetproof-audit.service"
TIMER: Final = "fleetproof-audit.timer"
NAMES: Final = (SERVICE, TIMER)
SYSTEMD: Final = "/etc/systemd/system"
READABLE: Final = 0o644
_PLACE = re.compile(r"@([A-Z]+)@")


@dataclass(frozen=True, slots=True, kw_only=True)
class Machine:
    """
    What differs from one operator's machine to another.

    Attributes:
        root: the project's folder
        python: the environment's interpreter
        user: whose login, keys and `.env` the audit uses
        path: the PATH on which kubectl, kustomize and helm are found
        writes: folders that the audit may write; its state folder first

    """

    root: Path
    python: Path
    user: str
    path: str
    writes: tuple[Path, ...]


def render(template: str, machine: Machine) -> str:
    """
    Fill in one unit; pure.

    Raises:
        SettingsError: a value that systemd would read as something else

    """
    values = {
        "ROOT": str(machine.root),
        "PYTHON": str(machine.python),
        "USER": machine.user,
        "PATH": machine.path,
        "STATE": str(machine.writes[0]),
        "WRITES": " ".join(map(str, machine.writes)),
    }
    for name, value in values.items():
        if re.search(r'[%"\\\n]', value) or (name != "WRITES" and " " in value) or not value:
            raise SettingsError(f"{value!r} cannot stand in a systemd unit; wanted a path without blanks, % and quotes")
    return _PLACE.sub(lambda place: values[place[1]], template)


def units_of(machine: Machine) -> Mapping[str, str]:
    """Name to text of each unit."""
    folder = machine.root / "runbooks" / "systemd"
    return {name: render((folder / name).read_text(encoding="utf-8"), machine) for name in NAMES}


def install(units: Mapping[str, str], folder: Path, shell: Shell, say: Callable[[str], None]) -> None:
    """
    Write the units that differ and start the timer; doing so twice changes nothing.

    Raises:
        OSError: the folder cannot be written
        CommandFailed: systemd refused

    """
    changed = [name for name, text in units.items() if read_text(folder / name) != text]
    for name in units:
        if name in changed:
            write_atomically(folder / name, units[name], mode=READABLE)
        say(f"{'wrote' if name in changed else 'unchanged:'} {folder / name}")
    if changed:
        _systemctl(shell, say, "daemon-reload")
    _systemctl(shell, say, "enable", "--now", TIMER)


def uninstall(folder: Path, shell: Shell, say: Callable[[str], None]) -> None:
    """Stop the timer and take the units away; history and reports stay."""
    there = [name for name in NAMES if (folder / name).exists()]
    if not there:
        say(f"nothing of the audit is in {folder}")
        return
    _systemctl(shell, say, "disable", "--now", TIMER)
    for name in there:
        (folder / name).unlink()
        say(f"removed {folder / name}")
    _systemctl(shell, say, "daemon-reload")


def _systemctl(shell: Shell, say: Callable[[str], None], *words: str) -> None:
    command = Command(argv=("systemctl", *words), mutates=True)
    say(str(command))
    shell.run(command).must_succeed()
