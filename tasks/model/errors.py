"""
Every error this library raises on purpose.

FleetError
├── InventoryError (ValueError)      the files are wrong; carries every mistake with file and line
├── SettingsError (ValueError)       the operator's environment lacks or mangles a value
├── TransportError (OSError)
│   ├── Unreachable                  the host cannot be asked; ``reason`` says why
│   └── CommandTimeout (TimeoutError)
├── CommandFailed                    a command had to succeed and did not
├── WaitTimeout (TimeoutError)       a wait reached its deadline; carries the last observation
├── WrongCluster                     an API server is not the one the inventory means
├── PlanViolation                    a mutation reached the transport while planning
└── Locked                           another run holds the fleet
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tasks.model.command import CommandResult


class FleetError(Exception):
    """Root of the tree; its text is meant for the operator."""


@dataclass(frozen=True, slots=True)
class Mistake:
    """One thing wrong in a file: where, what is wrong, what was wanted and what to do."""

    file: str
    line: int
    said: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.said}"


class InventoryError(FleetError, ValueError):
    """The inventory breaks rules; one line per mistake."""

    def __init__(self, mistakes: tuple[Mistake, ...]) -> None:
        super().__init__("\n".join(map(str, mistakes)))
        self.mistakes = mistakes


class SettingsError(FleetError, ValueError):
    """The operator's environment lacks or mangles a value."""


class TransportError(FleetError, OSError):
    """A machine could not be asked, or did not answer in time."""


class Unreachable(TransportError):
    """
    The host cannot be asked.

    ``reason`` is one of: host-key-unknown, host-key-changed, connect-timeout, connection-refused, no-route, no-banner,
    login-refused, login-dropped, connection-lost, bastion-unreachable, sudo-refused, deadline.
    """

    def __init__(self, host: str, reason: str, detail: str = "") -> None:
        super().__init__(f"{host}: {reason}" + (f" ({detail})" if detail else ""))
        self.host, self.reason, self.detail = host, reason, detail


class CommandTimeout(TransportError, TimeoutError):
    """The program outlived its deadline and was given up."""


class CommandFailed(FleetError):
    """A command had to succeed and did not."""

    def __init__(self, result: CommandResult) -> None:
        tail = "\n".join((result.stderr or result.stdout).strip().splitlines()[-20:])
        super().__init__(f"`{result.command}` exited with {result.exit_code}\n{tail}".rstrip())
        self.result = result


class WaitTimeout(FleetError, TimeoutError):
    """A wait reached its deadline; ``last`` is what was last observed."""

    def __init__(self, what: str, waited_s: float, last: str) -> None:
        super().__init__(f"waited {waited_s:.0f} s for {what}; last seen: {last}")
        self.what, self.waited_s, self.last = what, waited_s, last


class WrongCluster(FleetError):
    """The API server that answered is not the inventory's cluster; nothing was written."""


class PlanViolation(FleetError):
    """A mutating command reached a transport while planning: a defect of this library."""


class Locked(FleetError):
    """Another run holds the fleet; the text names its owner."""


def in_words(error: BaseException) -> str:
    """What an exception says; its kind where it says nothing."""
    return str(error) or type(error).__name__
