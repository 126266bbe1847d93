"""Programs on this machine."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path

import pytest

from tasks.model.command import Command
from tasks.model.errors import CommandTimeout, PlanViolation
from tasks.transport.local import LocalShell


@pytest.fixture
def shell() -> LocalShell:
    """A shell that may change things."""
    return LocalShell()


@pytest.mark.parametrize(
    ("script", "code"), [("exit 0", 0), ("exit 3", 3), ("kill -TERM $$", 143), ("kill -KILL $$", 137)]
)
def test_exit_code(shell: LocalShell, script: str, code: int) -> None:
    """Every exit code arrives; a signal is 128 + its number, as over SSH."""
    assert shell.run(Command.script(script)).exit_code == code


def test_streams_input_and_environment(shell: LocalShell) -> None:
    """Both streams apart, standard input given, variables added to the operator's own."""
    command = Command(
        argv=("/bin/sh", "-c", "cat; echo $KUBECONFIG $HOME >&2"), stdin=b"in\n", env=(("KUBECONFIG", "/x"),)
    )
    result = shell.run(command)
    assert (result.stdout, result.stderr) == ("in\n", f"/x {os.environ['HOME']}\n")


def test_no_shell_reads_the_arguments(shell: LocalShell) -> None:
    """Arguments arrive as they are."""
    assert shell.run(Command(argv=("printf", "%s|", "a b", "$HOME", "*"))).stdout == "a b|$HOME|*|"


def test_undecodable_output_is_replaced(shell: LocalShell) -> None:
    """Binary output does not raise."""
    assert shell.run(Command.script(r"printf 'a\377b'")).stdout == "a\ufffdb"


def test_five_megabytes_each_way_at_once(shell: LocalShell) -> None:
    """Large input and output on both streams pass, whoever waits for whom."""
    result = shell.run(Command(argv=("tee", "/dev/stderr"), stdin=b"x" * 5_000_000))
    assert len(result.stdout) == len(result.stderr) == 5_000_000


def test_input_that_nobody_reads_is_no_error(shell: LocalShell) -> None:
    """A program may end before it has read its input."""
    assert shell.run(Command(argv=("true",), stdin=b"x" * 5_000_000)).ok


def test_a_program_that_does_not_exist(shell: LocalShell) -> None:
    """A missing program is a result with the shell's own code, as over SSH, and its name."""
    result = shell.run(Command(argv=("no-such-program",)))
    assert (result.exit_code, result.stderr) == (127, "no-such-program: No such file or directory\n")


def test_a_file_that_is_no_program(shell: LocalShell, tmp_path: Path) -> None:
    """What cannot be executed is code 126."""
    (tmp_path / "file").touch()
    assert shell.run(Command(argv=(str(tmp_path / "file"),))).exit_code == 126


def ends(file: Path) -> bool:
    """Whether the process whose id is in a file is gone, or goes within seconds: a killed one takes a moment."""
    process = Path("/proc") / file.read_text().strip() / "stat"
    deadline = time.monotonic() + 5
    while time.monotonic() < deadline:
        try:
            if " Z " in process.read_text():
                return True
        except (FileNotFoundError, ProcessLookupError):
            return True
        time.sleep(0.01)
    return False


@pytest.mark.parametrize("stubborn", ["", "trap '' TERM;"], ids=["obedient", "stubborn"])
def test_a_hanging_program_dies_with_its_children(shell: LocalShell, tmp_path: Path, stubborn: str) -> None:
    """At the deadline the whole process group ends, by force where it has to be."""
    script = f"{stubborn} sleep 4714 & echo $! > {tmp_path}/child; echo $$ > {tmp_path}/self; wait; sleep 4714"
    with pytest.raises(CommandTimeout, match=r"outlived its 0.5 s and was killed"):
        shell.run(Command(argv=("/bin/sh", "-c", script), timeout_s=0.5))
    assert ends(tmp_path / "child")
    assert ends(tmp_path / "self")


def test_an_interrupt_ends_the_program_too(shell: LocalShell, tmp_path: Path) -> None:
    """Ctrl-C leaves no program behind, although it runs in a session of its own."""

    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGALRM, interrupt)
    signal.setitimer(signal.ITIMER_REAL, 0.5)
    try:
        with pytest.raises(KeyboardInterrupt):
            shell.run(Command(argv=("/bin/sh", "-c", f"echo $$ > {tmp_path}/self; exec sleep 4715")))
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
    assert ends(tmp_path / "self")


def test_a_mutation_is_refused_while_planning(tmp_path: Path) -> None:
    """The program is not started; what only reads is."""
    shell = LocalShell(plan=True)
    with pytest.raises(PlanViolation):
        shell.run(Command(argv=("touch", str(tmp_path / "made")), mutates=True))
    assert not (tmp_path / "made").exists()
    assert shell.run(Command(argv=("true",))).ok


def test_sudo_is_refused(shell: LocalShell) -> None:
    """Programs here run as the operator."""
    with pytest.raises(ValueError, match="never through sudo"):
        shell.run(Command(argv=("id",), sudo=True))
