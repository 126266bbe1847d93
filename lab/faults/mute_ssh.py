"""sshd hangs: the kernel still accepts connections on its behalf."""

from typing import ClassVar

from lab.faults.fault import Case, Fault


class MuteSsh(Fault):
    """The listener is stopped, not ended."""

    name: ClassVar[str] = "mute-ssh"
    breaks: ClassVar[str] = "TCP port 22 accepts and then never speaks: sshd's listener is stopped (SIGSTOP)."

    def apply(self, case: Case) -> None:
        """Stop it."""
        case.on_machine("systemctl", "kill", "--kill-whom=main", "--signal=STOP", "ssh.service")

    def undo(self, case: Case) -> None:
        """Let it go on."""
        case.on_machine("systemctl", "kill", "--kill-whom=main", "--signal=CONT", "ssh.service")
