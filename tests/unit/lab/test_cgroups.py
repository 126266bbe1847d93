"""Control groups: read from the host's mount table, made, inherited, emptied."""

from pathlib import Path

import pytest

from lab import cgroups
from lab.cgroups import Group, Hierarchy, missing_controllers, parse_hierarchies

CONTROLLERS = frozenset({"cpu", "cpuacct", "cpuset", "memory", "devices", "pids", "blkio"})

HYBRID = """\
22 27 0:21 / /proc rw,relatime - proc proc rw
31 23 0:28 / /sys/fs/cgroup rw,relatime - tmpfs tmpfs rw,mode=755
32 31 0:29 / /sys/fs/cgroup/cpu rw,relatime - cgroup cgroup rw,cpu
40 31 0:37 / /sys/fs/cgroup/systemd rw,relatime shared:9 - cgroup cgroup rw,xattr,name=systemd
41 31 0:38 / /sys/fs/cgroup/unified rw,relatime - cgroup2 cgroup2 rw,nsdelegate
"""
UNIFIED = """\
25 30 0:23 / /sys rw,nosuid,nodev,noexec,relatime shared:7 - sysfs sysfs rw
35 25 0:29 / /sys/fs/cgroup rw,nosuid,relatime shared:9 - cgroup2 cgroup2 rw,nsdelegate,memory_recursiveprot
"""
SHARED_MOUNT = """\
36 31 0:33 / /sys/fs/cgroup/cpu,cpuacct rw,relatime shared:15 - cgroup cgroup rw,cpu,cpuacct,release_agent=/x
99 31 0:33 / /mnt/elsewhere rw,relatime - cgroup cgroup rw,cpu,cpuacct
"""


@pytest.mark.parametrize(
    ("mountinfo", "expected"),
    [
        pytest.param(
            HYBRID,
            [
                ("/sys/fs/cgroup/cpu", "cgroup", "cpu"),
                ("/sys/fs/cgroup/systemd", "cgroup", "none,name=systemd"),
                ("/sys/fs/cgroup/unified", "cgroup2", ""),
            ],
            id="v1 hybrid",
        ),
        pytest.param(UNIFIED, [("/sys/fs/cgroup", "cgroup2", "")], id="pure v2"),
        pytest.param(SHARED_MOUNT, [("/sys/fs/cgroup/cpu,cpuacct", "cgroup", "cpu,cpuacct")], id="two in one"),
        pytest.param("22 27 0:21 / /proc rw - proc proc rw\n", [], id="none"),
    ],
)
def test_hierarchies_are_read_from_the_mount_table(mountinfo: str, expected: list[tuple[str, str, str]]) -> None:
    """Each mount under /sys/fs/cgroup becomes one hierarchy with the options that show it again elsewhere."""
    found = parse_hierarchies(mountinfo, CONTROLLERS)
    assert [(str(each.path), each.kind, each.options) for each in found] == expected


def test_a_v2_host_misses_what_its_root_does_not_hand_down(tmp_path: Path) -> None:
    """On v2 a new group has what `cgroup.subtree_control` of its parent names, not what the kernel knows."""
    (tmp_path / "cgroup.subtree_control").write_text("cpu memory\n")
    assert missing_controllers((Hierarchy(tmp_path, "cgroup2", ""),)) == ("cpuset", "pids")


def test_a_v1_host_misses_what_is_not_mounted(tmp_path: Path) -> None:
    """On v1 a controller is there if a hierarchy carries it."""
    hierarchies = tuple(Hierarchy(tmp_path, "cgroup", options) for options in ("cpu,cpuacct", "memory", "pids"))
    assert missing_controllers(hierarchies) == ("cpuset",)


def test_a_v1_cpuset_group_inherits_processors_and_memory(tmp_path: Path) -> None:
    """v1 gives a new cpuset group neither, and refuses processes until both are set."""
    for name, value in (("cpuset.cpus", "0-1\n"), ("cpuset.mems", "0\n")):
        (tmp_path / name).write_text(value)
    folder = tmp_path / "lab"
    folder.mkdir()
    for name in ("cpuset.cpus", "cpuset.mems"):
        (folder / name).write_text("\n")
    Group("lab", (Hierarchy(tmp_path, "cgroup", "cpuset"),)).create()
    assert [(folder / name).read_text() for name in ("cpuset.cpus", "cpuset.mems")] == ["0-1\n", "0\n"]


def test_a_v2_group_hands_all_controllers_to_its_children(tmp_path: Path) -> None:
    """A group between the root and a machine's offers the machine whatever it has itself."""
    lab = tmp_path / "lab"
    lab.mkdir()
    (lab / "cgroup.controllers").write_text("cpu memory\n")
    Group("lab/cluster-01", (Hierarchy(tmp_path, "cgroup2", ""),)).create()
    assert (lab / "cgroup.subtree_control").read_text() == "+cpu +memory"
    assert (lab / "cluster-01").is_dir()


def test_a_group_counts_the_processes_below_it(tmp_path: Path) -> None:
    """Members of child groups belong to the group, whichever hierarchy lists them; a vanished group has none."""
    for hierarchy, pid in (("pids", 41), ("memory", 42)):
        child = tmp_path / hierarchy / "lab" / "child"
        child.mkdir(parents=True)
        (child / "cgroup.procs").write_text(f"{pid}\n")
    hierarchies = tuple(Hierarchy(tmp_path / name, "cgroup", name) for name in ("pids", "memory", "gone"))
    assert Group("lab", hierarchies).processes() == {41, 42}


def test_a_group_that_does_not_empty_is_an_error_that_names_the_processes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A process that survives SIGKILL is named, and the group stays."""
    monkeypatch.setattr(cgroups, "_END_DEADLINE_S", 0.0)
    monkeypatch.setattr(cgroups.os, "kill", lambda _pid, _signal: None)
    (tmp_path / "lab").mkdir()
    (tmp_path / "lab" / "cgroup.procs").write_text("4242\n")
    with pytest.raises(TimeoutError, match=r"\[4242\] of lab do not end"):
        Group("lab", (Hierarchy(tmp_path, "cgroup", "pids"),)).remove()
    assert (tmp_path / "lab").is_dir()
