"""Commands over a real sshd."""

from __future__ import annotations

import hashlib
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tasks.model.command import Command
from tasks.model.errors import CommandTimeout, TransportError, Unreachable

if TYPE_CHECKING:
    from tasks.transport.connection import NodeConnection

FIVE_MB = bytes(range(256)) * 20_000


def alive(shell: NodeConnection, marker: str) -> bool:
    """Whether a process with ``marker`` in its arguments runs on the host."""
    # the bracket keeps the search from finding itself
    return shell.run(Command(argv=("pgrep", "-f", f"[{marker[0]}]{marker[1:]}"))).ok


@pytest.mark.parametrize(
    ("script", "code"),
    [("exit 0", 0), ("exit 3", 3), ("exit 255", 255), ("kill -TERM $$", 143), ("kill -KILL $$", 137)],
)
def test_exit_code_is_the_programs_own(shell: NodeConnection, script: str, code: int) -> None:
    """Every exit code arrives; a signal is 128 + its number."""
    assert shell.run(Command.script(script)).exit_code == code


def test_a_program_that_does_not_exist_is_exit_code_127(shell: NodeConnection) -> None:
    """A missing program is a result, not an error."""
    result = shell.run(Command(argv=("no-such-program",)))
    assert (result.exit_code, "no-such-program" in result.stderr) == (127, True)


def test_streams_are_separate(shell: NodeConnection) -> None:
    """Standard output and standard error do not mix, and nothing is added to either."""
    result = shell.run(Command.script("echo out; echo err >&2"))
    assert (result.stdout, result.stderr) == ("out\n", "err\n")


def test_undecodable_bytes_are_replaced(shell: NodeConnection) -> None:
    """Binary output does not raise; what is no UTF-8 becomes U+FFFD."""
    assert shell.run(Command.script(r"printf 'a\377\000b'")).stdout == "a\ufffd\0b"


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(arguments=st.lists(st.text(st.characters(exclude_characters="\0", exclude_categories=("Cs",))), max_size=3))
def test_arguments_arrive_as_they_are(shell: NodeConnection, arguments: list[str]) -> None:
    """No character of an argument means anything to a shell in between."""
    result = shell.run(Command(argv=("printf", "%s\\0", "first", *arguments)))
    assert result.stdout.split("\0")[:-1] == ["first", *arguments]


def test_five_megabytes_each_way_at_once(shell: NodeConnection) -> None:
    """A program that writes all it reads, to both streams, while it reads, is neither cut nor stuck."""
    result = shell.run(Command(argv=("tee", "/dev/stderr"), stdin=FIVE_MB))
    # bytes beyond ASCII are no UTF-8, each becomes one U+FFFD
    assert len(result.stdout) == len(result.stderr) == len(FIVE_MB)


def test_input_arrives_whole(shell: NodeConnection) -> None:
    """What is sent is what the program reads."""
    digest = shell.run(Command(argv=("sha256sum",), stdin=FIVE_MB)).stdout.split()[0]
    assert digest == hashlib.sha256(FIVE_MB).hexdigest()


def test_input_that_nobody_reads_is_no_error(shell: NodeConnection) -> None:
    """A program may end before it has read its input."""
    assert shell.run(Command(argv=("echo", "done"), stdin=FIVE_MB)).stdout == "done\n"


def test_tools_in_sbin_are_found_and_speak_english(shell: NodeConnection) -> None:
    """An account without root's PATH still finds system tools, and messages are those that parsers know."""
    assert shell.run(Command.script("command -v sysctl && echo $LC_ALL")).stdout.endswith("/sysctl\nC\n")


def test_variables_are_refused(shell: NodeConnection) -> None:
    """What would not arrive is not dropped in silence."""
    with pytest.raises(ValueError, match="env is for programs on this machine"):
        shell.run(Command(argv=("true",), env=(("A", "b"),)))


def test_a_hanging_command_ends_at_its_deadline_on_the_host_too(shell: NodeConnection) -> None:
    """The program and its children are gone, the text says so, and the connection serves on."""
    with pytest.raises(CommandTimeout, match=r"outlived its 0.5 s and was ended on the host; it said last: begun"):
        shell.run(Command.script("echo begun; sleep 4711; true", timeout_s=0.5))
    assert not alive(shell, "sleep 4711")
    assert shell.attempts == 1


