"""What leads somewhere else than it should, or nowhere, is found and named."""

from __future__ import annotations

import shutil
import subprocess
from contextlib import contextmanager
from typing import TYPE_CHECKING

from lab import linux, wire
from tests.lab.clusters.fleet import FLEET, NAMES, OTHERS, PAIR, PHASE, VICTIM

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.lab.harness import Lab
    from tests.lab.operator import Operator, Ran


def test_swapped_kubeconfigs_are_refused(deployed: Ran, operator: Operator) -> None:
    """Somebody swapped two clusters' kubeconfigs: nothing is written, and both rows say where the file leads."""
    assert deployed.code == 0
    two = ("--limit", ",".join(NAMES[:2]))
    one, other = (operator.state / "clusters" / cluster / "admin.conf" for cluster in NAMES[:2])
    for source, target in ((one, one.with_suffix(".kept")), (other, one), (one.with_suffix(".kept"), other)):
        shutil.copy2(source, target)
    try:
        ran = operator.run("full_deploy", "--only", PHASE, *two)
        applied = operator.run("full_deploy", "--only", "install-cilium", *two)
    finally:
        shutil.copy2(one, other.with_suffix(".swap"))
        shutil.copy2(one.with_suffix(".kept"), one)
        shutil.move(other.with_suffix(".swap"), other)
        one.with_suffix(".kept").unlink()
    assert ran.code == 1
    assert ran.changes() == []
    assert {f"kubeconfig.identity@{cluster}" for cluster in NAMES[:2]} < set(ran.red)
    assert {f"deploy.cilium@{cluster}" for cluster in NAMES[:2]} == set(applied.red)
    assert applied.changes() == []
    assert operator.run("full_deploy", "--only", PHASE, *two).code == 0


@contextmanager
def dropped(lab: Lab, frames: str) -> Iterator[None]:
    """A switch that inspects what passes, and drops some frames: an expression of nftables."""
    nft = ["chroot", str(lab.record.materials.root_file_system), "nft"]
    chain = f"type filter hook forward priority 0; {frames} drop;"
    rules = f"table bridge inspection {{ chain passing {{ {chain} }}; }}"
    with linux.inside_network(lab.state.network(wire.SWITCH)):
        subprocess.run([*nft, "-f", "-"], input=rules, text=True, check=True)
    try:
        yield
    finally:
        with linux.inside_network(lab.state.network(wire.SWITCH)):
            subprocess.run([*nft, "delete", "table", "bridge", "inspection"], check=True)


def test_a_foreigner_on_an_address_and_one_path_that_is_cut_are_told_apart(
    deployed: Ran, operator: Operator, lab: Lab
) -> None:
    """Two machines answer for one VIP, and one machine's packets to another VIP are lost: three cells, no other."""
    assert deployed.code == 0
    mine, other = FLEET.cluster(VICTIM), FLEET.cluster(OTHERS[0])
    path = f"ip saddr {mine.address} ip daddr {other.vip.address}"
    with lab.fault("foreign-vip", str(mine.vip.address)), dropped(lab, path):
        ran = operator.run("verify_reach", *PAIR)
    assert ran.code == 1
    cells = {f"reach.{vantage}.vip@{VICTIM}->{other.name}" for vantage in ("host", "pod")}
    assert set(ran.red) == {f"vip.arp@{VICTIM}", *cells}
    assert {ran.finding(cell)["observed"].partition(":")[0] for cell in cells} == {"ends at TCP"}
    observed = ran.finding(f"vip.arp@{VICTIM}")["observed"]
    assert "duplicate" in observed or "foreign" in observed
    assert ran.verdict(f"vip.lease@{VICTIM}") == "PASS"


def test_an_expired_certificate_is_the_one_cause_of_its_clusters_rows(
    deployed: Ran, operator: Operator, lab: Lab
) -> None:
    """The API server of one cluster is not trusted: that is named with its date, and no other cluster has a red row."""
    assert deployed.code == 0
    with lab.fault("expired-cert", VICTIM):
        ran = operator.run("verify_reach", *PAIR)
    assert (ran.code, set(ran.red)) == (1, {f"api.ready@{VICTIM}"})
    assert "certificate has expired" in ran.finding(f"api.ready@{VICTIM}")["observed"]


def test_an_address_that_died_under_its_lease_is_found(deployed: Ran, operator: Operator, lab: Lab) -> None:
    """Lease, assignment and agent look fine, but nobody is heard on the wire: the wire has the last word."""
    assert deployed.code == 0
    with dropped(lab, f"arp saddr ip {FLEET.cluster(VICTIM).vip.address}"):
        ran = operator.run("verify_reach", *PAIR)
    assert (ran.code, set(ran.red)) == (1, {f"vip.arp@{VICTIM}"})
    assert "dead: nobody answers" in ran.finding(f"vip.arp@{VICTIM}")["observed"]
    assert {ran.verdict(f"{check}@{VICTIM}") for check in ("vip.lease", "vip.assigned", "cilium.status")} == {"PASS"}
