"""Read raw answers of name servers (RFC 1035), printed by ``od`` as hexadecimal bytes."""

from __future__ import annotations

import re
import struct
from ipaddress import IPv4Address

from tasks.preflight.script import NO_PROGRAM, jobs
from tasks.preflight.values_services import NameServer

_HEADER = struct.Struct("!HHHHHH")
_RECORD = struct.Struct("!HHIH")
_QUESTION_TAIL = 4
_POINTER = 0xC0
_RESPONSE = 0x8000
_TYPE_A = 1
_TIMED_OUT = 124
_HEXADECIMAL = re.compile(r"(\s*[0-9a-f]{2})+\s*")


def parse_servers(text: str) -> dict[str, NameServer]:
    """Read one job per server."""
    return {server: _server(code, output) for server, (code, output) in jobs(text).items()}


def _server(code: int, output: str) -> NameServer:
    if code == NO_PROGRAM:
        raise ValueError(output.strip())
    if code == _TIMED_OUT:
        return NameServer(rcode=None, reason="no answer in time")
    if code != 0 or not _HEXADECIMAL.fullmatch(output):
        return NameServer(rcode=None, reason=output.strip().rpartition(": ")[2] or "no answer")
    return parse_message(bytes.fromhex(output))


def parse_message(message: bytes) -> NameServer:
    """Read one response; ValueError where it is none."""
    try:
        _, flags, questions, answers, _, _ = _HEADER.unpack_from(message)
        if not flags & _RESPONSE:
            raise ValueError("a question, not an answer")
        at = _HEADER.size
        for _ in range(questions):
            at = _past_name(message, at) + _QUESTION_TAIL
        addresses = []
        for _ in range(answers):
            at = _past_name(message, at)
            kind, _, _, length = _RECORD.unpack_from(message, at)
            at += _RECORD.size
            if kind == _TYPE_A:
                addresses.append(IPv4Address(message[at : at + length]))
            at += length
    except (struct.error, IndexError) as error:
        raise ValueError(f"a DNS message cut short: {error}") from error
    return NameServer(rcode=flags & 0xF, addresses=frozenset(addresses))


def _past_name(message: bytes, at: int) -> int:
    """The offset behind a name: labels up to the root, or up to a pointer that stands for the rest."""
    while (size := message[at]) and size & _POINTER != _POINTER:
        at += size + 1
    return at + (2 if size else 1)
