"""Stock nornir_netmiko: one send_command per kind of fact on netmiko's interactive shell; prints JSON."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

from nornir import InitNornir
from nornir.core.task import Result, Task
from nornir_netmiko.tasks import netmiko_send_command


def gather(task: Task, commands: dict[str, str]) -> Result:
    """Every kind in turn, for a shell has one prompt."""
    answers = {
        kind: task.run(task=netmiko_send_command, command_string=f"sudo {command}", read_timeout=60, name=kind).result
        for kind, command in commands.items()
    }
    return Result(host=task.host, result=answers)


def main() -> int:
    """Exit code 1 where a host was not reached."""
    commands = json.loads(Path(os.environ["BENCH_COMMANDS"]).read_text())
    nornir = InitNornir(config_file=sys.argv[1])
    result = nornir.run(task=gather, commands=commands)
    nornir.close_connections()
    json.dump({host: one[0].result for host, one in result.items() if not one.failed}, sys.stdout)
    for host in result.failed_hosts:
        print(host, result[host][-1].exception, file=sys.stderr)
    return 1 if result.failed else 0


if __name__ == "__main__":
    sys.exit(main())
