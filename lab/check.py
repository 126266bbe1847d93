"""Can this host carry the lab? Obstacles are found by trying, in namespaces that vanish; each has name and remedy."""

import os
import platform
import shutil
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from lab import linux
from lab.cgroups import host_hierarchies, missing_controllers
from lab.machine.power import PoweredMachine
from lab.plan import LabPlan
from lab.state import State

_GIB = 1 << 30
_MEMORY_PER_MACHINE = 1.1 * _GIB  # measured: one cluster, its load included
_DISK_PER_MACHINE = 1.5 * _GIB
_WATCHES_PER_MACHINE = 29  # measured: kubelet 7, controller manager 7, API server 6, Cilium 3, systemd and others 6
_DISK_FOR_STORE = 1 * _GIB
_PROGRAMS = {
    "ip": "iproute2",
    "tc": "iproute2",
    "nsenter": "util-linux",
    "unshare": "util-linux",
    "cp": "coreutils",
    "chroot": "coreutils",
}
_PROBE_DEADLINE_S = 20


@dataclass(frozen=True, slots=True)
class Obstacle:
    """
    One thing that keeps the lab from running here.

    Attributes:
        missing: its name
        observed: what was seen
        remedy: what to do, a command where there is one

    """

    missing: str
    observed: str
    remedy: str

    def __str__(self) -> str:
        return f"{self.missing}: {self.observed}; {self.remedy}"


def obstacles(plan: LabPlan, state: State) -> tuple[Obstacle, ...]:
    """Everything that is missing for this plan, in the order in which to mend it; empty where the lab can run."""
    return tuple(obstacle for check in _CHECKS for obstacle in check(plan, state))


def _rights(_plan: LabPlan, _state: State) -> Iterator[Obstacle]:
    if os.geteuid() != 0:
        yield Obstacle("root", f"running as user {os.geteuid()}", "run it as root or through sudo")


def _system(_plan: LabPlan, _state: State) -> Iterator[Obstacle]:
    if platform.system() != "Linux" or platform.machine() not in {"x86_64", "aarch64"}:
        yield Obstacle(
            "Linux", f"this is {platform.system()} on {platform.machine()}", "use Linux on x86_64 or aarch64"
        )


def _programs(_plan: LabPlan, _state: State) -> Iterator[Obstacle]:
    for program, package in _PROGRAMS.items():
        if shutil.which(program) is None:
            yield Obstacle(f"program {program}", "not on the PATH", f"apt-get install {package}")


def _namespaces(_plan: LabPlan, _state: State) -> Iterator[Obstacle]:
    refusal = _refusal(["unshare", "--mount", "--uts", "--ipc", "--net", "--pid", "--cgroup", "--fork", "true"])
    if refusal:
        yield Obstacle("namespaces", refusal, "run on a host, or in a container started with --privileged")


def _links(_plan: LabPlan, _state: State) -> Iterator[Obstacle]:
    for kind in ("bridge", "veth"):
        refusal = _refusal(["unshare", "--net", "ip", "link", "add", "probe", "type", kind])
        if refusal:
            yield Obstacle(f"links of type {kind}", refusal, f"modprobe {kind}")


def _bpf(_plan: LabPlan, _state: State) -> Iterator[Obstacle]:
    refusal = _refusal(["unshare", "--mount", "mount", "-t", "bpf", "bpf", "/sys/fs/bpf"])
    if refusal:
        yield Obstacle("bpf file system", refusal, "use a kernel with CONFIG_BPF_SYSCALL")


