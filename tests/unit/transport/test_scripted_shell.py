"""The scripted double: it must not be easier on a caller than a real shell."""

from __future__ import annotations

import pytest

from tasks.model.command import Command
from tasks.model.errors import PlanViolation, Unreachable
from tasks.transport.fake import ScriptedShell, UnscriptedCommand

SWAPON = Command(argv=("swapon", "--show"))


def test_a_known_command_is_answered() -> None:
    """The answer carries the command, both streams and the exit code."""
    shell = ScriptedShell()
    shell.answer("swapon --show", stdout="/dev/sda2\n", stderr="warning\n", exit_code=3)
    result = shell.run(SWAPON)
    assert (result.command, result.stdout, result.stderr, result.exit_code) == (SWAPON, "/dev/sda2\n", "warning\n", 3)


@pytest.mark.parametrize("argv", [("swapon",), ("swapon", "--show", "--raw"), ("swapon --show",)])
def test_another_command_is_refused(argv: tuple[str, ...]) -> None:
    """An argument less, more, or differently cut is another command, and the error shows it."""
    shell = ScriptedShell()
    shell.answer("swapon --show")
    with pytest.raises(UnscriptedCommand, match="nobody taught an answer to"):
        shell.run(Command(argv=argv))


def test_a_script_is_known_by_a_part_of_its_text() -> None:
    """What is sent on standard input identifies a script."""
    shell = ScriptedShell()
    shell.answer_script("/proc/swaps", stdout="Filename\n")
    assert shell.run(Command.script("set -e\ncat /proc/swaps\n")).stdout == "Filename\n"
    with pytest.raises(UnscriptedCommand, match="/proc/meminfo"):
        shell.run(Command.script("cat /proc/meminfo"))


def test_the_last_rule_that_matches_wins() -> None:
    """A test overrides what a fixture taught."""
    shell = ScriptedShell()
    shell.answer_if(lambda _: True, stdout="general")
    shell.answer("swapon --show", stdout="special")
    assert (shell.run(SWAPON).stdout, shell.run(Command(argv=("id",))).stdout) == ("special", "general")


def test_a_rule_for_once_is_used_up() -> None:
    """A command may answer differently the second time."""
    shell = ScriptedShell()
    shell.answer("swapon --show", stdout="after")
    shell.answer("swapon --show", stdout="before", once=True)
    assert [shell.run(SWAPON).stdout for _ in range(3)] == ["before", "after", "after"]


def test_errors_are_raised_as_by_a_real_shell() -> None:
    """A host that vanishes can be scripted, and comes back where that was for once."""
    shell = ScriptedShell()
    shell.answer("swapon --show")
    shell.fail_if(lambda _: True, Unreachable("cluster-01", "connection-lost"), once=True)
    with pytest.raises(Unreachable, match="connection-lost"):
        shell.run(SWAPON)
    assert shell.run(SWAPON).ok


def test_everything_is_recorded() -> None:
    """Answered, refused and failed commands are all remembered, mutations apart as well."""
    shell = ScriptedShell()
    shell.answer("swapoff -a")
    off = Command(argv=("swapoff", "-a"), mutates=True)
    shell.run(off)
    with pytest.raises(UnscriptedCommand):
        shell.run(SWAPON)
    assert (shell.commands, shell.mutations) == ([off, SWAPON], [off])


def test_a_mutation_is_refused_while_planning() -> None:
    """As every transport does, although an answer was taught."""
    shell = ScriptedShell(plan=True)
    shell.answer("swapoff -a")
    with pytest.raises(PlanViolation, match="`swapoff -a` is marked as mutating"):
        shell.run(Command(argv=("swapoff", "-a"), mutates=True))
