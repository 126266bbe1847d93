"""The LAN's DNS: CoreDNS on the gateway, authoritative for everything: it has the lab's names and forwards nothing."""

import secrets
import socket
import struct
from ipaddress import IPv4Address
from pathlib import Path

from lab import linux, wire
from lab.plan import LabPlan
from lab.services.daemon import Daemon
from lab.state import State

NAME = "dns"
_PORT = 53
_HEADER = struct.Struct(">HHHHHH")  # RFC 1035, 4.1.1
_RECURSION_DESIRED = 0x0100
_A_IN = struct.pack(">HH", 1, 1)
_POINTER = 0xC0  # RFC 1035, 4.1.4
_ANSWER_TTL_S = 5

_COREFILE = """\
.:{port} {{
    bind {address}
    file {zone} .
    errors
}}
"""
_ZONE = """\
. {ttl} IN SOA ns.lab. nobody.lab. 1 3600 600 86400 {ttl}
. {ttl} IN NS ns.lab.
ns.lab. {ttl} IN A {address}
{records}
"""


def zone(plan: LabPlan) -> str:
    """The root zone as the lab knows it (RFC 1035 master file): any other name is said not to exist, at once."""
    records = "\n".join(f"{name}. {_ANSWER_TTL_S} IN A {address}" for name, address in plan.records)
    return _ZONE.format(ttl=_ANSWER_TTL_S, address=plan.gateway.ip, records=records)


def daemon(plan: LabPlan, state: State, coredns: Path) -> Daemon:
    """CoreDNS over its two files, which are written now."""
    folder = state.services / NAME
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "zone").write_text(zone(plan))
    corefile = _COREFILE.format(port=_PORT, address=plan.gateway.ip, zone=folder / "zone")
    (folder / "Corefile").write_text(corefile)
    return Daemon(name=NAME, network=wire.GATEWAY, argv=(str(coredns), "-conf", str(folder / "Corefile")))


def answers(plan: LabPlan, state: State) -> bool:
    """Whether it resolves the lab's first name to the right address, asked from the operator's seat."""
    name, address = next(record for record in plan.records if not record[0].startswith("*"))
    with linux.inside_network(state.network(wire.SEAT)):
        return resolve(name, plan.gateway.ip) == address


def resolve(name: str, server: IPv4Address, timeout_s: float = 1.0) -> IPv4Address | None:
    """One A query over UDP; None where nothing, or no single address, comes back in time."""
    labels = b"".join(bytes([len(label)]) + label.encode() for label in name.split("."))
    question = labels + b"\0" + _A_IN
    query = _HEADER.pack(secrets.randbits(16), _RECURSION_DESIRED, 1, 0, 0, 0) + question
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
        client.settimeout(timeout_s)
        try:
            client.connect((str(server), _PORT))
            client.send(query)
            reply = client.recv(512)
        except OSError:
            return None
    try:
        return _single_address(query, reply)
    except (IndexError, ValueError):  # cut short
        return None


def _single_address(query: bytes, reply: bytes) -> IPv4Address | None:
    """The answer's one A record, whether it spells the name again or points back at the question."""
    if reply[:2] != query[:2] or reply[6:8] != b"\0\1":
        return None
    record = reply[_after_name(reply, len(query)) :]
    return IPv4Address(record[10:14]) if record[:4] == _A_IN and record[8:10] == b"\0\4" else None


def _after_name(message: bytes, start: int) -> int:
    """Where the name that starts there ends: after a pointer's two octets, or after the empty label."""
    while (length := message[start]) != 0:
        if length >= _POINTER:
            return start + 2
        start += 1 + length
    return start + 1
