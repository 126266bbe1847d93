"""One machine forwards no packets between its links: pods on it reach nothing outside."""

from typing import ClassVar

from lab.faults.fault import Case, Fault


class NoForwarding(Fault):
    """`net.ipv4.ip_forward` is 0, in the kernel, not in the machine's files."""

    name: ClassVar[str] = "no-forwarding"
    breaks: ClassVar[str] = "net.ipv4.ip_forward is 0 until healed or the next boot."

    def apply(self, case: Case) -> None:
        """Switch it off."""
        case.on_machine("sysctl", "-qw", "net.ipv4.ip_forward=0")

    def undo(self, case: Case) -> None:
        """Switch it on."""
        case.on_machine("sysctl", "-qw", "net.ipv4.ip_forward=1")
