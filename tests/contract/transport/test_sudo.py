"""Becoming root on a real host: without a password, with one, and not at all."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tasks.model.command import Command
from tasks.model.errors import Unreachable

if TYPE_CHECKING:
    from collections.abc import Callable

    from tasks.transport.connection import NodeConnection
    from tests.contract.transport.box import Box

ID = Command(argv=("id", "-u"), sudo=True)


@pytest.fixture(params=["free", "asks"])
def account(request: pytest.FixtureRequest, box: Box, connect: Callable[..., NodeConnection]) -> NodeConnection:
    """A connection as an account that sudo asks nothing, and as one that it asks for the password."""
    return connect(user=request.param, password=box.password)


def test_root_only_where_asked_for(account: NodeConnection) -> None:
    """``sudo=True`` is root, anything else is the account itself; nothing is added to any stream."""
    plain, root = account.run(Command(argv=("id", "-u"))), account.run(ID)
    assert plain.stdout != "0\n"
    assert (root.stdout, root.stderr, root.exit_code) == ("0\n", "", 0)


def test_standard_input_is_the_commands_own(account: NodeConnection, box: Box) -> None:
    """No password line is left in front of the input, however often sudo is used."""
    for _ in range(3):
        result = account.run(Command(argv=("cat",), stdin=b"first\nsecond", sudo=True))
        assert (result.stdout, box.password in result.stderr) == ("first\nsecond", False)


def test_scripts_run_as_root(account: NodeConnection) -> None:
    """A script on standard input is run whole; its exit code and its standard error arrive."""
    result = account.run(Command.script("id -u\necho no >&2\nexit 9\n", sudo=True))
    assert (result.stdout, result.stderr, result.exit_code) == ("0\n", "no\n", 9)


def test_the_password_is_in_no_process_arguments(account: NodeConnection, box: Box) -> None:
    """While a command runs as root, no process on the host shows the password in its arguments or environment."""
    seen = account.run(Command.script("cat /proc/[0-9]*/cmdline /proc/[0-9]*/environ | tr '\\0' ' '", sudo=True))
    assert "sudo" in seen.stdout
    assert box.password not in seen.stdout


def test_large_input_under_sudo(account: NodeConnection) -> None:
    """Two megabytes go through sudo in both directions."""
    data = b"x" * 2_000_000
    assert len(account.run(Command(argv=("cat",), stdin=data, sudo=True)).stdout) == len(data)


def test_the_lecture_is_not_output(start_box: Callable[..., Box], connect: Callable[..., NodeConnection]) -> None:
    """A sudo that lectures before every command adds nothing to a command's standard error."""
    strict = start_box(sudoers="Defaults lecture=always\n")
    shell = connect(
        port=strict.port, user="asks", ssh_key=None, password=strict.password, known_hosts=strict.known_hosts
    )
    assert shell.run(Command.script("echo err >&2", sudo=True)).stderr == "err\n"


def sessions(box: Box) -> int:
    """Commands that the server has been asked to run so far."""
    return box.log.read_text(errors="replace").count("Starting session: command")


def test_without_a_password_sudo_is_not_asked_beforehand(box: Box, connect: Callable[..., NodeConnection]) -> None:
    """There is nothing else to try, so the first command is the first to go over the connection."""
    shell, before = connect(password=""), sessions(box)
    assert [shell.run(ID).stdout for _ in range(2)] == ["0\n", "0\n"]
    assert sessions(box) == before + 2


@pytest.mark.parametrize("output", ["", "echo some;"])
def test_a_command_that_fails_is_not_mistaken_for_sudo(connect: Callable[..., NodeConnection], output: str) -> None:
    """Exit code 1 without output could be sudo's own: it is asked then, and the command's result stands."""
    result = connect(password="").run(Command.script(f"{output} echo why >&2; exit 1\n", sudo=True))
    assert (result.exit_code, result.stderr) == (1, "why\n")


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"user": "asks", "password": "not-the-password"}, "incorrect password attempt"),
        ({"user": "asks", "password": ""}, "set NODE_PASSWORD"),
        ({"user": "none"}, "not in the sudoers file"),
    ],
    ids=["wrong-password", "no-password", "not-in-sudoers"],
)
def test_refused(box: Box, connect: Callable[..., NodeConnection], changes: dict[str, str], words: str) -> None:
    """Who may not become root is UNREACHABLE with sudo's own reason; no secret, no lecture; the login stays good."""
    shell = connect(**{"password": box.password} | changes)
    with pytest.raises(Unreachable) as refused:
        shell.run(Command.script("echo must not run", sudo=True))
    assert (refused.value.reason, words in refused.value.detail) == ("sudo-refused", True)
    assert "not-the-password" not in str(refused.value)
    assert "lecture" not in refused.value.detail
    assert shell.run(Command(argv=("true",))).ok
