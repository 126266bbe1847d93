"""Becoming root: whether sudo asks for a password is found out once per connection, where there is one to send."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from tasks.model.command import Command
from tasks.model.errors import Unreachable

if TYPE_CHECKING:
    from tasks.model.command import CommandResult
    from tasks.transport.access import Access

_FREE, _ASKS = "free", "asks"
_REFUSED = 1

# `-k` ignores what sudo may remember, so that the answer holds for every later command, and a password that is sent
# is always read: one that is not would become the first line of the command's own input
_FREELY = f"sudo -k -n true 2>/dev/null && echo {_FREE} && exit"
_BY_PASSWORD = f"sudo -k -S -p '' true && echo {_ASKS}"


@dataclass(frozen=True, slots=True)
class Elevation:
    """
    What has to be put around a command to run it as root.

    Attributes:
        argv: before the command's own
        stdin: before the command's own; holds the password where one is asked for
        lecture: what sudo said on standard error when it was asked; where it always says it, it is no output

    """

    argv: tuple[str, ...] = ()
    stdin: bytes = field(default=b"", repr=False)
    lecture: str = ""


NOT_NEEDED = Elevation()
FREELY = Elevation(argv=("sudo", "-n", "--"))
"""Without a password there is nothing else to try, and nothing to find out first: a round trip less."""


def may_be_refused(result: CommandResult) -> bool:
    """Whether sudo rather than the program may have ended so; the program has not run then."""
    return result.exit_code == _REFUSED and not result.stdout


def probe(access: Access) -> Command:
    """Find out whether sudo asks; standard input is the ``password_line``. No attempt is wasted on no password."""
    script = f"{_FREELY}\n{_BY_PASSWORD}" if access.password else _FREELY
    return Command(argv=("/bin/sh", "-c", script), timeout_s=20)


def password_line(access: Access) -> bytes:
    """The account's password as sudo reads it."""
    return f"{access.password}\n".encode()


def judge(access: Access, answer: CommandResult) -> Elevation:
    """
    Read the probe's answer.

    Raises:
        Unreachable: sudo-refused, with sudo's own last words

    """
    match answer.stdout.strip():
        case word if word == _FREE:
            return FREELY
        case word if word == _ASKS:
            argv = ("sudo", "-k", "-S", "-p", "", "--")
            return Elevation(argv=argv, stdin=password_line(access), lecture=answer.stderr)
        case _ if not access.password:
            raise Unreachable(access.name, "sudo-refused", f"sudo wants {access.user}'s password; set NODE_PASSWORD")
        case _:
            words = [line for line in answer.stderr.splitlines() if line.startswith("sudo:") or "sudoers" in line]
            raise Unreachable(access.name, "sudo-refused", f"user {access.user}: " + (words or ["no answer"])[-1])
