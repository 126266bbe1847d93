"""VIPs on the wire: free, announced by their own cluster, taken by a stranger, or claimed twice."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tasks.model.finding import Row, Verdict
from tasks.preflight.checks_vips import vip_findings, vip_rows
from tasks.preflight.paths import HostPaths
from tasks.preflight.values import Unknown
from tasks.preflight.values_services import Admin, Link, Probe
from tests.unit.preflight.recordings import fleet

FLEET = fleet()
HOSTS = tuple(cluster.name for cluster in FLEET.clusters)
VIP = {cluster.name: str(cluster.vip.address) for cluster in FLEET.clusters}
MAC = {host: f"02:00:c0:a8:65:0{number}" for number, host in enumerate(HOSTS, start=1)}
STRANGER = "52:54:00:12:34:56"
SILENCE = Probe(ok=True, output="ARPING\nSent 2 probes (2 broadcast(s))\nReceived 0 response(s)")


def answered(address: str, *macs: str) -> Probe:
    """What iputils' arping prints of answers."""
    lines = [f"Unicast reply from {address} [{mac.upper()}]  0.600ms" for mac in macs]
    return Probe(ok=True, output="\n".join(["ARPING", *lines, f"Received {len(macs)} response(s)"]))


def scene(heard: dict[str, tuple[str, ...]] | None = None, *, ours: tuple[str, ...] = ()) -> dict[str, HostPaths]:
    """All four hosts; ``heard`` is VIP to the MACs that answer for it, ``ours`` the hosts with a cluster of ours."""
    return {
        cluster.name: HostPaths(
            links=(Link(name="eth0", mac=MAC[cluster.name], mtu=1500, kind="", up=True, addresses=()),),
            admin=Admin(name=cluster.name, server=cluster.api, ca="") if cluster.name in ours else None,
            probes={"ssh/neighbour:22": Probe(ok=True, output="SSH-2.0")}
            | {
                f"arp/{vip}": answered(vip, *(heard or {})[vip]) if vip in (heard or {}) else SILENCE
                for vip in VIP.values()
            },
        )
        for cluster in FLEET.clusters
    }


def judged(paths: dict[str, HostPaths]) -> dict[str, tuple[Verdict, str]]:
    """Cluster to verdict and words."""
    return {one.row.target: (one.verdict, one.observed) for one in vip_findings(paths, FLEET, {})}


def test_silence_heard_by_three_others_is_free() -> None:
    """Every declared row passes before anything is installed."""
    findings = vip_findings(scene(), FLEET, {})
    assert [finding.row for finding in findings] == list(vip_rows(FLEET))
    assert {finding.verdict for finding in findings} == {Verdict.PASS}
    assert findings[0].observed == "192.168.101.210 is free: nobody answered cluster-02, cluster-03, cluster-04"


def test_a_stranger_is_named_by_its_mac_and_by_who_heard_it() -> None:
    """Only the VIP that is taken turns red."""
    got = judged(scene({VIP["cluster-02"]: (STRANGER,)}))
    assert got.pop("cluster-02") == (
        Verdict.FAIL,
        f"192.168.101.211 is taken by {STRANGER} (none of the hosts that were asked), heard by {', '.join(HOSTS)}",
    )
    assert {verdict for verdict, _ in got.values()} == {Verdict.PASS}


def test_our_own_cluster_may_announce_its_vip() -> None:
    """A second run over finished clusters is green."""
    got = judged(scene({vip: (MAC[host],) for host, vip in VIP.items()}, ours=HOSTS))
    assert {verdict for verdict, _ in got.values()} == {Verdict.PASS}
    assert got["cluster-01"][1].startswith(f"{VIP['cluster-01']} is announced by {MAC['cluster-01']} (cluster-01)")


def test_a_bare_host_that_holds_its_vip_already_is_red() -> None:
    """An alias address left on the host would shadow what Cilium announces."""
    verdict, said = judged(scene({VIP["cluster-03"]: (MAC["cluster-03"],)}))["cluster-03"]
    assert verdict is Verdict.FAIL
    assert "cluster-03" in said


def test_another_hosts_mac_is_a_stranger_with_a_name() -> None:
    """Two clusters with swapped VIPs are found."""
    verdict, said = judged(scene({VIP["cluster-01"]: (MAC["cluster-04"],)}, ours=HOSTS))["cluster-01"]
    assert verdict is Verdict.FAIL
    assert "(cluster-04)" in said


def test_two_machines_for_one_vip_are_red_even_if_one_is_right() -> None:
    """Both MACs are named."""
    verdict, said = judged(scene({VIP["cluster-01"]: (MAC["cluster-01"], STRANGER)}, ours=HOSTS))["cluster-01"]
    assert verdict is Verdict.FAIL
    assert "is answered by two machines: " in said
    assert MAC["cluster-01"] in said
    assert STRANGER in said


def test_a_stranger_heard_by_one_host_alone_is_enough() -> None:
    """A switch may carry the answer to one port only."""
    paths = scene()
    loud = scene({VIP["cluster-02"]: (STRANGER,)})
    assert judged(paths | {"cluster-04": loud["cluster-04"]})["cluster-02"][0] is Verdict.FAIL


def test_silence_heard_by_one_other_host_is_not_believed() -> None:
    """With a limit to two hosts there is one witness per VIP: WARN, and the others are not judged at all."""
    paths = {host: one for host, one in scene().items() if host in {"cluster-01", "cluster-02"}}
    got = judged(paths)
    assert set(got) == {"cluster-01", "cluster-02"}
    assert {verdict for verdict, _ in got.values()} == {Verdict.WARN}


HEARS = {"ssh/neighbour:22": Probe(ok=True, output="SSH-2.0")}
DEAF: dict[str, Unknown | dict[str, Probe]] = {
    "cut short": Unknown("the script ended inside `probes`"),
    "not asked": HEARS,
    "no arping": HEARS
    | {f"arp/{vip}": Probe(ok=False, output="", reason="arping: not found", asked=False) for vip in VIP.values()},
    "arping died": HEARS | {f"arp/{vip}": Probe(ok=True, output="ARPING 192.168.101.210") for vip in VIP.values()},
    "hears nobody": {f"arp/{vip}": SILENCE for vip in VIP.values()},
}


@pytest.mark.parametrize("probes", DEAF.values(), ids=list(DEAF))
def test_deaf_hosts_prove_nothing(probes: Unknown | dict[str, Probe]) -> None:
    """Where nobody could listen the row is an ERROR, never a PASS."""
    paths = {host: HostPaths(links=one.links, admin=one.admin, probes=probes) for host, one in scene().items()}
    assert {verdict for verdict, _ in judged(paths).values()} == {Verdict.ERROR}


def test_a_foreign_cluster_does_not_announce_for_ours() -> None:
    """The right MAC from a host whose admin.conf speaks of another cluster is a stranger's."""
    paths = scene({VIP["cluster-01"]: (MAC["cluster-01"],)}, ours=HOSTS)
    findings = vip_findings(paths, FLEET, {"cluster-01": "another CA"})
    assert {one.row: one.verdict for one in findings}[Row("vip.free", "cluster-01")] is Verdict.FAIL


def test_whose_cluster_it_is_has_to_be_known() -> None:
    """The right MAC proves nothing while admin.conf could not be read."""
    paths = scene({VIP["cluster-01"]: (MAC["cluster-01"],)}, ours=HOSTS)
    paths["cluster-01"] = replace(paths["cluster-01"], admin=Unknown("cut short"))
    assert judged(paths)["cluster-01"][0] is Verdict.ERROR
