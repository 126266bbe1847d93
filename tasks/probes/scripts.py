"""The shell scripts of the three vantage points' questions; every answer comes back under its own name."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

from tasks.preflight.paths import OWNERS
from tasks.preflight.script import PRELUDE
from tasks.probes.path import WRITE_OUT

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from tasks.probes.targets import Target

CONNECT_S, ANSWER_S = 3, 6
"""Seconds for a connection, and for the whole answer."""


def host_script(targets: Iterable[Target], names: Iterable[str], address: str, strangers: Mapping[str, str]) -> str:
    """
    Ask everything that only a host can tell, side by side; as root, for ARP and the rules of its firewall.

    Arguments:
        address: the host's own, whose interface's MAC is asked for
        strangers: the VIPs of other clusters for which ARP is asked: cluster to address

    """
    asks = [
        _job(target.key, "curl", "-ksS", "--noproxy", "*", "--connect-timeout", str(CONNECT_S), "-m", str(ANSWER_S))
        + f" -w {shlex.quote(WRITE_OUT)} {shlex.quote(target.url)} &"
        for target in targets
    ]
    asks += [_job(f"name/{name}", "getent", "ahostsv4", name) + " &" for name in names]
    asks += [f"job arp/{cluster} owners {vip} &" for cluster, vip in strangers.items()]
    alone = "job mac mac &\njob chains chains &\nwait\njob neighbours ip neigh"
    return "\n".join([PRELUDE, f"own={address}", OWNERS, _OF_THE_HOST, *asks, alone])


_OF_THE_HOST = r"""
mac() { cat "/sys/class/net/$(ip -o -4 address show to "$own" | awk '{print $2; exit}')/address"; }
chains() {
  rules=$(iptables-save -t nat 2>&1) || { echo "$rules"; return 2; }
  printf '%s\n' "$rules" | grep -c -E '^:KUBE-(SERVICES|SVC-|SEP-)'
}
"""
"""The MAC of the interface on the LAN, and how many chains of kube-proxy there are; a missing tool is no zero."""


def pod_script(targets: Iterable[Target], names: Iterable[str], service: str) -> str:
    """
    Ask everything that a pod can tell, side by side, with BusyBox alone.

    Arguments:
        service: URL of the cluster's own probe, by its cluster-internal name

    """
    asks = [_wget(target.key, target.url) for target in targets]
    asks.append(_wget("service", service))
    asks += [_job(f"name/{name}", "timeout", str(ANSWER_S), "nslookup", name) + " &" for name in names]
    return "\n".join([PRELUDE, *asks, "wait"])


def _wget(key: str, url: str) -> str:
    # its own -T is missing from some builds of BusyBox
    argv = ("timeout", str(ANSWER_S), "wget", "-S", "-Y", "off", "--no-check-certificate", "-O", "-", url)
    return _job(key, *argv) + " &"


def _job(name: str, *argv: str) -> str:
    return f"job {shlex.quote(name)} {shlex.join(argv)}"
