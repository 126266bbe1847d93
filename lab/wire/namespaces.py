"""Network namespaces, each held by a file in the lab's own folder and by nothing else on the host."""

import socket
import subprocess
import threading
from collections.abc import Iterable
from pathlib import Path

from lab import linux


class WireError(OSError):
    """The kernel or `ip` refused a part of the wire; the text carries its own words."""


def create(file: Path) -> None:
    """Make an empty network namespace, its loopback up, held by `file`."""
    file.parent.mkdir(parents=True, exist_ok=True)
    file.touch()
    failure: list[OSError] = []
    maker = threading.Thread(target=_hold_new_network, args=(file, failure))
    maker.start()
    maker.join()
    if failure:
        raise failure[0]
    ip(file, ["link set lo up"])


def _hold_new_network(file: Path, failure: list[OSError]) -> None:
    """A thread of its own: it enters the new namespace and ends there, and the file keeps what it leaves behind."""
    try:
        linux.unshare(linux.Namespace.NET)
        linux.mount("/proc/thread-self/ns/net", file, flags=linux.MountFlag.BIND)
    except OSError as error:
        failure.append(error)


def exists(file: Path) -> bool:
    """Whether the file holds a namespace, and is not just a file."""
    return file.exists() and file.stat().st_dev != file.parent.stat().st_dev


def inhabitants(file: Path) -> frozenset[int]:
    """The processes that live in the namespace; none where there is no namespace."""
    if not exists(file):
        return frozenset()
    inode = file.stat().st_ino
    found = set()
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if (process / "ns" / "net").stat().st_ino == inode:
                found.add(int(process.name))
        except OSError:
            continue  # it has ended meanwhile, or is none of ours
    return frozenset(found)


def delete(file: Path) -> None:
    """Let go of the namespace, if any; the kernel takes its links away once the last process has left."""
    while exists(file):
        linux.unmount(file)
    file.unlink(missing_ok=True)


def ip(namespace: Path, commands: Iterable[str]) -> None:
    """
    Run `ip` commands, one per line and without the word `ip`, in a namespace; one process for all of them.

    Raises:
        WireError: a command was refused; those before it have been done

    """
    with linux.inside_network(namespace):
        done = subprocess.run(
            ["ip", "-batch", "-"], input="\n".join(commands), text=True, capture_output=True, check=False
        )
    if done.returncode != 0:
        raise WireError(f"ip in {namespace.name}: {done.stderr.strip()}")


def delete_link(namespace: Path, name: str) -> None:
    """Take a link away, and with it the other end of a veth; nothing happens where there is none."""
    with linux.inside_network(namespace):
        try:
            socket.if_nametoindex(name)
        except OSError:
            return
    ip(namespace, [f"link delete {name}"])


def set_network_setting(namespace: Path, setting: str, value: str) -> None:
    """Write one of a namespace's own sysctls, `net.ipv4.ip_forward` for instance."""
    with linux.inside_network(namespace):
        Path("/proc/sys", *setting.split(".")).write_text(value)
