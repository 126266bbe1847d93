"""
The product's own transport to many hosts: its connections through Nornir, one script each.

usage: scale_ours.py RUNNER SCRIPT FOLDER HOST=ADDRESS...
RUNNER is `config` for the one that nornir_config.yaml names, `runbook` for the one that every runbook walks its hosts
with. User, key and known hosts come from the environment, as the product reads it. Prints ``retries N``.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

from tasks import open_nornir
from tasks.model.command import Command
from tasks.transport.shell_of import shell_of

if TYPE_CHECKING:
    from nornir.core import Nornir
    from nornir.core.task import Result, Task

_TIMEOUT_S = 60.0
_DEADLINE_S = 600.0


def with_hosts(nornir: Nornir, targets: list[str]) -> Nornir:
    """The product's Nornir with other hosts, that are reached as its own would be."""
    from nornir.core import Nornir  # noqa: PLC0415  open_nornir has imported it by now
    from nornir.core.inventory import Groups, Host, Hosts, Inventory  # noqa: PLC0415  as above

    like = next(iter(nornir.inventory.hosts.values())).connection_options
    defaults = nornir.inventory.defaults
    named = (target.partition("=") for target in targets)
    hosts = Hosts(
        {
            name: Host(name=name, hostname=address, port=22, defaults=defaults, connection_options=dict(like))
            for name, _, address in named
        }
    )
    inventory = Inventory(hosts=hosts, groups=Groups(), defaults=defaults)
    return Nornir(inventory=inventory, runner=nornir.runner, config=nornir.config, data=nornir.data)


def ask(task: Task, script: str, folder: Path) -> Result:
    """Run the script as root and keep what it prints."""
    from nornir.core.task import Result  # noqa: PLC0415  as above

    shell = shell_of(task)
    said = shell.run(Command.script(script, timeout_s=_TIMEOUT_S, sudo=True)).must_succeed()
    (folder / task.host.name).write_text(said.stdout)
    return Result(host=task.host, result=getattr(shell, "attempts", 1))


def main() -> int:
    """Exit code 1 where a host was not reached."""
    runner, script, folder, *targets = sys.argv[1:]
    nornir = with_hosts(open_nornir(), targets)
    if runner == "runbook":
        from tasks.run.interrupt import Stop  # noqa: PLC0415  the other runner does not need it
        from tasks.run.runner import DeadlineRunner  # noqa: PLC0415  as above

        deadline_at = time.monotonic() + _DEADLINE_S
        nornir = nornir.with_runner(DeadlineRunner(deadline_at=deadline_at, stop=Stop(), last_seen=lambda _host: ""))
    result = nornir.run(task=ask, script=Path(script).read_text(), folder=Path(folder))
    nornir.close_connections()
    for host in result.failed_hosts:
        print(host, result[host][0].exception, file=sys.stderr)
    print("retries", sum(one[0].result - 1 for one in result.values() if not one.failed))
    return 1 if result.failed else 0


if __name__ == "__main__":
    sys.exit(main())
