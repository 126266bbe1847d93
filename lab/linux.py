"""The system calls that Python 3.11 has no name for; each raises `OSError` with what was being done."""

import ctypes
import os
from collections.abc import Iterator
from contextlib import contextmanager
from enum import IntFlag
from pathlib import Path

_LIBC = ctypes.CDLL(None, use_errno=True)
_SYS_PIVOT_ROOT = {"x86_64": 155, "aarch64": 41}
_PR_CAPBSET_DROP = 24
_MNT_DETACH = 2


class Namespace(IntFlag):
    """CLONE_NEW* of <linux/sched.h>."""

    MOUNT = 0x00020000
    CGROUP = 0x02000000
    UTS = 0x04000000
    IPC = 0x08000000
    PID = 0x20000000
    NET = 0x40000000


class MountFlag(IntFlag):
    """MS_* of <linux/mount.h>."""

    NONE = 0
    READ_ONLY = 1
    NO_SUID = 2
    NO_DEV = 4
    NO_EXEC = 8
    REMOUNT = 32
    BIND = 4096
    RECURSIVE = 16384
    PRIVATE = 1 << 18
    SLAVE = 1 << 19
    SHARED = 1 << 20


class Capability(IntFlag):
    """The numbers of <linux/capability.h> that the lab takes away from machines."""

    SYS_TIME = 25


def _checked(status: int, doing: str) -> None:
    if status != 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{doing}: {os.strerror(number)}")


def unshare(kinds: Namespace) -> None:
    """Leave the given namespaces for new ones (`unshare(2)`); for NET, CGROUP, UTS, IPC the calling thread alone."""
    _checked(_LIBC.unshare(ctypes.c_int(int(kinds))), f"unshare({kinds!r})")


def join(namespace: Path, kind: Namespace) -> None:
    """Move the calling thread into the namespace that the file stands for (`setns(2)`)."""
    descriptor = os.open(namespace, os.O_RDONLY | os.O_CLOEXEC)
    try:
        _checked(_LIBC.setns(ctypes.c_int(descriptor), ctypes.c_int(int(kind))), f"setns({namespace})")
    finally:
        os.close(descriptor)


def mount(
    source: str | Path, target: str | Path, kind: str = "", flags: MountFlag = MountFlag.NONE, options: str = ""
) -> None:
    """`mount(2)`; `kind` is the file system's name."""
    status = _LIBC.mount(
        os.fsencode(source),
        os.fsencode(target),
        kind.encode() or None,
        ctypes.c_ulong(int(flags)),
        options.encode() or None,
    )
    _checked(status, f"mount {source} on {target} ({kind or flags.name})")


def bind(source: str | Path, target: str | Path, *, read_only: bool = False) -> None:
    """Show `source` (with what is mounted beneath it) at `target`, made first where it is missing."""
    source, target = Path(source), Path(target)
    if not target.exists():
        target.parent.mkdir(parents=True, exist_ok=True)
        target.mkdir() if source.is_dir() else target.touch()
    mount(source, target, flags=MountFlag.BIND | MountFlag.RECURSIVE)
    if read_only:
        mount("none", target, flags=MountFlag.REMOUNT | MountFlag.BIND | MountFlag.READ_ONLY)


def unmount(target: str | Path) -> None:
    """Take the topmost mount at `target` away, now, even where it is in use (`umount2(2)`, lazily)."""
    _checked(_LIBC.umount2(os.fsencode(target), ctypes.c_int(_MNT_DETACH)), f"umount {target}")


def pivot_root(new_root: Path, put_old: Path) -> None:
    """Make `new_root` the root of this mount namespace and the former root visible at `put_old`."""
    number = ctypes.c_long(_SYS_PIVOT_ROOT[os.uname().machine])
    _checked(_LIBC.syscall(number, os.fsencode(new_root), os.fsencode(put_old)), f"pivot_root({new_root})")


def set_hostname(name: str) -> None:
    """Name this UTS namespace."""
    encoded = name.encode()
    _checked(_LIBC.sethostname(encoded, ctypes.c_size_t(len(encoded))), f"sethostname({name})")


def spare_inotify_instances(wanted: int) -> int:
    """How many more inotify instances this user may have, counted up to `wanted` by opening them for a moment."""
    opened: list[int] = []
    try:
        while len(opened) < wanted and (descriptor := _LIBC.inotify_init1(ctypes.c_int(os.O_CLOEXEC))) >= 0:
            opened.append(descriptor)
    finally:
        for descriptor in opened:
            os.close(descriptor)
    return len(opened)


def drop_forever(capability: Capability) -> None:
    """Take a capability out of the bounding set: no process below this one can ever have it."""
    _checked(_LIBC.prctl(ctypes.c_int(_PR_CAPBSET_DROP), ctypes.c_ulong(int(capability))), f"drop {capability!r}")


@contextmanager
def inside_network(namespace: Path) -> Iterator[None]:
    """
    Run a block in a network namespace: the calling thread alone, and the processes it starts.

    A socket opened within stays in that namespace after the block ends.
    """
    home = Path("/proc/thread-self/ns/net")
    descriptor = os.open(home, os.O_RDONLY | os.O_CLOEXEC)
    try:
        join(namespace, Namespace.NET)
        try:
            yield
        finally:
            _checked(_LIBC.setns(ctypes.c_int(descriptor), ctypes.c_int(int(Namespace.NET))), "setns(home)")
    finally:
        os.close(descriptor)
