"""One machine shows other host keys than it did: reinstalled, or somebody in between."""

from typing import ClassVar

from lab.credentials import Credentials, HostKey, new_host_key
from lab.faults.fault import Case, Fault
from lab.machine import ssh

_RESTART_DEADLINE_S = 20.0


class ChangedHostkey(Fault):
    """sshd gets fresh keys of the same types."""

    name: ClassVar[str] = "changed-hostkey"
    breaks: ClassVar[str] = "The machine's SSH host keys, all of them, are not those of the fingerprints list."

    def apply(self, case: Case) -> None:
        """Install fresh keys; the right ones are kept where the lab keeps all of them."""
        _install(case, tuple(new_host_key(key.kind) for key in _right_keys(case)))

    def undo(self, case: Case) -> None:
        """Install the right keys."""
        _install(case, _right_keys(case))


def _right_keys(case: Case) -> tuple[HostKey, ...]:
    return Credentials(case.lab.state.secrets).host_keys(case.machine)


def _install(case: Case, keys: tuple[HostKey, ...]) -> None:
    for key in keys:
        case.write(f"/etc/ssh/ssh_host_{key.kind}_key", key.private)
        case.write(f"/etc/ssh/ssh_host_{key.kind}_key.pub", f"{key.public}\n")
    case.on_machine("systemctl", "restart", "ssh.service")
    ssh.wait_until_it_answers(case.lab.state, case.lab.plan.machine(case.machine), _RESTART_DEADLINE_S)
