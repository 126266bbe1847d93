"""Whose machine answers for an address, and whether all agree."""

from __future__ import annotations

import pytest

from tasks.fleet.load import load_fleet
from tasks.model.finding import Verdict
from tasks.probes.wire import WireView, judge_vip, read_view, strangers_of
from tests.unit.onsite import ROOT

FLEET = load_fleet(ROOT / "inventory")
NODE, OTHER, STRANGER = "02:00:c0:a8:65:c4", "02:00:c0:a8:65:c2", "0a:00:00:00:00:66"
CLUSTER = FLEET.cluster("cluster-02")


def views(*answers: tuple[str, ...], mac: str = NODE) -> dict[str, WireView]:
    """What cluster-02's host and up to two others saw."""
    seen = {"cluster-02": WireView(mac=mac, arp={}), "cluster-01": WireView(mac=OTHER, arp={})}
    for name, macs in zip(("cluster-03", "cluster-04"), answers, strict=False):
        seen[name] = WireView(mac="", arp={"cluster-02": macs})
    return seen


@pytest.mark.parametrize(
    ("seen", "verdict", "said"),
    [
        (views((NODE,), (NODE,)), Verdict.PASS, f"seen from cluster-03: {NODE} (cluster-02) answers"),
        (views((NODE,), ()), Verdict.FAIL, "seen from cluster-04: dead: nobody answers"),
        (views((), ()), Verdict.FAIL, "dead: nobody answers"),
        (views((OTHER,), (NODE,)), Verdict.FAIL, f"foreign: {OTHER} (cluster-01) answers"),
        (views((STRANGER,), (STRANGER,)), Verdict.FAIL, f"foreign: {STRANGER} (no host of the fleet) answers"),
        (views((NODE, STRANGER), (NODE,)), Verdict.FAIL, "duplicate:"),
        (views((NODE,), mac=""), Verdict.ERROR, "the node's MAC is not known"),
        (views(), Verdict.ERROR, "no other machine could ask"),
    ],
)
def test_every_machine_has_to_see_the_nodes_mac(seen: dict[str, WireView], verdict: Verdict, said: str) -> None:
    """Dead, foreign and duplicate are different faults; what was not asked is no success."""
    finding = judge_vip(CLUSTER, seen)
    assert finding.verdict is verdict
    assert said in finding.observed


def test_the_operators_machine_counts_where_no_host_could_ask() -> None:
    """Its kernel has the MAC of what it spoke to."""
    assert judge_vip(CLUSTER, views(), seen_here=NODE).verdict is Verdict.PASS
    assert judge_vip(CLUSTER, views(), seen_here=STRANGER).verdict is Verdict.FAIL


ARPING = """\
ARPING 192.168.101.211 from 192.168.101.197 eth0
Unicast reply from 192.168.101.211 [02:00:C0:A8:65:C4]  0.612ms
Unicast reply from 192.168.101.211 [0A:00:00:00:00:66]  0.702ms
Unicast reply from 192.168.101.211 [02:00:C0:A8:65:C4]  0.590ms
Sent 2 probes (2 broadcast(s))
Received 3 response(s)
"""


def test_a_view_leaves_out_what_could_not_be_asked() -> None:
    """Everybody who answered is named once; an arping that failed is missing, not empty."""
    answers = {"arp/cluster-02": (0, ARPING), "arp/cluster-01": (127, "not found"), "mac": (0, "02:00:C0:A8:65:C5\n")}
    view = read_view(answers, ("cluster-01", "cluster-02"))
    assert view.mac == "02:00:c0:a8:65:c5"
    assert view.arp == {"cluster-02": tuple(sorted((NODE, STRANGER)))}
    assert read_view({}, ("cluster-01",)) == WireView(mac="", arp={})


def test_every_address_is_asked_for_by_two_others() -> None:
    """Round about: each host asks for two, each VIP is asked for by two, nobody for its own."""
    asked = [(asker.name, asked) for asker in FLEET.clusters for asked in strangers_of(FLEET, asker)]
    assert sorted(name for _, name in asked) == sorted([cluster.name for cluster in FLEET.clusters] * 2)
    assert all(asker != name for asker, name in asked)
