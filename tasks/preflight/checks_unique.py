"""What cloned machines have in common and must not: one row per host and identity, naming both owners."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from tasks.model.finding import Row
from tasks.preflight.judge import CouldNotJudge, bad, finding, good, known, moot, unjudged
from tasks.preflight.remedies import mend
from tasks.preflight.values import Unknown

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from tasks.model.finding import Finding
    from tasks.preflight.host_facts import HostFacts
    from tasks.preflight.judge import Judgement
    from tasks.preflight.values import Fact

_VIRTUAL = ("cilium_", "lxc", "veth", "docker", "br-", "virbr", "cni", "flannel", "cali")
"""Interfaces that software makes on every host alike; the same MAC on two of them meets nobody."""


def _hostnames(facts: HostFacts) -> frozenset[str]:
    return frozenset({known(facts.system).hostname})


def _machine_ids(facts: HostFacts) -> frozenset[str]:
    return frozenset({known(facts.system).machine_id} - {""})


def _product_uuids(facts: HostFacts) -> frozenset[str]:
    return frozenset({known(facts.system).product_uuid} - {""})


def _macs(facts: HostFacts) -> frozenset[str]:
    return frozenset(
        link.mac for link in known(facts.links) if link.mac.strip("0:") and not link.name.startswith(_VIRTUAL)
    )


UNIQUE: dict[str, tuple[Callable[[HostFacts], frozenset[str]], str, str]] = {
    "fleet.hostname": (_hostnames, "sudo hostnamectl set-hostname NAME", "uname -n"),
    "fleet.machine-id": (
        _machine_ids,
        "sudo rm /etc/machine-id /var/lib/dbus/machine-id; sudo systemd-machine-id-setup && sudo reboot",
        "cat /etc/machine-id",
    ),
    "fleet.product-uuid": (
        _product_uuids,
        "sudo dmidecode -s system-uuid  # give the clone a UUID of its own in the hypervisor",
        "sudo cat /sys/class/dmi/id/product_uuid",
    ),
    "fleet.mac": (_macs, "ip -br link  # give the clone a MAC of its own in the hypervisor", "ip -br link"),
}
"""Check to how the identity is read, how it is changed, and how it is seen."""


def unique_rows(hosts: Iterable[str]) -> tuple[Row, ...]:
    """One row per host and identity."""
    return tuple(Row(check, host) for host in hosts for check in UNIQUE)


def unique_findings(facts: Mapping[str, HostFacts]) -> tuple[Finding, ...]:
    """Compare all hosts that answered."""
    return tuple(finding for check in UNIQUE for finding in _compared(check, facts))


def _compared(check: str, facts: Mapping[str, HostFacts]) -> Iterable[Finding]:
    read, change, look = UNIQUE[check]
    owners: dict[str, list[str]] = defaultdict(list)
    values = {host: _read(read, one) for host, one in facts.items()}
    for host, found in values.items():
        for value in () if isinstance(found, Unknown) else found:
            owners[value].append(host)
    for host, found in values.items():
        if isinstance(found, Unknown):
            judgement = unjudged(found.reason)
        else:
            judgement = _judge(host, found, owners, mend(change, "identity"))
        yield finding(Row(check, host), judgement, wanted="no other host of the fleet has it", reproduce=look)


def _read(read: Callable[[HostFacts], frozenset[str]], facts: HostFacts) -> Fact[frozenset[str]]:
    try:
        return read(facts)
    except CouldNotJudge as error:
        return Unknown(str(error))


def _judge(host: str, values: frozenset[str], owners: Mapping[str, list[str]], remedy: str) -> Judgement:
    if not values:
        return moot("this machine has none")
    shared = {value: [other for other in owners[value] if other != host] for value in values}
    clashes = [f"{value} is also {' and '.join(others)}'s" for value, others in sorted(shared.items()) if others]
    return bad(f"{host}: {'; '.join(clashes)}", remedy) if clashes else good(", ".join(sorted(values)))
