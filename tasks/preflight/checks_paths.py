"""Judge whether every way from a host leads where it should: peers, packet sizes, S3, images."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tasks.model.finding import Row
from tasks.preflight.judge import CouldNotJudge, bad, fair, finding, good, known, unjudged
from tasks.preflight.object_store import LIVE
from tasks.preflight.parse_network import mask_userinfo
from tasks.preflight.parse_paths import parse_widest
from tasks.preflight.paths import Far, far_ends
from tasks.preflight.remedies import mend

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from tasks.fleet.model import Cluster, Fleet
    from tasks.model.finding import Finding
    from tasks.preflight.judge import Judgement, Wish
    from tasks.preflight.paths import HostPaths
    from tasks.preflight.values_services import Probe

    Judge = Callable[[Mapping[str, Probe], Far], Judgement]


def _probe(probes: Mapping[str, Probe], name: str) -> Probe:
    """One probe's answer, also where it failed; a probe that could not even start judges nothing."""
    if name not in probes:
        raise CouldNotJudge(f"no answer from the probe {name}")
    if not probes[name].asked:
        raise CouldNotJudge(probes[name].reason)
    return probes[name]


def greeted(probes: Mapping[str, Probe], far: Far) -> Judgement:
    """An SSH server says who it is before anybody logs in."""
    probe = _probe(probes, f"ssh/{far}")
    if probe.ok and probe.output.startswith("SSH-"):
        return good(probe.output.strip())
    said = f"something else greets: {probe.output[:60]!r}" if probe.ok else probe.reason
    return bad(f"{far} {said}", mend(f"ip route get {far.address}; ip neigh show {far.address}", "network"))


def unbroken(probes: Mapping[str, Probe], far: Far) -> Judgement:
    """A packet as large as the interface allows must arrive whole; else large answers vanish and small ones do not."""
    probe = _probe(probes, f"mtu/{far}")
    if not probe.ok:
        raise CouldNotJudge(probe.reason)
    try:
        mtu, largest = parse_widest(probe.output)
    except ValueError as error:
        raise CouldNotJudge(f"{probe.output[:60]!r} is no pair of sizes") from error
    if largest == 0:
        return bad("ping is not answered at all", mend(f"ping -c3 {far.address}", "network"))
    if largest < mtu:
        remedy = f"sudo ip link set DEVICE mtu {largest}  # or raise it on the way"
        return bad(
            f"packets up to {largest} bytes get through, the interface sends up to {mtu}", mend(remedy, "network")
        )
    return good(f"{mtu} bytes")


def alive(probes: Mapping[str, Probe], far: Far) -> Judgement:
    """The store's address is asked directly, so that a resolver's fault stays the resolver's."""
    probe = _probe(probes, f"s3/{far}")
    remedy = mend(f"curl -v http://{far}{LIVE}; ip route get {far.address}", "object-storage")
    if not probe.ok:
        return bad(f"{far} {probe.reason}", remedy)
    version, _, status = probe.output.strip().partition(" ")
    if not version.startswith("HTTP/") or status[:1] not in {"1", "2", "3", "4"}:
        return bad(f"answers {probe.output.strip()[:60]!r}", remedy)
    return good(probe.output.strip())


def images(probes: Mapping[str, Probe], far: Far) -> Judgement:
    """Kubeadm pulls what is missing; without a registry all but kube-proxy, which Cilium replaces, must be there."""
    listed, present = _probe(probes, "wanted"), _probe(probes, "present")
    if not (listed.ok and present.ok):
        raise CouldNotJudge(listed.reason or present.reason)
    wanted = {line for line in listed.output.split() if "/" in line and "/kube-proxy:" not in line}
    if not wanted:
        raise CouldNotJudge(f"kubeadm lists no image: {listed.output[:60]!r}")
    missing = sorted(wanted - set(present.output.split()))
    if not missing:
        return good(f"all {len(wanted)} are on the host")
    registry = _probe(probes, f"registry/{far}")
    if registry.ok:
        return good(f"{len(missing)} of {len(wanted)} will be pulled; {far} answers")
    remedy = mend("sudo kubeadm config images pull", "offline")
    said = f"{far} {registry.reason}, and {', '.join(missing)} are not on the host"
    if detours := mask_userinfo(_probe(probes, "detours").output.strip()):
        return fair(f"{said}; containerd may get them through {detours.replace(chr(10), ', ')}", remedy)
    return bad(said, remedy)


@dataclass(frozen=True, slots=True)
class PathCheck:
    """One kind of way: how it is judged, what is wanted, and what shows the same from a shell on the host."""

    check: str
    judge: Judge
    wanted: str
    reproduce: str


PATH_CHECKS = (
    PathCheck(
        "reach.host", greeted, "an SSH server's greeting", "timeout 4 bash -c 'head -1 </dev/tcp/{address}/{port}'"
    ),
    PathCheck("reach.mtu", unbroken, "packets of the interface's whole MTU", "ping -c3 -M do -s 1472 {address}"),
    PathCheck("reach.s3", alive, "an HTTP answer below 500", f"curl -I http://{{address}}:{{port}}{LIVE}"),
    PathCheck(
        "host.images",
        images,
        "kubeadm's images, or a registry that has them",
        "kubeadm config images list; sudo ctr -n k8s.io images ls -q; timeout 4 bash -c '</dev/tcp/{address}/{port}'",
    ),
)


def _ways(fleet: Fleet, cluster: Cluster) -> tuple[tuple[PathCheck, str, Far], ...]:
    """Every (check, peer, far end) that one host owes."""
    return tuple((check, peer, far) for check in PATH_CHECKS for peer, far in far_ends(check.check, fleet, cluster))


def path_rows(fleet: Fleet, cluster: Cluster) -> tuple[Row, ...]:
    """What one host owes: two rows per peer, one for S3, one for images."""
    return tuple(Row(check.check, cluster.name, peer) for check, peer, _ in _ways(fleet, cluster))


def path_findings(paths: HostPaths, wish: Wish) -> tuple[Finding, ...]:
    """Judge every way from one host."""
    return tuple(
        finding(
            Row(check.check, wish.cluster.name, peer),
            _judged(check, paths, far),
            wanted=check.wanted,
            reproduce=check.reproduce.format(address=far.address, port=far.port),
        )
        for check, peer, far in _ways(wish.fleet, wish.cluster)
    )


def _judged(check: PathCheck, paths: HostPaths, far: Far) -> Judgement:
    try:
        return check.judge(known(paths.probes), far)
    except CouldNotJudge as error:
        return unjudged(str(error))
