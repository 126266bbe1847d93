"""What the lab needs of its host, how it asks for root, and how its commands keep out of each other's way."""

import fcntl
import io
import os
import subprocess
import sys
from pathlib import Path

import pytest

from lab import check, processes, seat
from lab.check import Obstacle, obstacles
from lab.cli import main
from lab.linux import spare_inotify_instances
from lab.locking import Busy, changing
from lab.plan import LabPlan
from lab.privilege import NoRoot, become_root, sudo_command
from lab.processes import ProcessId
from lab.progress import Progress
from lab.state import State

REFUSING = {"namespaces": "--uts", "links of type veth": "veth", "bpf file system": "bpf", "overlay": "overlay"}


@pytest.fixture
def fit_host(monkeypatch: pytest.MonkeyPatch) -> None:
    """A host on which every probe succeeds, whatever this one is."""
    monkeypatch.setattr(check, "_refusal", lambda _argv: "")
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    monkeypatch.setattr(check.shutil, "which", lambda program: f"/usr/bin/{program}")
    monkeypatch.setattr(check, "missing_controllers", lambda _hierarchies: ())
    monkeypatch.setattr(check.linux, "spare_inotify_instances", lambda wanted: wanted)
    monkeypatch.setattr(check, "_MEMORY_PER_MACHINE", 0)
    monkeypatch.setattr(check, "_DISK_PER_MACHINE", 0)
    monkeypatch.setattr(check, "_DISK_FOR_STORE", 0)


def names(found: tuple[Obstacle, ...]) -> list[str]:
    """What is missing."""
    return [obstacle.missing for obstacle in found]


@pytest.mark.usefixtures("fit_host")
def test_a_fit_host_has_no_obstacle(plan: LabPlan, state: State) -> None:
    """Nothing is reported where every probe succeeds."""
    assert obstacles(plan, state) == ()


@pytest.mark.usefixtures("fit_host")
@pytest.mark.parametrize(("missing", "word"), REFUSING.items())
def test_what_the_kernel_refuses_is_named_with_its_words(
    plan: LabPlan, state: State, monkeypatch: pytest.MonkeyPatch, missing: str, word: str
) -> None:
    """One refused probe is one obstacle, with the tool's own complaint."""
    monkeypatch.setattr(check, "_refusal", lambda argv: "not permitted" if word in argv else "")
    found = obstacles(plan, state)
    assert [(obstacle.missing.startswith(missing), obstacle.observed) for obstacle in found] == [
        (True, "not permitted")
    ]
    assert all(obstacle.remedy for obstacle in found)


@pytest.mark.usefixtures("fit_host")
def test_each_shortage_is_an_obstacle(plan: LabPlan, state: State, monkeypatch: pytest.MonkeyPatch) -> None:
    """Root, programs, controllers, memory, inotify and disk are each found missing by name, all in one go."""
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    monkeypatch.setattr(check.shutil, "which", lambda program: None if program == "nsenter" else program)
    monkeypatch.setattr(check, "missing_controllers", lambda _hierarchies: ("cpuset",))
    monkeypatch.setattr(check.linux, "spare_inotify_instances", lambda wanted: wanted - 1)
    monkeypatch.setattr(check, "_MEMORY_PER_MACHINE", 1 << 50)
    monkeypatch.setattr(check, "_DISK_PER_MACHINE", 1 << 60)
    found = obstacles(plan, state)
    assert names(found) == ["root", "program nsenter", "control groups", "memory", "inotify instances", "disk"]
    assert "cpuset" in str(found[2])
    assert "--machines cluster-01" in found[3].remedy


