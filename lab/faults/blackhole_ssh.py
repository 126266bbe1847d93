"""A firewall on the way swallows SSH and says nothing."""

import subprocess
from typing import ClassVar

from lab import linux, wire
from lab.faults.fault import Case, Fault, FaultError

# At the switch's port, where the machine itself cannot see it; nobody is answered, senders wait for their deadline.
_RULES = """\
table netdev {table} {{
    chain port {{
        type filter hook ingress device "{port}" priority 0
        ip saddr {address} tcp sport 22 drop
    }}
}}
"""


class BlackholeSsh(Fault):
    """Packets of TCP port 22 vanish; all others pass."""

    name: ClassVar[str] = "blackhole-ssh"
    breaks: ClassVar[str] = (
        "What the machine sends from TCP port 22 is dropped on the wire: connecting hangs, ping works."
    )

    def apply(self, case: Case) -> None:
        """Put the rules in place of any earlier ones."""
        self.undo(case)
        address = case.lab.plan.machine(case.machine).address.ip
        _nft(case, _RULES.format(table=_table(case), port=case.machine, address=address))

    def undo(self, case: Case) -> None:
        """Take the rules away; the first line makes the second succeed where there are none."""
        _nft(case, f"add table netdev {_table(case)}\ndelete table netdev {_table(case)}\n")


def _table(case: Case) -> str:
    return "blackhole_" + case.machine.replace("-", "_")


def _nft(case: Case, rules: str) -> None:
    """The machines' own nft, run in the switch."""
    root = str(case.lab.materials.root_file_system)
    with linux.inside_network(case.lab.state.network(wire.SWITCH)):
        argv = ["chroot", root, "/usr/sbin/nft", "-f", "-"]
        done = subprocess.run(argv, input=rules, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise FaultError(f"this kernel does not filter at a port (nf_tables, netdev): {done.stderr.strip()}")
