"""The LAN's DNS server hangs."""

import os
import signal
from typing import ClassVar

from lab import processes
from lab.faults.fault import Case, Fault, FaultError
from lab.services import dns


class DnsAway(Fault):
    """The server is stopped, not ended: queries arrive and nobody answers."""

    name: ClassVar[str] = "dns-away"
    parameters = ()
    breaks: ClassVar[str] = "The DNS server takes every query and answers none: resolvers wait for their deadline."

    def apply(self, case: Case) -> None:
        """Stop it."""
        _signal(case, signal.SIGSTOP)

    def undo(self, case: Case) -> None:
        """Let it go on."""
        _signal(case, signal.SIGCONT)


def _signal(case: Case, number: signal.Signals) -> None:
    process = processes.remembered(case.lab.state.services / dns.NAME / "pid")
    if process is None:
        raise FaultError("the DNS server does not run at all; `python -m lab up` starts it")
    os.kill(process.pid, number)
