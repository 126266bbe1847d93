"""
A client over libssh2, a thread per worker: log in, run one script as root, keep what it prints.

usage: libssh2.py SCRIPT FOLDER KNOWN_HOSTS KEY USER WORKERS HOST=ADDRESS...
Prints ``retries N``: how often a server dropped a login that was tried again.
"""

from __future__ import annotations

import random
import socket
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from ssh2.exceptions import SSH2Error
from ssh2.knownhost import (
    LIBSSH2_KNOWNHOST_KEY_ECDSA_256,
    LIBSSH2_KNOWNHOST_KEY_ED25519,
    LIBSSH2_KNOWNHOST_KEYENC_RAW,
    LIBSSH2_KNOWNHOST_TYPE_PLAIN,
)
from ssh2.session import LIBSSH2_HOSTKEY_TYPE_ECDSA_256, LIBSSH2_HOSTKEY_TYPE_ED25519, Session

_KEY_KINDS = {
    LIBSSH2_HOSTKEY_TYPE_ED25519: LIBSSH2_KNOWNHOST_KEY_ED25519,
    LIBSSH2_HOSTKEY_TYPE_ECDSA_256: LIBSSH2_KNOWNHOST_KEY_ECDSA_256,
}
_DEADLINE_S = 60.0
_PAUSES_S = (0.1, 2.0)


def shake_hands(address: str) -> Session:
    """A session with the keys exchanged; nothing has been offered yet."""
    sock = socket.create_connection((address, 22), timeout=_DEADLINE_S)
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    sock.settimeout(None)
    session = Session()
    session.handshake(sock)
    return session


def verify(session: Session, known_hosts: str, address: str) -> None:
    """Raise where the server's key is not the known one."""
    known = session.knownhost_init()
    known.readfile(known_hosts)
    key, kind = session.hostkey()
    known.checkp(
        address.encode(), 22, key, LIBSSH2_KNOWNHOST_TYPE_PLAIN | LIBSSH2_KNOWNHOST_KEYENC_RAW | _KEY_KINDS[kind]
    )


def connect(address: str) -> tuple[Session, int]:
    """A session and the number of drops before it."""
    ends_at, pause_s, retries = time.monotonic() + _DEADLINE_S, _PAUSES_S[0], 0
    while True:
        try:
            return shake_hands(address), retries
        except (SSH2Error, OSError):
            if time.monotonic() > ends_at:
                raise
            time.sleep(pause_s * random.uniform(0.5, 1.5))  # noqa: S311  spreads retries, guards nothing
            pause_s, retries = min(2 * pause_s, _PAUSES_S[1]), retries + 1


def ask(address: str, script: bytes, known_hosts: str, key: str, user: str) -> tuple[bytes, int]:
    """What the script printed, and the number of retries."""
    session, retries = connect(address)
    verify(session, known_hosts, address)
    session.userauth_publickey_fromfile(user, key)
    channel = session.open_session()
    channel.execute("sudo -n /bin/sh -s")
    channel.write(script)
    channel.send_eof()
    chunks = []
    size, chunk = channel.read(1 << 15)
    while size > 0:
        chunks.append(chunk)
        size, chunk = channel.read(1 << 15)
    channel.wait_eof()
    channel.close()
    channel.wait_closed()
    if channel.get_exit_status() != 0:
        raise RuntimeError(f"{address}: the script ended with {channel.get_exit_status()}")
    session.disconnect()
    return b"".join(chunks), retries


def main() -> int:
    """Exit code 1 where a host was not reached."""
    script_file, folder, known_hosts, key, user, workers, *hosts = sys.argv[1:]
    script = Path(script_file).read_bytes()

    def work(host: str) -> int:
        name, _, address = host.partition("=")
        try:
            output, retries = ask(address, script, known_hosts, key, user)
        except (SSH2Error, OSError, RuntimeError) as error:
            print(f"{host}: {error!r}", file=sys.stderr)
            return -1
        Path(folder, name).write_bytes(output)
        return retries

    with ThreadPoolExecutor(int(workers)) as pool:
        retries = list(pool.map(work, hosts))
    print("retries", sum(count for count in retries if count > 0))
    return 1 if -1 in retries else 0


if __name__ == "__main__":
    sys.exit(main())