def _overlay(_plan: LabPlan, state: State) -> Iterator[Obstacle]:
    home = _existing(state.root)
    if set(str(state.root)) & set(",: \\"):
        yield Obstacle("plain path", f"{state.root} has a comma, colon, space or backslash", "set XDG_STATE_HOME")
        return
    folder = home / f".{state.title}-probe"
    shutil.rmtree(folder, ignore_errors=True)  # a check that was killed may have left it
    try:
        layers = {name: folder / name for name in ("lower", "upper", "work", "root")}
        for path in layers.values():
            path.mkdir(parents=True)
        options = f"lowerdir={layers['lower']},upperdir={layers['upper']},workdir={layers['work']}"
        argv = ["unshare", "--mount", "mount", "-t", "overlay", "overlay", "-o", options, str(layers["root"])]
        refusal = _refusal(argv)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    if refusal:
        remedy = "modprobe overlay; if the folder is on an overlay itself, set XDG_STATE_HOME to a disk"
        yield Obstacle(f"overlay file system under {home}", refusal, remedy)


def _control_groups(_plan: LabPlan, _state: State) -> Iterator[Obstacle]:
    hierarchies = host_hierarchies()
    absent = ", ".join(missing_controllers(hierarchies)) if hierarchies else "all"
    if absent:
        yield Obstacle(
            "control groups",
            f"no new group would have: {absent}",
            "run on a host, or in a container whose root group is empty",
        )
    elif any(not os.access(hierarchy.path, os.W_OK) for hierarchy in hierarchies):
        yield Obstacle(
            "control groups", "mounted read-only", "run on a host, or in a container started with --privileged"
        )


def _memory(plan: LabPlan, state: State) -> Iterator[Obstacle]:
    fields = dict(line.split(":") for line in Path("/proc/meminfo").read_text().splitlines())
    available = int(fields["MemAvailable"].split()[0]) * 1024
    wanted = _MEMORY_PER_MACHINE * _still_off(plan, state)
    if available < wanted:
        remedy = f"boot fewer: --machines {plan.machines[0].name}"
        yield Obstacle("memory", f"{available / _GIB:.1f} GiB available, {wanted / _GIB:.1f} wanted", remedy)


def _watches(plan: LabPlan, state: State) -> Iterator[Obstacle]:
    """Without these, kubelets end with "inotify_init: too many open files" long after the lab came up."""
    wanted = _WATCHES_PER_MACHINE * _still_off(plan, state)
    spare = linux.spare_inotify_instances(wanted)
    if spare < wanted:
        remedy = "sysctl -w fs.inotify.max_user_instances=512, or take another lab down"
        yield Obstacle("inotify instances", f"root may have {spare} more, {wanted} wanted", remedy)


def _disk(plan: LabPlan, state: State) -> Iterator[Obstacle]:
    home = _existing(state.root)
    free = shutil.disk_usage(home).free
    wanted = _DISK_PER_MACHINE * _still_off(plan, state) + _DISK_FOR_STORE
    if free < wanted:
        observed = f"{free / _GIB:.1f} GiB free under {home}, {wanted / _GIB:.1f} wanted"
        yield Obstacle("disk", observed, "make room, or set XDG_STATE_HOME to a larger disk")


def _resolver(_plan: LabPlan, _state: State) -> Iterator[Obstacle]:
    if not Path("/etc/resolv.conf").resolve().is_file():
        yield Obstacle("/etc/resolv.conf", "missing, or a link to nothing", "touch /etc/resolv.conf")


def _still_off(plan: LabPlan, state: State) -> int:
    """How many of its machines do not run yet: those that do have what they need."""
    return sum(PoweredMachine(machine.name, state).process is None for machine in plan.machines)


def _existing(path: Path) -> Path:
    """The nearest folder upwards that is there."""
    return next(folder for folder in (path, *path.parents) if folder.is_dir())


def _refusal(argv: list[str]) -> str:
    """Why the command does not succeed; empty where it does."""
    try:
        done = subprocess.run(argv, capture_output=True, text=True, timeout=_PROBE_DEADLINE_S, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        return str(error)
    return "" if done.returncode == 0 else (done.stderr.strip().splitlines() or [f"exit code {done.returncode}"])[-1]


_CHECKS: tuple[Callable[[LabPlan, State], Iterator[Obstacle]], ...] = (
    _system,
    _rights,
    _programs,
    _namespaces,
    _links,
    _bpf,
    _overlay,
    _control_groups,
    _memory,
    _watches,
    _disk,
    _resolver,
)