def test_a_command_that_ignores_its_end_is_killed(shell: NodeConnection) -> None:
    """Two seconds after a TERM that was ignored comes a KILL."""
    with pytest.raises(CommandTimeout, match="was ended on the host"):
        shell.run(Command.script("trap '' TERM; sleep 4712 & wait; wait; sleep 4712", timeout_s=0.5))
    assert shell.run(Command(argv=("true",))).ok


def test_a_hanging_command_under_sudo_is_ended_too(shell: NodeConnection) -> None:
    """What runs as root is ended by root."""
    with pytest.raises(CommandTimeout, match="was ended on the host"):
        shell.run(Command(argv=("sleep", "4713"), timeout_s=0.5, sudo=True))
    assert not alive(shell, "sleep 4713")


def test_what_is_left_behind_with_the_output_open_is_named(shell: NodeConnection) -> None:
    """A daemon that keeps the output open ends in a timeout that says what is going on, and with the exit code."""
    with pytest.raises(CommandTimeout, match="left behind keeps its output open; itself it exited with 7"):
        shell.run(Command.script("setsid sleep 8 & exit 7", timeout_s=0.5))


def test_an_exit_code_of_124_is_not_taken_for_a_timeout(shell: NodeConnection) -> None:
    """The exit code by which ``timeout`` tells of one is only believed when the time is over."""
    assert shell.run(Command.script("exit 124")).exit_code == 124


def test_endless_output_is_cut_off(shell: NodeConnection) -> None:
    """A program that writes without end costs bounded memory, and no deadline."""
    with pytest.raises(TransportError, match="cut off: more than 64 MiB of output"):
        shell.run(Command(argv=("cat", "/dev/zero")))
    assert shell.run(Command(argv=("true",))).ok


def test_commands_run_side_by_side_on_one_connection(shell: NodeConnection) -> None:
    """Forty commands from forty threads share one login, although sshd allows ten sessions at once."""
    with ThreadPoolExecutor(40) as pool:
        results = list(pool.map(lambda n: shell.run(Command.script(f"echo {n}")), range(40)))
    assert [result.stdout for result in results] == [f"{n}\n" for n in range(40)]
    assert shell.attempts == 1


def test_long_commands_wait_for_each_other(shell: NodeConnection, monkeypatch: pytest.MonkeyPatch) -> None:
    """What sshd would refuse for want of a session is held back until there is one, however long that takes."""
    monkeypatch.setattr("tasks.transport.execute._PATIENCE_S", 0.5)
    with ThreadPoolExecutor(12) as pool:
        assert all(result.ok for result in pool.map(lambda _: shell.run(Command(argv=("sleep", "1"))), range(12)))


TO_ITS_SSHD = """
it=$$
until [ "$(cat /proc/$it/comm)" = sshd ]; do it=$(ps -o ppid= -p $it | tr -d ' '); done
kill -{signal} $it
"""


def test_a_host_that_freezes_is_given_up_and_the_connection_replaced(shell: NodeConnection) -> None:
    """A host that does not even confirm the end of a command holds nobody longer than its deadline and a grace."""
    with pytest.raises(CommandTimeout, match="the host has not confirmed its end"):
        shell.run(Command.script(TO_ITS_SSHD.format(signal="STOP"), sudo=True, timeout_s=0.5))
    assert shell.run(Command(argv=("echo", "back"))).stdout == "back\n"
    assert shell.attempts == 2


def test_a_lost_connection_is_said_and_then_replaced(shell: NodeConnection) -> None:
    """The command that was running is reported as lost and not repeated; the next one logs in anew."""
    with pytest.raises(Unreachable) as lost:
        shell.run(Command.script(TO_ITS_SSHD.format(signal="KILL"), sudo=True))
    assert lost.value.reason == "connection-lost"
    assert shell.run(Command(argv=("echo", "back"))).stdout == "back\n"
    assert shell.attempts == 2


def test_a_login_shell_that_is_killed_is_no_exit_code(shell: NodeConnection) -> None:
    """Where the host cannot say how a command ended, no code is made up."""
    with pytest.raises(Unreachable, match=r"connection-lost .*ended without an exit code"):
        shell.run(Command.script("kill -KILL $(ps -o ppid= -p $PPID)"))
