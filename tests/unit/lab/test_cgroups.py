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


@pytest.fixture
def notes(monkeypatch: pytest.MonkeyPatch) -> dict[str, bytes]:
    """What is noted on folders as extended attributes."""
    kept: dict[str, bytes] = {}

    def get(folder: Path, _name: str) -> bytes:
        if str(folder) not in kept:
            raise OSError(61, "no data available")
        return kept[str(folder)]

    monkeypatch.setattr(cgroups.os, "getxattr", get)
    monkeypatch.setattr(cgroups.os, "setxattr", lambda folder, _name, value: kept.__setitem__(str(folder), value))
    monkeypatch.setattr(cgroups.os, "removexattr", lambda folder, _name: kept.pop(str(folder)))
    return kept


@pytest.fixture
def v2_root(tmp_path: Path) -> Hierarchy:
    """The root of a v2 host as systemd leaves it: more known than handed down."""
    (tmp_path / "cgroup.controllers").write_text("cpuset cpu io memory pids\n")
    (tmp_path / "cgroup.subtree_control").write_text("memory pids\n")
    return Hierarchy(tmp_path, "cgroup2", "")


def test_a_v2_root_can_hand_down_all_that_it_knows(v2_root: Hierarchy) -> None:
    """Whatever it hands down at the moment; what its kernel does not know is missing."""
    assert missing_controllers((v2_root,)) == ()
    (v2_root.path / "cgroup.controllers").write_text("memory pids\n")
    assert missing_controllers((v2_root,)) == ("cpu", "cpuset")


def test_a_group_with_processes_of_its_own_hands_no_more_down_than_it_does(v2_root: Hierarchy) -> None:
    """As in a container whose processes sit in what it sees as the root; the very root has no cgroup.type."""
    (v2_root.path / "cgroup.type").write_text("domain\n")
    (v2_root.path / "cgroup.procs").write_text("1\n")
    assert missing_controllers((v2_root,)) == ("cpu", "cpuset")
    (v2_root.path / "cgroup.procs").write_text("")
    assert missing_controllers((v2_root,)) == ()


def test_controllers_are_borrowed_by_the_first_lab_and_returned_by_the_last(
    v2_root: Hierarchy, notes: dict[str, bytes]
) -> None:
    """Exactly those that were not handed down before; neither a second lab nor a machine's end returns them early."""
    control = v2_root.path / "cgroup.subtree_control"
    first, second = (Group(f"fleetproof-{name}", (v2_root,)) for name in ("one", "two"))
    first.create()
    assert (control.read_text(), notes) == ("+cpu +cpuset", {str(v2_root.path): b"cpu cpuset"})
    control.write_text("cpuset cpu memory pids\n")
    second.create()
    first.remove()
    second.child("cluster-01").remove()
    assert control.read_text() == "cpuset cpu memory pids\n"
    second.remove()
    assert (control.read_text(), notes) == ("-cpu -cpuset", {})


def test_a_root_that_hands_down_enough_is_left_alone(v2_root: Hierarchy, notes: dict[str, bytes]) -> None:
    """Neither at the start nor at the end."""
    control = v2_root.path / "cgroup.subtree_control"
    control.write_text("cpuset cpu io memory pids\n")
    group = Group("fleetproof-one", (v2_root,))
    group.create()
    group.remove()
    assert (control.read_text(), notes) == ("cpuset cpu io memory pids\n", {})


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


@pytest.mark.usefixtures("notes")
def test_a_v2_group_hands_all_controllers_to_its_children(v2_root: Hierarchy) -> None:
    """A group between the root and a machine's offers the machine whatever it has itself."""
    lab = v2_root.path / "lab"
    lab.mkdir()
    (lab / "cgroup.controllers").write_text("cpu memory\n")
    Group("lab/cluster-01", (v2_root,)).create()
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
