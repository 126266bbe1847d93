"""What makes one machine itself: files laid over the shared root before it boots. Pure: values in, files out."""

import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from lab.credentials import ROBOT_USER, Credentials, HostKey
from lab.machine.accounts import Account, with_accounts
from lab.plan import LabPlan, Machine

_PRIVATE, _READABLE = 0o600, 0o644

MASKED_UNITS = (
    # udevd derives one and the same "persistent" MAC for every eth0, and answers to the host's devices
    "systemd-udevd.service",
    "systemd-udevd-kernel.socket",
    "systemd-udevd-control.socket",
    "systemd-udev-trigger.service",
    # these would touch the host: its terminals, disks, crash store, clock, random seed, tracing
    "console-getty.service",
    "getty@tty1.service",
    "fstrim.timer",
    "e2scrub_all.timer",
    "e2scrub_reap.service",
    "systemd-pstore.service",
    "systemd-timesyncd.service",
    "systemd-random-seed.service",
    "sys-kernel-debug.mount",
    "sys-kernel-tracing.mount",
    # these would ask for passwords on the host's terminals, and take of the few watches that all machines share
    "systemd-ask-password-console.path",
    "systemd-ask-password-wall.path",
    # these would load kernel modules
    "run-rpc_pipefs.mount",
    "rpc_pipefs.target",
    "rpc-gssd.service",
    # these would look for the internet
    "apt-daily.timer",
    "apt-daily-upgrade.timer",
)

_SSHD = """\
HostKey /etc/ssh/ssh_host_ed25519_key
HostKey /etc/ssh/ssh_host_ecdsa_key
PasswordAuthentication yes
UseDNS no
"""

_KERNEL_SETTINGS = """\
net.ipv4.ip_forward = 1
net.bridge.bridge-nf-call-iptables = 1
net.bridge.bridge-nf-call-ip6tables = 1
"""

# All machines share the host's clock: chronyd measures it against the gateway (-x) and leaves it alone.
_CHRONY = """\
server {server} iburst minpoll 0 maxpoll 3
driftfile /var/lib/chrony/chrony.drift
"""
_CHRONY_ARGUMENTS = 'DAEMON_OPTS="-x"\n'
_CHRONY_UNIT = "[Unit]\nConditionCapability=\n"

# The machines share one disk: without this a kubelet deletes the imported images as soon as that disk is 85 % full.
_KUBELET = (
    "KUBELET_EXTRA_ARGS="
    "--image-gc-high-threshold=100 --image-gc-low-threshold=99 "
    "--eviction-hard=memory.available<50Mi,nodefs.available<1%,nodefs.inodesFree<1%,imagefs.available<1%\n"
)


@dataclass(frozen=True, slots=True)
class File:
    """A file of the machine; `group` is a numeric id, the owner is always root unless `owner` says otherwise."""

    path: PurePosixPath
    content: str
    mode: int = _READABLE
    owner: int = 0
    group: int = 0


@dataclass(frozen=True, slots=True)
class Link:
    """A symbolic link of the machine."""

    path: PurePosixPath
    target: str


def machine_files(
    plan: LabPlan, machine: Machine, credentials: Credentials, accounts: tuple[Account, ...], root: Path
) -> Iterator[File | Link]:
    """Everything that differs from the root file system at `root`, which is only read."""
    yield from _identity(plan, machine)
    yield from _logins(accounts, credentials.host_keys(machine.name), root)
    yield _file("/etc/sysctl.d/90-kubernetes.conf", _KERNEL_SETTINGS)
    yield _file("/etc/default/kubelet", _KUBELET)
    yield _file("/etc/default/chrony", _CHRONY_ARGUMENTS)
    yield _file("/etc/chrony/chrony.conf", _CHRONY.format(server=plan.gateway.ip))
    yield _file("/etc/systemd/system/chrony.service.d/lab.conf", _CHRONY_UNIT)
    for unit in MASKED_UNITS:
        yield Link(PurePosixPath("/etc/systemd/system", unit), "/dev/null")


def _identity(plan: LabPlan, machine: Machine) -> Iterator[File]:
    name, address = machine.name, machine.address.ip
    yield _file("/etc/hostname", f"{name}\n")
    yield _file("/etc/hosts", f"127.0.0.1 localhost\n{address} {name}.{plan.domain} {name}\n")
    yield _file("/etc/resolv.conf", f"nameserver {plan.gateway.ip}\nsearch {plan.domain}\n")
    yield _file("/etc/machine-id", f"{secrets.token_hex(16)}\n", mode=0o444)
    initiator = f"InitiatorName=iqn.1993-08.org.debian:01:{secrets.token_hex(6)}\n"
    yield _file("/etc/iscsi/initiatorname.iscsi", initiator, mode=_PRIVATE)


def _logins(accounts: tuple[Account, ...], host_keys: tuple[HostKey, ...], root: Path) -> Iterator[File]:
    for path, content, mode, group in with_accounts(root, accounts):
        yield File(PurePosixPath(path), content, mode=mode, group=group)
    for account in accounts:
        home = PurePosixPath("/home", account.name)
        own = {"owner": account.user_id, "group": account.user_id}
        yield File(home / ".ssh" / "authorized_keys", account.authorized_key, mode=_PRIVATE, **own)
    yield _file("/etc/sudoers.d/lab", f"{ROBOT_USER} ALL=(ALL:ALL) NOPASSWD: ALL\n", mode=0o440)
    yield _file("/etc/ssh/sshd_config.d/lab.conf", _SSHD)
    for key in host_keys:
        yield _file(f"/etc/ssh/ssh_host_{key.kind}_key", key.private, mode=_PRIVATE)
        yield _file(f"/etc/ssh/ssh_host_{key.kind}_key.pub", f"{key.public}\n")


def _file(path: str, content: str, mode: int = _READABLE) -> File:
    return File(PurePosixPath(path), content, mode=mode)
