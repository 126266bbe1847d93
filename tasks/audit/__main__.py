"""
Have systemd run the audit every night, or no longer.

    python -m tasks.audit units        print the units as they would be installed
    python -m tasks.audit install      as root; `make install-audit` does it
    python -m tasks.audit uninstall    as root; history and reports stay
"""

from __future__ import annotations

import argparse
import getpass
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from tasks.audit.units import SYSTEMD, Machine, install, uninstall, units_of
from tasks.model.errors import FleetError, SettingsError
from tasks.settings import ROOT, load_settings
from tasks.transport.local import LocalShell

if TYPE_CHECKING:
    from collections.abc import Sequence


def main(argv: Sequence[str] | None = None) -> int:
    """Print, install or uninstall; returns 0, or 2 where that cannot be."""
    parser = argparse.ArgumentParser(
        prog="python -m tasks.audit", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("command", choices=("units", "install", "uninstall"))
    parser.add_argument("--user", default=os.environ.get("SUDO_USER") or getpass.getuser(), help="who runs the audit")
    parser.add_argument("--folder", type=Path, default=Path(SYSTEMD), help=f"of the units; default: {SYSTEMD}")
    options = parser.parse_args(argv)
    try:
        _do(options.command, options.user, options.folder)
    except (OSError, FleetError) as error:
        print(error, file=sys.stderr)  # noqa: T201  a program speaks
        return 2
    return 0


def _do(command: str, user: str, folder: Path) -> None:
    if command == "uninstall":
        uninstall(folder, LocalShell(), print)
        return
    units = units_of(machine_of(user))
    if command == "install":
        install(units, folder, LocalShell(), print)
    else:
        sys.stdout.writelines(f"# {name}\n{text}\n" for name, text in units.items())


def machine_of(user: str) -> Machine:
    """
    This machine, with the environment that this process runs in.

    Raises:
        SettingsError: there is no state folder yet; made by root, it would be closed to the one who runs the audit

    """
    settings = load_settings()
    if not settings.state.is_dir():
        raise SettingsError(
            f"{settings.state} is not there: run an audit by hand first, or set FLEETPROOF_STATE in .env"
        )
    textfile = settings.notices.textfile
    return Machine(
        root=ROOT,
        python=Path(sys.executable),
        user=user,
        path=os.environ.get("PATH", os.defpath),
        writes=(settings.state, *((textfile,) if textfile else ())),
    )


if __name__ == "__main__":
    raise SystemExit(main())
