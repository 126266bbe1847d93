"""What is run on a machine, and what came back."""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from typing import Protocol

from tasks.model.errors import CommandFailed


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """
    One program to run; transports quote ``argv`` themselves.

    Attributes:
        argv: program and arguments; never holds a secret
        stdin: bytes handed to the program, then end of file; secrets travel here
        timeout_s: seconds until the program is given up
        sudo: run as root
        mutates: changes the machine; refused by every transport while planning
        env: variables added to the program's environment; local programs only

    """

    argv: tuple[str, ...]
    stdin: bytes = b""
    timeout_s: float = 30.0
    sudo: bool = False
    mutates: bool = False
    env: tuple[tuple[str, str], ...] = ()

    @classmethod
    def script(cls, text: str, *, timeout_s: float = 30.0, sudo: bool = False, mutates: bool = False) -> Command:
        """Run a POSIX shell script, sent on standard input so that its text is in no process's arguments."""
        return cls(argv=("/bin/sh", "-s"), stdin=text.encode(), timeout_s=timeout_s, sudo=sudo, mutates=mutates)

    def __str__(self) -> str:
        """The command as an operator would type it."""
        return ("sudo " if self.sudo else "") + shlex.join(self.argv)


@dataclass(frozen=True, slots=True, kw_only=True)
class CommandResult:
    """
    What a finished program left behind.

    Attributes:
        command: what was run
        exit_code: the program's own; 128 + signal where a signal ended it
        stdout, stderr: decoded as UTF-8, undecodable bytes replaced
        duration_s: wall-clock seconds from start to exit

    """

    command: Command
    exit_code: int
    stdout: str
    stderr: str
    duration_s: float

    @property
    def ok(self) -> bool:
        """Exit code zero."""
        return self.exit_code == 0

    def must_succeed(self) -> CommandResult:
        """Itself, where it succeeded; raises ``CommandFailed`` otherwise."""
        if not self.ok:
            raise CommandFailed(self)
        return self


class Shell(Protocol):
    """Where commands run: a host over SSH, this machine, or a scripted double."""

    def run(self, command: Command) -> CommandResult:
        """
        Run one command to its end. A non-zero exit code is a result, not an error.

        Raises:
            Unreachable: the machine could not be asked
            CommandTimeout: the program outlived ``timeout_s``
            PlanViolation: a mutating command while planning

        """
        ...
