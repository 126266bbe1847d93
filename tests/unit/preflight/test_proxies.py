"""Which proxy Go programs would take, and that no password of one is shown."""

from __future__ import annotations

from ipaddress import IPv4Address

import pytest

from tasks.preflight.parse_network import mask_userinfo, parse_proxies
from tasks.preflight.proxies import proxy_for

PROXY = "http://proxy.example:3128"


@pytest.mark.parametrize(
    ("exceptions", "through"),
    [
        ("", PROXY),
        ("10.96.0.0/12", ""),
        ("localhost, 10.96.0.1 ,example.com", ""),
        ("10.96.0.1:443", ""),
        ("10.97.0.0/16", PROXY),
        (".svc,.cluster.local", PROXY),
        ("*", ""),
    ],
)
def test_exceptions_are_understood_as_go_does(exceptions: str, through: str) -> None:
    """Addresses, networks and the star count; names say nothing about an address."""
    target = IPv4Address("10.96.0.1")
    assert proxy_for(target, {"https_proxy": PROXY, "no_proxy": exceptions}) == through


def test_without_a_proxy_the_way_is_direct() -> None:
    """An http proxy alone does not carry HTTPS."""
    assert proxy_for(IPv4Address("10.96.0.1"), {"http_proxy": PROXY}) == ""


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("http://user:s3cret@proxy:3128", "http://***@proxy:3128"),
        ("user:s3cret@proxy:3128", "***@proxy:3128"),
        ("http://proxy:3128", "http://proxy:3128"),
    ],
)
def test_passwords_of_proxies_are_hidden(url: str, shown: str) -> None:
    """User and password vanish before anybody sees the value."""
    assert mask_userinfo(url) == shown
    assert parse_proxies(f"HTTPS_PROXY={url}\nPATH=/bin\nno_proxy=\n") == {"https_proxy": shown}
