"""Read what probes of one host found."""

from __future__ import annotations

import re

from tasks.preflight.script import NO_PROGRAM, jobs
from tasks.preflight.values_services import Probe

_REASONS = (
    ("Connection refused", "refused"),
    ("No route to host", "unreachable (nobody answers ARP, or a firewall rejects)"),
    ("Network is unreachable", "unreachable (no route)"),
    ("Name or service not known", "its name does not resolve"),
    ("Temporary failure in name resolution", "its name does not resolve"),
    ("Connection reset", "reset"),
)
_TIMED_OUT = 124
"""``timeout`` ended the program: no connection came about."""

_SAID_NOTHING = 142
"""``read -t`` of bash ran out: connected, and no line came."""

_SUMMARY = re.compile(r"^(Received \d+ response|\d+ packets transmitted)", re.MULTILINE)
_MAC = re.compile(r"\b(?:[0-9a-f]{1,2}:){5}[0-9a-f]{1,2}\b", re.IGNORECASE)


def parse_probes(text: str) -> dict[str, Probe]:
    """Read one job per probe."""
    return {name: _probe(code, output) for name, (code, output) in jobs(text).items()}


def _probe(code: int, output: str) -> Probe:
    if code == 0:
        return Probe(ok=True, output=output)
    return Probe(ok=False, output=output, reason=_reason(code, output), asked=code != NO_PROGRAM)


def _reason(code: int, output: str) -> str:
    """Refused, timed out and unreachable point to different layers, so each gets its own word."""
    if code == _TIMED_OUT:
        return "timed out"
    if code == _SAID_NOTHING:
        return "accepts connections and says nothing"
    for said, reason in _REASONS:
        if said in output:
            return reason
    last = output.strip().rpartition("\n")[2]
    return last or f"exited with {code}"


def parse_widest(output: str) -> tuple[int, int]:
    """Read the interface's MTU and the largest packet that got through; ValueError where it says neither."""
    mtu, largest = output.split()
    return int(mtu), int(largest)


def parse_macs(output: str) -> frozenset[str]:
    """
    Read the MACs in arping's replies, of iputils ("Unicast reply from A [MAC]") and of Habets ("from MAC (A)").

    Raises:
        ValueError: it did not come to its last line, so silence proves nothing

    """
    if not _SUMMARY.search(output):
        raise ValueError(f"arping did not finish: {output.strip()[-60:]!r}")
    replies = (line for line in output.splitlines() if "from" in line and ("reply" in line or "bytes" in line))
    return frozenset(
        ":".join(f"{int(octet, 16):02x}" for octet in mac.split(":")) for line in replies for mac in _MAC.findall(line)
    )
