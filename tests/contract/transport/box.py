"""
A real OpenSSH server with real accounts and a real sudo, on a high port of the loopback interface.

It runs in a mount namespace and a chroot of its own: an overlay over this machine's root, into which the packages are
unpacked where the machine has none. Nothing is installed, and nothing is left when the process ends.
"""

from __future__ import annotations

import os
import secrets
import shutil
import socket
import subprocess
import time
from dataclasses import dataclass, field
from pathlib import Path

PACKAGES = ("openssh-server", "libwrap0", "sudo")
ACCOUNTS = ("free", "asks", "none")
"""Accounts by what sudo does for them: no password wanted, password wanted, refused."""

_INSIDE = """
set -eu
mount -t tmpfs -o size=256m none "$BOX"
mkdir "$BOX/up" "$BOX/work" "$BOX/root"
cp -a "$PACKAGES"/. "$BOX/up/"
mount -t overlay overlay -o "lowerdir=/,upperdir=$BOX/up,workdir=$BOX/work" "$BOX/root"
cd "$BOX/root"
mount -t proc none proc; mount --rbind /dev dev; mount -t tmpfs none run; mount -t tmpfs none tmp
mkdir -p run/sshd box; cp "$SETUP"/* box/
exec chroot . /bin/sh -eu /box/setup.sh
"""

_SETUP = """
export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
id sshd >/dev/null 2>&1 || useradd --system --home-dir /run/sshd --shell /usr/sbin/nologin sshd
for user in free asks none; do
  useradd --create-home --shell /bin/bash "$user"
  mkdir "/home/$user/.ssh"; cp /box/authorized_keys "/home/$user/.ssh/"
  chown -R "$user" "/home/$user/.ssh"; chmod 700 "/home/$user/.ssh"; chmod 600 "/home/$user/.ssh/authorized_keys"
done
chpasswd -c SHA512 < /box/passwords
cp /box/sudoers /etc/sudoers; chmod 440 /etc/sudoers; chown root:root /etc/sudoers
chmod 600 /box/host_*
exec /usr/sbin/sshd -D -e -f /box/sshd_config
"""

_SUDOERS = """
Defaults lecture=once
root ALL=(ALL:ALL) ALL
free ALL=(ALL:ALL) NOPASSWD: ALL
asks ALL=(ALL:ALL) ALL
"""

_CONFIG = """
Port {port}
ListenAddress 127.0.0.1
PidFile none
UsePAM no
UseDNS no
StrictModes no
PasswordAuthentication yes
LogLevel DEBUG1
"""


def why_not() -> str:
    """Why no box can run here; empty where it can."""
    if os.geteuid() != 0:
        return "a real sshd with accounts of its own needs root"
    if subprocess.run(("unshare", "--mount", "--pid", "--fork", "true"), capture_output=True, check=False).returncode:
        return "a real sshd is kept in namespaces of its own, and this host gives none"
    if not (_installed() or shutil.which("apt-get")):
        return "no sshd here, and no apt-get to fetch openssh-server with"
    return ""


def _installed() -> bool:
    return Path("/usr/sbin/sshd").exists() and Path("/usr/bin/sudo").exists()


def packages() -> Path:
    """The unpacked Debian packages, fetched once; an empty folder where the machine has them installed."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "fleetproof-tests" / "sshd-box"
    if not (cache / "complete").exists():
        shutil.rmtree(cache, ignore_errors=True)
        (cache / "root").mkdir(parents=True)
        if not _installed():
            _fetch(cache)
        (cache / "complete").touch()
    return cache / "root"


def _fetch(cache: Path) -> None:
    download = ("apt-get", "-q", "download", *PACKAGES)
    if subprocess.run(download, cwd=cache, capture_output=True, check=False).returncode:
        # a fresh machine has no list of packages yet
        subprocess.run(("apt-get", "-q", "update"), check=True, capture_output=True)
        subprocess.run(download, cwd=cache, check=True, capture_output=True)
    for package in cache.glob("*.deb"):
        subprocess.run(("dpkg-deb", "-x", package, cache / "root"), check=True)
    # only units of systemd; as a folder it would hide the machine's /lib, a link to /usr/lib
    shutil.rmtree(cache / "root" / "lib", ignore_errors=True)


KINDS = ("ed25519", "ecdsa", "rsa")


def keygen(path: Path, kind: str = "ed25519") -> Path:
    """Make a key pair without passphrase; the public half lies beside it as ``.pub``."""
    size = ("-b", "2048") if kind == "rsa" else ()
    subprocess.run(("ssh-keygen", "-q", "-N", "", "-t", kind, *size, "-f", path), check=True)
    return path


@dataclass
class Box:
    """
    One running server.

    Attributes:
        port: on 127.0.0.1
        password: of every account
        keys: private client keys that every account lets in, by kind
        host_keys: public host keys as ``keytype base64``
        known_hosts: a file in which all of them are enrolled
        log: the server's own log file

    """

    port: int
    password: str = field(repr=False)
    keys: dict[str, Path]
    host_keys: tuple[str, ...]
    known_hosts: Path
    log: Path
    process: subprocess.Popen[bytes]

    def enrol(self, known_hosts: Path, *keytypes: str) -> Path:
        """Write what ``runbooks/enrol.py`` would, cut to some key types where any are named."""
        chosen = [key for key in self.host_keys if not keytypes or key.split()[0] in keytypes]
        known_hosts.write_text("".join(f"[127.0.0.1]:{self.port} {key}\n" for key in chosen))
        return known_hosts

    def stop(self) -> None:
        """End the server and everything in its namespaces."""
        self.process.kill()
        self.process.wait()


def start(
    folder: Path,
    keys: dict[str, Path],
    *,
    config: str = "",
    sudoers: str = "",
    host_kinds: tuple[str, ...] = ("ed25519",),
) -> Box:
    """Start a server that lets ``keys`` in; ``config`` and ``sudoers`` are further lines of sshd_config and sudoers."""
    folder.mkdir(parents=True, exist_ok=True)
    setup, box = folder / "setup", folder / "box"
    setup.mkdir()
    box.mkdir()
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    host = {kind: keygen(setup / f"host_{kind}", kind) for kind in host_kinds}
    password = secrets.token_urlsafe(12)
    (setup / "authorized_keys").write_text("".join(Path(f"{key}.pub").read_text() for key in keys.values()))
    (setup / "passwords").write_text("".join(f"{account}:{password}\n" for account in ACCOUNTS))
    (setup / "sudoers").write_text(_SUDOERS + sudoers)
    (setup / "setup.sh").write_text(_SETUP)
    named = "".join(f"HostKey /box/host_{kind}\n" for kind in host)
    (setup / "sshd_config").write_text(config + _CONFIG.format(port=port) + named)
    log = folder / "sshd.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            ("unshare", "--mount", "--pid", "--fork", "--kill-child", "/bin/sh", "-c", _INSIDE),
            env={**os.environ, "BOX": str(box), "SETUP": str(setup), "PACKAGES": str(packages())},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    public = tuple(" ".join(Path(f"{key}.pub").read_text().split()[:2]) for key in host.values())
    running = Box(
        port=port,
        password=password,
        keys=keys,
        host_keys=public,
        known_hosts=folder / "known_hosts",
        log=log,
        process=process,
    )
    running.enrol(running.known_hosts)
    _wait_for(running)
    return running


def _wait_for(box: Box) -> None:
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline and box.process.poll() is None:
        if "Server listening" in box.log.read_text(errors="replace"):
            return
        time.sleep(0.02)
    box.stop()
    raise RuntimeError(f"sshd did not come up:\n{box.log.read_text(errors='replace')}")
