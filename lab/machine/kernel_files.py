"""
/proc, /sys, /dev, /run and control groups as one machine sees them.

Four machines share one kernel, so what is global to it must not be theirs to change: /proc/sys is read-only but for the
network's part, which every network namespace has for itself. A kubelet insists on writing a few global settings at each
start: for these the machine has files of its own, bound over the kernel's.
"""

import os
import stat
from pathlib import Path

from lab import linux
from lab.cgroups import Group
from lab.linux import MountFlag
from lab.state import MachineFolder

_DEVICES = ("null", "zero", "full", "random", "urandom", "tty", "kmsg", "fuse", "net/tun")
_DEVICE_LINKS = {
    "fd": "/proc/self/fd",
    "stdin": "/proc/self/fd/0",
    "stdout": "/proc/self/fd/1",
    "stderr": "/proc/self/fd/2",
    "ptmx": "pts/ptmx",
}
_TERMINAL_GROUP = 5

# written by every kubelet (its container manager's "kernel tunables"); the values are the ones it wants
_KUBELET_SETTINGS = {
    "vm/overcommit_memory": "1",
    "vm/panic_on_oom": "0",
    "kernel/panic": "10",
    "kernel/panic_on_oops": "1",
    "kernel/keys/root_maxkeys": "1000000",
    "kernel/keys/root_maxbytes": "25000000",
}
NO_SWAP = "Filename\t\t\t\tType\t\tSize\t\tUsed\t\tPriority\n"
PRODUCT_UUID = Path("/sys/class/dmi/id/product_uuid")
"""Shown by a machine, each its own, only where this host's kernel shows one."""


def show_api_file_systems(folder: MachineFolder, group: Group) -> None:
    """Mount the kernel's file systems under the machine's new root; runs in the machine's own namespaces."""
    root = folder.mount_point
    linux.mount("proc", root / "proc", "proc", MountFlag.NO_SUID | MountFlag.NO_DEV | MountFlag.NO_EXEC)
    linux.mount("sysfs", root / "sys", "sysfs", MountFlag.NO_SUID | MountFlag.NO_DEV | MountFlag.NO_EXEC)
    linux.mount("bpf", root / "sys/fs/bpf", "bpf", options="mode=700")
    linux.mount("tmpfs", root / "run", "tmpfs", MountFlag.NO_SUID | MountFlag.NO_DEV, "mode=755")
    _show_devices(root / "dev")
    _show_control_groups(root / "sys/fs/cgroup", group)
    _guard_global_settings(root / "proc", folder)
    _show_product_uuid(root, folder.stand_ins)


def _show_devices(dev: Path) -> None:
    """The few devices that belong to everybody; the host's disks and terminals are not among them."""
    linux.mount("tmpfs", dev, "tmpfs", MountFlag.NO_SUID, "mode=755")
    for name in _DEVICES:
        host = Path("/dev", name)
        if host.exists():
            (dev / name).parent.mkdir(exist_ok=True)
            os.mknod(dev / name, stat.S_IFCHR | 0o666, host.stat().st_rdev)
            (dev / name).chmod(0o666)
    for name, target in _DEVICE_LINKS.items():
        (dev / name).symlink_to(target)
    for name in ("pts", "shm"):
        (dev / name).mkdir()
    options = f"newinstance,ptmxmode=0666,mode=620,gid={_TERMINAL_GROUP}"
    linux.mount("devpts", dev / "pts", "devpts", MountFlag.NO_SUID | MountFlag.NO_EXEC, options)
    linux.mount("tmpfs", dev / "shm", "tmpfs", MountFlag.NO_SUID | MountFlag.NO_DEV, "mode=1777")


def _show_control_groups(target: Path, group: Group) -> None:
    """The same hierarchies as the host's, each rooted at this machine's group (by the control group namespace)."""
    if [hierarchy.kind for hierarchy in group.hierarchies] == ["cgroup2"]:
        linux.mount("cgroup2", target, "cgroup2", MountFlag.NO_SUID | MountFlag.NO_DEV | MountFlag.NO_EXEC)
        return
    linux.mount("tmpfs", target, "tmpfs", MountFlag.NO_SUID | MountFlag.NO_DEV | MountFlag.NO_EXEC, "mode=755")
    for hierarchy in group.hierarchies:
        folder = target / hierarchy.path.name
        folder.mkdir()
        linux.mount(hierarchy.kind, folder, hierarchy.kind, options=hierarchy.options)
        for controller in hierarchy.options.split(",") if "," in hierarchy.options else ():
            if controller != "none" and "=" not in controller:
                (target / controller).symlink_to(folder.name)


def swaps_of(folder: MachineFolder) -> Path:
    """The file that the machine sees as /proc/swaps: the host's swap, if any, is none of its business."""
    return folder.stand_ins / "swaps"


def _guard_global_settings(proc: Path, folder: MachineFolder) -> None:
    stand_ins = folder.stand_ins
    settings = proc / "sys"
    for name, value in _KUBELET_SETTINGS.items():
        _stand_in(stand_ins / name, settings / name, f"{value}\n")
    _stand_in(swaps_of(folder), proc / "swaps", NO_SWAP)
    linux.bind(settings, settings, read_only=True)
    linux.bind(settings / "net", settings / "net")
    linux.mount("none", settings / "net", flags=MountFlag.REMOUNT | MountFlag.BIND)


def _show_product_uuid(root: Path, stand_ins: Path) -> None:
    """Real machines differ in it; where the host's firmware shows none, this kernel cannot show one either."""
    if PRODUCT_UUID.exists():
        shown = root / PRODUCT_UUID.relative_to("/")
        _stand_in(stand_ins / "product_uuid", shown, Path("/proc/sys/kernel/random/uuid").read_text())


def _stand_in(own: Path, shown: Path, content: str) -> None:
    """Show the machine's own file where the kernel has one; what the machine wrote into it survives a reboot."""
    if not shown.exists():
        return
    if not own.exists():
        own.parent.mkdir(parents=True, exist_ok=True)
        own.write_text(content)
    linux.bind(own, shown)
