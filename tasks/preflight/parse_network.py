"""Read what a host says of its network. Text in, values out; ``ValueError`` where it cannot be read."""

from __future__ import annotations

import json
import re
from ipaddress import IPv4Address, IPv4Interface, IPv4Network
from typing import Any

from tasks.preflight.script import NO_PROGRAM, jobs, shown
from tasks.preflight.values_services import Link, Listener, Resolved, Route

_PROXY_KEYS = ("http_proxy", "https_proxy", "no_proxy", "all_proxy")
_HOLDER = re.compile(r'\("((?:[^"\\]|\\.)*)",pid=(\d+)')
_NOT_FOUND = 2
_TIMED_OUT = 124


def parse_listeners(text: str) -> tuple[Listener, ...]:
    """Read ``ss -Hlntup``: protocol, state, two queues, local and peer address, and the holders where root asks."""
    return tuple(_listener(line) for line in text.splitlines() if line.strip())


def _listener(line: str) -> Listener:
    fields = line.split(maxsplit=6)
    if len(fields) < len(("protocol", "state", "received", "sent", "local", "peer")):
        raise ValueError(f"{line!r} is no line of `ss -Hlntup`")
    address, _, port = fields[4].rpartition(":")
    holders = tuple((name, int(pid)) for name, pid in _HOLDER.findall(fields[6] if len(fields) > 6 else ""))  # noqa: PLR2004  the seventh field, where root asks
    return Listener(protocol=fields[0], address=address.strip("[]"), port=int(port), holders=holders)


def parse_links(text: str) -> tuple[Link, ...]:
    """Read ``ip -j -d address``; the loopback interface is left out."""
    return tuple(_link(entry) for entry in _entries(text) if entry.get("link_type") != "loopback")


def _link(entry: dict[str, Any]) -> Link:
    try:
        return Link(
            name=entry["ifname"],
            mac=str(entry.get("address", "")).lower(),
            mtu=int(entry["mtu"]),
            kind=entry.get("linkinfo", {}).get("info_kind", ""),
            up="UP" in entry["flags"],
            addresses=tuple(
                IPv4Interface(f"{info['local']}/{info['prefixlen']}")
                for info in entry.get("addr_info", ())
                if info.get("family") == "inet"
            ),
        )
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"an interface without {error}") from error


def parse_routes(text: str) -> tuple[Route, ...]:
    """Read ``ip -j -4 route``; routes that lead nowhere (blackhole, unreachable) have no device."""
    return tuple(_route(entry) for entry in _entries(text))


def _route(entry: dict[str, Any]) -> Route:
    try:
        to = "0.0.0.0/0" if entry["dst"] == "default" else entry["dst"]
        gateway = entry.get("gateway")
        return Route(to=IPv4Network(to), device=entry.get("dev", ""), gateway=IPv4Address(gateway) if gateway else None)
    except (KeyError, TypeError) as error:
        raise ValueError(f"a route without {error}") from error


def _entries(text: str) -> list[dict[str, Any]]:
    """Parse iproute2's JSON: a list of objects, nothing at all where there is none, some of them empty."""
    entries = json.loads(text) if text.strip() else []
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        raise ValueError("not a list of objects")
    return [entry for entry in entries if entry]


def parse_names(text: str) -> dict[str, Resolved]:
    """Read parallel ``getent ahostsv4 NAME``: address, socket type and canonical name per line."""
    return {name: _resolved(code, output) for name, (code, output) in jobs(text).items()}


def _resolved(code: int, output: str) -> Resolved:
    match code:
        case 0:
            return Resolved(addresses=frozenset(IPv4Address(line.split()[0]) for line in output.splitlines() if line))
        case _ if code == NO_PROGRAM:
            raise ValueError(output.strip())
        case _ if code == _NOT_FOUND:
            return Resolved(addresses=frozenset(), reason="the name is not known")
        case _ if code == _TIMED_OUT:
            return Resolved(addresses=frozenset(), reason="the resolver did not answer in time")
        case _:
            return Resolved(addresses=frozenset(), reason=f"getent exited with {code}: {output or 'no message'}")


def parse_nameservers(text: str) -> tuple[str, ...]:
    """Read the ``nameserver`` lines of /etc/resolv.conf (resolv.conf(5))."""
    lines = shown(text).get("/etc/resolv.conf") or ()
    fields = (line.split() for line in lines)
    return tuple(field[1] for field in fields if len(field) > 1 and field[0] == "nameserver")


def parse_proxies(text: str) -> dict[str, str]:
    """
    Read ``KEY=VALUE`` lines of a login's environment.

    Returns:
        lower-case variable to value; user and password in a URL are masked

    """
    found = {}
    for line in text.splitlines():
        key, equals, value = line.partition("=")
        if equals and value and key.lower() in _PROXY_KEYS:
            found[key.lower()] = mask_userinfo(value)
    return found


def mask_userinfo(url: str) -> str:
    """Hide what stands before the ``@`` of a URL's authority."""
    return re.sub(r"(^|//)[^/@\s]+@", r"\1***@", url)


def parse_firewall(text: str) -> bool:
    """Read ``ENABLED=`` of /etc/ufw/ufw.conf: is ufw switched on? Its unit is active even where it is not."""
    lines = shown(text).get("/etc/ufw/ufw.conf") or ()
    return any(line.partition("=")[2].strip().lower() == "yes" for line in lines)
