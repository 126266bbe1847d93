"""The LAN's time: chronyd on the gateway tells the host's own clock, and never sets it."""

import socket
from pathlib import Path

from lab import linux, wire
from lab.plan import LabPlan
from lab.services.daemon import Daemon
from lab.state import State

NAME = "clock"
_PORT = 123
_STRATUM = 8
_CLIENT_REQUEST = bytes([0x23]) + bytes(47)  # RFC 5905: version 4, mode 3
_SERVER_MODE = 4


# It wants to write down its process id; the root file system is shared and stays as it is.
_ON_AN_EMPTY_RUN_FOLDER = 'mount -t tmpfs tmpfs "$0/run" && exec chroot "$0" "$@"'


def daemon(plan: LabPlan, root_file_system: Path) -> Daemon:
    """The machines' own chronyd, run over their root file system (-x: it leaves the clock alone)."""
    private_root = ("unshare", "--mount", "/bin/sh", "-c", _ON_AN_EMPTY_RUN_FOLDER, str(root_file_system))
    program = ("/usr/sbin/chronyd", "-d", "-x", "-u", "root")
    directives = (f"local stratum {_STRATUM}", f"allow {plan.lan}", "cmdport 0", "bindcmdaddress /", "pidfile /run/pid")
    return Daemon(name=NAME, network=wire.GATEWAY, argv=(*private_root, *program, *directives))


def answers(plan: LabPlan, state: State) -> bool:
    """Whether it tells the time, asked from the operator's seat."""
    with linux.inside_network(state.network(wire.SEAT)), socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
        client.settimeout(1)
        try:
            client.connect((str(plan.gateway.ip), _PORT))
            client.send(_CLIENT_REQUEST)
            reply = client.recv(128)
        except OSError:
            return False
    return len(reply) >= len(_CLIENT_REQUEST) and reply[0] & 0x07 == _SERVER_MODE
