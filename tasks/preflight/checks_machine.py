"""Judge whether the machine is of a kind and size that a cluster with monitoring and storage can live on."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from tasks.model.finding import Measure
from tasks.preflight import limits, wanted
from tasks.preflight.judge import HostCheck, Judgement, Wish, bad, fair, good, known
from tasks.preflight.releases import OLDEST, release
from tasks.preflight.remedies import mend

if TYPE_CHECKING:
    from collections.abc import Callable

    from tasks.preflight.host_facts import HostFacts
    from tasks.preflight.values import Disk
    from tasks.preflight.wanted import Room


def privileged(facts: HostFacts, _: Wish) -> Judgement:
    """Everything later runs as root."""
    uid = known(facts.capacity).uid
    if uid == 0:
        return good("commands run as root")
    return bad(f"commands run as uid {uid}", mend("sudo id -u", "access"))


def operating_system(facts: HostFacts, _: Wish) -> Judgement:
    """Ubuntu 22.04+ or RHEL 8+ by the specification."""
    system = known(facts.system)
    oldest = OLDEST.get(system.os_id)
    remedy = mend("cat /etc/os-release", "machine")
    if oldest is None:
        return fair(f"{system.os_name or system.os_id or 'an unnamed system'}: nobody has tried this one", remedy)
    if release(system) < oldest:
        return bad(f"{system.os_name} is older than {oldest[0]}.{oldest[1]:02}", remedy)
    return good(system.os_name)


def cpus(facts: HostFacts, _: Wish) -> Judgement:
    """As kubeadm counts them: those that a process may run on."""
    count = known(facts.capacity).cpus
    remedy = mend("nproc", "machine")
    if count < limits.CPUS_NEEDED:
        return bad(f"{count} CPU; kubeadm refuses fewer than {limits.CPUS_NEEDED}", remedy)
    if count < limits.CPUS_RECOMMENDED:
        return fair(f"{count} CPUs; monitoring and storage want {limits.CPUS_RECOMMENDED}", remedy)
    return good(f"{count} CPUs")


def memory(facts: HostFacts, _: Wish) -> Judgement:
    """MemTotal, as kubeadm reads it."""
    size = known(facts.capacity).memory_mib
    remedy = mend("free -m", "machine")
    if size < limits.MEMORY_NEEDED_MIB:
        return bad(f"{size} MiB; kubeadm refuses less than {limits.MEMORY_NEEDED_MIB}", remedy)
    if size < limits.MEMORY_RECOMMENDED_MIB:
        return fair(f"{size} MiB; monitoring and storage want 16 GB", remedy)
    return good(f"{size} MiB")


def room(wish: Room) -> Callable[[HostFacts, Wish], Judgement]:
    """Build the check that a path has space, inodes and a file system that carries what will lie there."""

    def judge(facts: HostFacts, _: Wish) -> Judgement:
        disk = known(facts.disks)[wish.path]
        used = Measure(name="disk.used", value=100 * (1 - disk.available / max(disk.total, 1)), unit="%")
        return replace(_room(wish, disk), measured=(used,))

    return judge


def _room(wish: Room, disk: Disk) -> Judgement:
    free, remedy = disk.available / limits.GIB, mend(f"df -h {disk.at}; df -i {disk.at}", "disks")
    seen = f"{free:.1f} GiB free of {disk.total / limits.GIB:.1f} ({disk.filesystem}, {disk.at})"
    if disk.filesystem == "overlayfs" and wish.path == "/var/lib/containerd":
        return bad(f"{seen}: containerd's snapshots cannot lie on an overlay", remedy)
    if disk.inodes and disk.inodes_free * 100 < disk.inodes * limits.INODES_FREE_PERCENT:
        return bad(f"{disk.inodes_free} of {disk.inodes} inodes free: pods would be evicted", remedy)
    if free < wish.needed:
        return bad(f"{seen}, less than {wish.needed} GiB", remedy)
    return fair(f"{seen}, less than {wish.recommended} GiB", remedy) if free < wish.recommended else good(seen)


def swap(facts: HostFacts, _: Wish) -> Judgement:
    """The kubelet refuses to start with swap on, compressed memory included."""
    areas = known(facts.swaps)
    if not areas:
        return good("none")
    named = ", ".join(f"{area.device} ({area.size_kib // 1024} MiB)" for area in areas)
    off = "sudo swapoff -a && sudo sed -i '/\\sswap\\s/s/^/#/' /etc/fstab"
    if any(area.device.startswith("/dev/zram") for area in areas):
        off += " && sudo touch /etc/systemd/zram-generator.conf"
    return bad(f"{named} in use; the kubelet would not start", mend(off, "swap"))


CHECKS = (
    HostCheck("host.root", privileged, "root through sudo", "sudo id -u"),
    HostCheck("host.os", operating_system, "Ubuntu 22.04+, Debian 12+, RHEL 8.6+", "cat /etc/os-release"),
    HostCheck("host.cpu", cpus, f"{limits.CPUS_RECOMMENDED} CPUs or more", "nproc"),
    HostCheck("host.memory", memory, "16 GB or more", "free -m"),
    *(
        HostCheck(
            f"host.disk.{one.path.rpartition('/')[2]}",
            room(one),
            f"{one.recommended} GiB: {one.why}",
            f"df -h {one.path}",
        )
        for one in wanted.DISKS
    ),
    HostCheck("host.swap", swap, "no swap", "cat /proc/swaps"),
)
