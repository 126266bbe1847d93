"""Pod and service networks of a fleet of any size, against an oracle that counts addresses."""

from __future__ import annotations

from ipaddress import IPv4Network
from itertools import combinations

from hypothesis import given
from hypothesis import strategies as st

from tasks.fleet.draft import Draft, Said
from tasks.fleet.rules.networks import networks_are_disjoint
from tasks.fleet.source import Place


def draft_of(networks: list[IPv4Network]) -> Draft:
    """One cluster per network, the line being its number."""
    said = [Said("pod_cidr", network, f"c{line}", Place("hosts", line)) for line, network in enumerate(networks)]
    return Draft(hosts={}, groups={}, said=tuple(said), plain={})


@st.composite
def any_network(draw: st.DrawFn) -> IPv4Network:
    """Any network of 10.0.0.0/8: few enough address bits that overlaps are common."""
    prefix = draw(st.integers(8, 28))
    bits = draw(st.integers(0, 2**24 - 1))
    return IPv4Network((10 << 24 | bits, prefix), strict=False)


@st.composite
def disjoint_networks(draw: st.DrawFn) -> list[IPv4Network]:
    """At most one network out of each /16."""
    seconds = draw(st.lists(st.integers(0, 255), unique=True, max_size=12))
    hosts = [
        (10 << 24 | second << 16 | draw(st.integers(0, 2**16 - 1)), draw(st.integers(16, 28))) for second in seconds
    ]
    return [IPv4Network(host, strict=False) for host in hosts]


def common(first: IPv4Network, second: IPv4Network) -> bool:
    """Whether an address is in both, by their first and last address."""
    return max(int(first[0]), int(second[0])) <= min(int(first[-1]), int(second[-1]))


@given(disjoint_networks())
def test_disjoint_networks_pass(networks: list[IPv4Network]) -> None:
    """Any set of networks without a common address is accepted."""
    assert list(networks_are_disjoint(draft_of(networks))) == []


@given(st.lists(any_network(), max_size=8))
def test_every_overlapping_pair_is_told(networks: list[IPv4Network]) -> None:
    """Each pair with a common address is one mistake, at the later line, naming the earlier; no other pair is."""
    wanted = [
        (second, first)
        for first, second in combinations(range(len(networks)), 2)
        if common(networks[first], networks[second])
    ]
    told = list(networks_are_disjoint(draft_of(networks)))
    assert sorted(mistake.line for mistake in told) == sorted(second for second, _ in wanted)
    for second, first in wanted:
        assert any(mistake.line == second and f"(hosts:{first})" in mistake.said for mistake in told)
