"""More SSH endpoints than machines: further addresses on the lab's machines, in a network meant for measuring."""

from collections.abc import Iterator
from contextlib import contextmanager
from ipaddress import IPv4Address
from pathlib import Path

from bench.seat import Ground
from lab import wire
from lab.credentials import Credentials
from lab.wire import namespaces

# RFC 2544, section C.2.2: reserved for benchmarks of interconnected devices, so it is no site's
_NETWORK = IPv4Address("198.18.0.0")
_PREFIX = 15
_SEAT = IPv4Address("198.19.255.254")
_PER_MACHINE = 256


def spread_over(machines: tuple[str, ...], count: int) -> list[tuple[str, str, IPv4Address]]:
    """``count`` endpoints: name, the machine that carries it, address; all machines carry as many, give or take one."""
    found = []
    for number in range(count):
        place, turn = number % len(machines), number // len(machines)
        address = _NETWORK + place * _PER_MACHINE + turn + 1
        found.append((f"{machines[place]}-{turn + 1:03}", machines[place], address))
    return found


@contextmanager
def aliases(ground: Ground, count: int) -> Iterator[list[tuple[str, str, IPv4Address]]]:
    """Endpoints as ``spread_over`` says, reachable from the operator's seat until the block ends."""
    endpoints = spread_over(tuple(machine.name for machine in ground.plan.machines), count)
    try:
        _change(ground, endpoints, "replace")
        yield endpoints
    finally:
        # the last first: with the first address of a network the kernel takes all others of it away
        _change(ground, endpoints[::-1], "delete")


def write_known_hosts(ground: Ground, endpoints: list[tuple[str, str, IPv4Address]], file: Path) -> None:
    """Every endpoint has the host keys of its machine."""
    credentials = Credentials(ground.state.secrets)
    keys = {machine.name: credentials.host_keys(machine.name) for machine in ground.plan.machines}
    lines = [
        f"{address} {' '.join(key.public.split()[:2])}\n" for _, machine, address in endpoints for key in keys[machine]
    ]
    file.write_text("".join(lines))


def _change(ground: Ground, endpoints: list[tuple[str, str, IPv4Address]], verb: str) -> None:
    namespaces.ip(ground.state.network(wire.SEAT), [f"address {verb} {_SEAT}/{_PREFIX} dev lan0"])
    for machine in ground.plan.machines:
        mine = [f"address {verb} {address}/{_PREFIX} dev eth0" for _, on, address in endpoints if on == machine.name]
        namespaces.ip(ground.state.network(machine.name), mine)
