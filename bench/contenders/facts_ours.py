"""The product's own fact gathering: open the inventory, ask every host, print the parsed facts as JSON."""

from __future__ import annotations

import json
import sys
from dataclasses import fields, is_dataclass
from typing import TYPE_CHECKING, Any

from tasks import open_nornir
from tasks.preflight.facts import gather_facts
from tasks.preflight.values import Unknown
from tasks.transport.shell_of import shell_of

if TYPE_CHECKING:
    from nornir.core.task import Result, Task


def ask(task: Task) -> Result:
    """Gather the facts of one host."""
    from nornir.core.task import Result  # noqa: PLC0415  open_nornir has imported it by now

    return Result(host=task.host, result=gather_facts(shell_of(task), task.nornir.inventory.defaults.data["fleet"]))


def plain(value: Any) -> Any:
    """A value as JSON knows it; sets and addresses as lists and strings."""
    if is_dataclass(value):
        return {field.name: plain(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, dict):
        return {str(key): plain(one) for key, one in value.items()}
    if isinstance(value, (tuple, list, set, frozenset)):
        return [plain(one) for one in value]
    return value if isinstance(value, (str, int, float, bool, type(None))) else str(value)


def known(facts: Any) -> dict[str, Any]:
    """Every section whose answer could be read."""
    values = {field.name: getattr(facts, field.name) for field in fields(facts)}
    return {name: plain(value) for name, value in values.items() if not isinstance(value, Unknown)}


def main() -> int:
    """Exit code 1 where a host was not reached."""
    nornir = open_nornir()
    result = nornir.run(task=ask)
    nornir.close_connections()
    for host in result.failed_hosts:
        print(host, result[host][0].exception, file=sys.stderr)
    json.dump({host: known(one[0].result) for host, one in result.items() if not one.failed}, sys.stdout)
    return 1 if result.failed else 0


if __name__ == "__main__":
    sys.exit(main())