@pytest.mark.usefixtures("fit_host")
def test_machines_that_run_already_need_no_more_room(
    plan: LabPlan, state: State, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`up` on a running lab is not refused for what that lab itself uses."""
    monkeypatch.setattr(check, "_MEMORY_PER_MACHINE", 1 << 50)
    own = processes.find(os.getpid())
    assert own is not None
    for machine in plan.machines:
        state.machine(machine.name).root.mkdir(parents=True)
        own.save(state.machine(machine.name).pid)
    assert names(obstacles(plan, state)) == []


def test_spare_inotify_instances_are_counted_and_given_back() -> None:
    """Up to what was asked for, twice the same."""
    assert [spare_inotify_instances(3), spare_inotify_instances(3)] == [3, 3]


@pytest.mark.usefixtures("fit_host")
def test_a_path_that_an_overlay_cannot_spell_is_an_obstacle(plan: LabPlan, tmp_path: Path) -> None:
    """A colon or a comma in it would be taken for the mount's own."""
    assert names(obstacles(plan, State("unit", tmp_path / "a:b"))) == ["plain path"]


def test_a_probe_reports_why_it_was_refused() -> None:
    """The tool's last line; its exit code where it says nothing; the reason it did not even start."""
    assert check._refusal(["sh", "-c", "echo no way >&2; exit 1"]) == "no way"
    assert check._refusal(["sh", "-c", "exit 3"]) == "exit code 3"
    assert "No such file" in check._refusal(["/nowhere/tool"])
    assert check._refusal(["true"]) == ""


def test_root_is_asked_for_with_the_reason_and_without_secrets_in_the_arguments() -> None:
    """The caller's environment goes along unseen; only folders and the search path are spelled out."""
    environment = {"PATH": "/venv/bin:/bin", "NODE_PASSWORD": "hush", "XDG_STATE_HOME": "/state"}
    command = sudo_command(["exec", "--", "id"], environment, Path("/home/me"))
    assert command == [
        *("sudo", "--preserve-env", "--", "env"),
        *("HOME=/home/me", "PATH=/venv/bin:/bin", "XDG_STATE_HOME=/state", "XDG_CACHE_HOME=/home/me/.cache"),
        *(sys.executable, "-m", "lab", "exec", "--", "id"),
    ]
    assert sudo_command([], environment, Path("/home/me"), "bench")[-2:] == ["-m", "bench"]


def test_without_root_and_without_sudo_the_reason_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    """Not a permission error from deep inside."""
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    monkeypatch.setattr("lab.privilege.shutil.which", lambda _program: None)
    with pytest.raises(NoRoot, match="root rights are needed to mend something, and there is no sudo"):
        become_root(["heal"], "mend something")


def test_sudo_takes_over_after_a_word_of_warning(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """What it is for stands on the terminal before any password is asked for."""
    became: list[list[str]] = []
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    monkeypatch.setattr("lab.privilege.shutil.which", lambda _program: "/usr/bin/sudo")
    monkeypatch.setattr(os, "execvp", lambda _file, argv: became.append(argv))
    become_root(["up"], "make namespaces")
    assert became[0][0] == "sudo"
    assert "root rights are needed to make namespaces" in capsys.readouterr().err


def test_two_commands_do_not_change_one_lab_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The second says that it waits, and gives up at its deadline."""
    monkeypatch.setattr("lab.locking._POLL_S", 0.01)
    said: list[str] = []
    with (
        changing(tmp_path, said.append),
        pytest.raises(Busy, match="another command"),
        changing(tmp_path, said.append, deadline_s=0.05),
    ):
        pass
    assert said == ["another command is changing this lab; waiting for it"]


def test_a_child_that_outlives_its_parent_keeps_the_lock(tmp_path: Path) -> None:
    """A killed `up` may have a copy or a boot under way: the next command waits for that, too."""
    with changing(tmp_path, print) as lock:
        orphan = subprocess.Popen(["cat"], stdin=subprocess.PIPE, pass_fds=(lock,))
    held = os.open(tmp_path, os.O_RDONLY)
    with pytest.raises(BlockingIOError):
        fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
    orphan.communicate()
    fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
    os.close(held)


def test_the_lock_leaves_nothing_behind(tmp_path: Path) -> None:
    """It is on the folder itself, so removing the folder removes it."""
    folder = tmp_path / "lab"
    with changing(folder, print):
        folder.rmdir()
    assert list(tmp_path.iterdir()) == []


def test_a_process_is_known_by_its_start_and_not_by_its_number_alone(tmp_path: Path) -> None:
    """A number that has passed on to another process is nobody we know."""
    own = processes.find(os.getpid())
    assert own is not None
    own.save(tmp_path / "pid")
    assert processes.remembered(tmp_path / "pid") == own
    ProcessId(own.pid, own.started + 1).save(tmp_path / "pid")
    assert processes.remembered(tmp_path / "pid") is None


def test_a_process_that_has_ended_is_not_found() -> None:
    """Not even while its parent has not asked for its exit code yet."""
    child = subprocess.Popen(["true"])
    os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)
    assert processes.find(child.pid) is None
    child.wait()
    assert processes.find(child.pid) is None


def test_progress_lines_carry_the_time_since_the_start() -> None:
    """In seconds, one line each."""
    stream = io.StringIO()
    say = Progress(stream)
    say("wire: laid")
    assert stream.getvalue().endswith(" s  wire: laid\n")
    assert float(stream.getvalue().split()[0]) < 60


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["--help"], 0, "python -m lab fault partition cluster-03"),
        (["up", "--help"], 0, "--machines"),
        ([], 2, "COMMAND"),
        (["upp"], 2, "invalid choice: 'upp'"),
    ],
)
def test_help_and_slips_are_answered_at_once(
    words: list[str], code: int, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Help has examples; an unknown command is wrong use."""
    with pytest.raises(SystemExit) as ended:
        main(words)
    shown = capsys.readouterr()
    assert ended.value.code == code
    assert said in shown.out + shown.err


def test_help_imports_no_heavy_library() -> None:
    """What is not needed to answer is not loaded."""
    script = "import sys, lab.cli; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert not {"pydantic", "rich", "cryptography", "yaml"} & set(done.stdout.split())


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["status"], 2, "the lab 'nowhere' is not up"),
        (["exec", "--", "true"], 2, "the lab 'nowhere' is not up"),
        (["exec"], 2, "wanted: python -m lab exec -- PROGRAM"),
        (["heal"], 2, "the lab 'nowhere' is not up"),
        (["fault", "--list"], 0, "partition MACHINE"),
    ],
)
def test_commands_end_with_a_sentence_and_a_code(
    words: list[str],
    code: int,
    said: str,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """2 is wrong use, and the sentence says what would be right; no stack trace."""
    monkeypatch.setenv("FLEETPROOF_LAB", "nowhere")
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    assert main(words) == code
    shown = capsys.readouterr()
    assert said in shown.out + shown.err


def test_up_is_refused_at_the_seat(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """What would be mounted there is gone with the seat."""
    monkeypatch.setenv("FLEETPROOF_SEAT", "lab")
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    assert main(["up"]) == 2
    assert "not for the operator's seat" in capsys.readouterr().err


def test_a_program_at_the_seat_runs_as_who_called_sudo(monkeypatch: pytest.MonkeyPatch) -> None:
    """Root is for the namespaces alone; groups go first, or they could not be set any more."""
    done: list[tuple[str, object]] = []
    monkeypatch.setattr(os, "getuid", lambda: 0)
    monkeypatch.setattr(os, "initgroups", lambda name, group: done.append(("groups", (name, group))))
    monkeypatch.setattr(os, "setgid", lambda group: done.append(("group", group)))
    monkeypatch.setattr(os, "setuid", lambda user: done.append(("user", user)))
    seat._become_caller({"SUDO_UID": "1000", "SUDO_GID": "1001", "SUDO_USER": "me"})
    assert done == [("groups", ("me", 1001)), ("group", 1001), ("user", 1000)]
