"""A scripted shell for tests: it answers what it was taught, refuses the rest, and remembers everything."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tasks.model.command import Command, CommandResult
from tasks.model.errors import FleetError
from tasks.transport.plan import refuse_mutation

if TYPE_CHECKING:
    from collections.abc import Callable


class UnscriptedCommand(FleetError, LookupError):
    """A command that the test has not foreseen; the text shows it whole."""


@dataclass(frozen=True, slots=True)
class _Answer:
    matches: Callable[[Command], bool]
    reply: Callable[[Command], CommandResult]
    once: bool


class ScriptedShell:
    r"""
    Answers commands by what they are, never by their position.

    The last rule that matches wins, so that a test overrides what a fixture taught; a rule taught with ``once`` is
    used up by its first match.

        shell = ScriptedShell()
        shell.answer("systemctl is-active containerd", stdout="active\n")
        shell.answer_script("cat /proc/swaps", stdout=recorded)
        shell.answer_if(lambda command: command.mutates, exit_code=1, stderr="read-only file system")
        shell.fail_if(lambda command: command.sudo, Unreachable("cluster-01", "connection-lost"))

    Attributes:
        commands: every command that was run, in order, refused ones included

    """

    def __init__(self, *, plan: bool = False) -> None:
        self.commands: list[Command] = []
        self._answers: list[_Answer] = []
        self._plan = plan

    def answer(
        self, argv: str | tuple[str, ...], *, stdout: str = "", stderr: str = "", exit_code: int = 0, once: bool = False
    ) -> None:
        """Answer the command with exactly this argv; a string is split at blanks."""
        wanted = tuple(argv.split()) if isinstance(argv, str) else argv
        self.answer_if(lambda it: it.argv == wanted, stdout=stdout, stderr=stderr, exit_code=exit_code, once=once)

    def answer_script(
        self, part: str, *, stdout: str = "", stderr: str = "", exit_code: int = 0, once: bool = False
    ) -> None:
        """Answer a command whose standard input contains ``part``."""
        needle = part.encode()
        self.answer_if(lambda it: needle in it.stdin, stdout=stdout, stderr=stderr, exit_code=exit_code, once=once)

    def answer_if(
        self,
        matches: Callable[[Command], bool],
        *,
        stdout: str = "",
        stderr: str = "",
        exit_code: int = 0,
        once: bool = False,
    ) -> None:
        """Answer every command for which ``matches`` is true."""

        def reply(command: Command) -> CommandResult:
            return CommandResult(command=command, exit_code=exit_code, stdout=stdout, stderr=stderr, duration_s=0.0)

        self._answers.append(_Answer(matches, reply, once))

    def fail_if(self, matches: Callable[[Command], bool], error: Exception, *, once: bool = False) -> None:
        """Raise ``error`` (a ``TransportError``, as real shells do) for every command for which ``matches`` is true."""

        def reply(_: Command) -> CommandResult:
            raise error

        self._answers.append(_Answer(matches, reply, once))

    @property
    def mutations(self) -> list[Command]:
        """The commands that would have changed the machine, in order."""
        return [command for command in self.commands if command.mutates]

    def run(self, command: Command) -> CommandResult:
        """Answer as taught; raises ``UnscriptedCommand`` for anything else, and ``PlanViolation`` as real shells do."""
        self.commands.append(command)
        refuse_mutation(command, plan=self._plan)
        for answer in reversed(self._answers):
            if answer.matches(command):
                if answer.once:
                    self._answers.remove(answer)
                return answer.reply(command)
        raise UnscriptedCommand(f"nobody taught an answer to `{command}` with standard input:\n{command.stdin!r}")


@dataclass(slots=True)
class KeptShell:
    """
    Stands in for an open connection plugin.

    ``host.connections["node_shell"] = KeptShell(shell)`` makes ``shell_of(task)`` hand out ``shell``.
    """

    connection: ScriptedShell

    def open(self, *_: object, **__: object) -> None:
        """Open already."""

    def close(self) -> None:
        """Nothing to close."""
