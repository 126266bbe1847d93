"""
The operator's seat: any program, run on the lab's network with the lab's DNS and credentials.

The program takes this process's place, so its exit code, its signals and its standard streams are simply its own. It
keeps the caller's folder, files and user; only the network and /etc/resolv.conf are the lab's.
"""

import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NoReturn

from lab import linux, wire
from lab.credentials import Credentials
from lab.linux import MountFlag, Namespace
from lab.privilege import caller
from lab.record import Materials, Record
from lab.state import State

_RESOLV_CONF = Path("/etc/resolv.conf")
_WAIVERS = Path(__file__).with_name("waivers.yaml")
_OWN_CHARTS = Path(__file__).with_name("charts")
_NOT_EXECUTABLE, _NOT_FOUND = 126, 127
# Resolvers that would answer past /etc/resolv.conf, through a socket of the host's.
_HOST_RESOLVERS = (Path("/run/systemd/resolve"), Path("/run/nscd"))


def take_seat_and_run(
    state: State, materials: Materials, argv: Sequence[str], environment: Mapping[str, str]
) -> NoReturn:
    """
    Become the program.

    Arguments:
        materials: what the lab was booted with: tools come first on the PATH, charts after the lab's own
        environment: the caller's

    Raises:
        SystemExit: it cannot be run; 127 where there is no such program and 126 otherwise, as in a shell

    """
    _enter(state)
    _become_caller(environment)
    try:
        os.execvpe(argv[0], list(argv), seat_environment(state, materials, environment))  # noqa: S606 - no shell line
    except OSError as error:
        print(f"{argv[0]}: {error.strerror}", file=sys.stderr)
        sys.exit(_NOT_FOUND if isinstance(error, FileNotFoundError) else _NOT_EXECUTABLE)


def seat_environment(state: State, materials: Materials, environment: Mapping[str, str]) -> dict[str, str]:
    """
    The caller's environment with the lab's credentials, tools and traits, and without proxies: none is in reach.

    What the caller says of state, traits and waivers wins. Without it, the runbooks keep the site's state with the lab,
    so that host keys, kubeconfigs and the journal go when its machines go.
    """
    kept = {name: value for name, value in environment.items() if not name.lower().endswith("_proxy")}
    credentials = Credentials(state.secrets)
    return {
        "FLEETPROOF_STATE": str(_site(state)),
        "FLEETPROOF_CHARTS": os.pathsep.join(map(str, (_OWN_CHARTS, *filter(None, (materials.charts,))))),
        # beside the charts lies what describes the kinds, out of the same modules
        **({"FLEETPROOF_SCHEMAS": str(materials.charts.parent)} if materials.charts else {}),
        "FLEETPROOF_TRAITS": "lab,audit",
        "FLEETPROOF_WAIVERS": str(_WAIVERS),
        **kept,
        **credentials.environment(),
        "FLEETPROOF_LAB": state.instance,
        "FLEETPROOF_FINGERPRINTS": str(credentials.fingerprints_file),
        "FLEETPROOF_SEAT": state.instance,
        "PATH": f"{materials.tools}:{environment.get('PATH', os.defpath)}",
    }


def furnish(record: Record, state: State) -> None:
    """Write the seat's resolver configuration and make room for the site's state, once."""
    _site(state).mkdir(mode=0o700, exist_ok=True)
    if (user := caller()) is not None:
        os.chown(_site(state), *user)
    (state.root / "resolv.conf").write_text(f"nameserver {record.plan.gateway.ip}\nsearch {record.plan.domain}\n")


def _site(state: State) -> Path:
    return state.root / "site"


def _enter(state: State) -> None:
    linux.join(state.network(wire.SEAT), Namespace.NET)
    linux.unshare(Namespace.MOUNT)
    # what the host mounts or unmounts still arrives here; what is mounted here stays here
    linux.mount("none", "/", flags=MountFlag.SLAVE | MountFlag.RECURSIVE)
    hidden = [folder for folder in _HOST_RESOLVERS if folder.is_dir()]
    target = _RESOLV_CONF.resolve()
    for folder in hidden:
        linux.mount("tmpfs", folder, "tmpfs")
    if any(target.is_relative_to(folder) for folder in hidden):
        target.touch()  # in the empty folder that hides the host's, seen from this seat alone
    linux.mount(state.root / "resolv.conf", target, flags=MountFlag.BIND)


def _become_caller(environment: Mapping[str, str]) -> None:
    """Where sudo was needed for the namespaces, the program itself runs as who asked for it."""
    if os.getuid() == 0 and "SUDO_UID" in environment:
        user, group = int(environment["SUDO_UID"]), int(environment["SUDO_GID"])
        os.initgroups(environment["SUDO_USER"], group)
        os.setgid(group)
        os.setuid(user)
