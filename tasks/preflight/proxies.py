"""Which proxy a Go program would take to an address. Mirrors golang.org/x/net/http/httpproxy, for addresses only."""

from __future__ import annotations

from ipaddress import AddressValueError, IPv4Address, IPv4Network, NetmaskValueError
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping


def proxy_for(target: IPv4Address, variables: Mapping[str, str]) -> str:
    """
    Tell through whom HTTPS goes to ``target``.

    Arguments:
        variables: lower-case names: ``https_proxy``, ``no_proxy`` ...

    Returns:
        the proxy's URL; empty where the way is direct

    """
    proxy = variables.get("https_proxy", "")
    if not proxy or target.is_loopback:
        return ""
    exceptions = (one.strip() for one in variables.get("no_proxy", "").split(","))
    return "" if any(_covers(one, target) for one in exceptions) else proxy


def _covers(exception: str, target: IPv4Address) -> bool:
    if exception == "*":
        return True
    try:
        return target in IPv4Network(exception, strict=False)
    except (AddressValueError, NetmaskValueError, ValueError):
        return exception.partition(":")[0] == str(target)
