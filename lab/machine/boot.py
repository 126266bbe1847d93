"""
From a folder to a running systemd: `python -m lab.machine.boot SPEC`, a process of its own that becomes the machine.

It enters the machine's network and control groups, leaves every other namespace for a new one, stacks the root file
system there and hands over to systemd as process 1. All mounts live in the machine's mount namespace: the host's mount
table gains nothing, and the end of process 1 is the end of all of them.
"""

import json
import os
import sys
from dataclasses import asdict, dataclass
from pathlib import Path

from lab import linux
from lab.cgroups import Group, host_hierarchies
from lab.linux import MountFlag, Namespace
from lab.machine.disk import REAL_FOLDERS
from lab.machine.kernel_files import show_api_file_systems
from lab.state import MachineFolder

_ENVIRONMENT = {"container": "lab", "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"}
_INIT = "/lib/systemd/systemd"


@dataclass(frozen=True, slots=True, kw_only=True)
class BootSpec:
    """
    What a boot needs, all paths absolute.

    Attributes:
        root_file_system: the shared, read-only lower layer
        folder: the machine's disk
        network: the file that holds its network namespace
        group: its control group

    """

    name: str
    root_file_system: str
    folder: str
    network: str
    group: str

    def to_json(self) -> str:
        """For the command line: it holds no secret."""
        return json.dumps(asdict(self))


def boot(spec: BootSpec) -> int:
    """
    Start the machine and return its systemd's process id as the host sees it.

    Raises:
        RuntimeError: a step before systemd failed; the text says which

    """
    group = Group(spec.group, host_hierarchies())
    group.create()
    group.adopt(os.getpid())
    linux.join(Path(spec.network), Namespace.NET)
    linux.unshare(Namespace.MOUNT | Namespace.UTS | Namespace.IPC | Namespace.CGROUP | Namespace.PID)
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reader)
        _become_machine(spec, group, writer)
    os.close(writer)
    with os.fdopen(reader) as stream:
        complaint = stream.read()
    if complaint:
        os.waitpid(child, 0)
        raise RuntimeError(complaint)
    return child


def _become_machine(spec: BootSpec, group: Group, complain_to: int) -> None:
    """Never returns: the pipe closes by itself when systemd takes over, and carries the reason when it does not."""
    try:
        os.setsid()
        _keep_only(complain_to)
        linux.set_hostname(spec.name)
        folder = MachineFolder(Path(spec.folder))
        _stack_root(Path(spec.root_file_system), folder)
        show_api_file_systems(folder, group)
        _enter_root(folder.mount_point)
        linux.drop_forever(linux.Capability.SYS_TIME)
        os.execve(_INIT, [_INIT, "--system", "--unit=multi-user.target"], _ENVIRONMENT)  # noqa: S606 - no shell line
    except OSError as error:
        os.write(complain_to, f"{spec.name}: {error.strerror or error}".encode())
    finally:
        os._exit(1)


def _keep_only(descriptor: int) -> None:
    """Hand systemd no pipe of the caller's, and not the lab's lock: it would hold both for as long as it runs."""
    os.dup2(2, 1)
    os.closerange(3, descriptor)
    os.closerange(descriptor + 1, os.sysconf("SC_OPEN_MAX"))


def _stack_root(lower: Path, folder: MachineFolder) -> None:
    root = folder.mount_point
    linux.mount("none", "/", flags=MountFlag.PRIVATE | MountFlag.RECURSIVE)
    linux.mount("overlay", root, "overlay", options=f"lowerdir={lower},upperdir={folder.upper},workdir={folder.work}")
    for name in REAL_FOLDERS:
        linux.bind(folder.real / name, root / "var" / "lib" / name)


def _enter_root(root: Path) -> None:
    os.chdir(root)
    linux.pivot_root(Path(), Path())
    linux.unmount(".")
    os.chdir("/")
    # pods mount things that others must see; without this: "/sys/fs/bpf is not a shared mount"
    linux.mount("none", "/", flags=MountFlag.SHARED | MountFlag.RECURSIVE)


def main() -> int:
    """Boot, print systemd's process id, leave."""
    try:
        print(boot(BootSpec(**json.loads(sys.argv[1]))))
    except (OSError, RuntimeError) as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
