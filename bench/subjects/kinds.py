"""
The facts that every contender has to bring home, in fourteen kinds.

Who gathers with one script per host runs the product's own, which asks for more than these. Who gathers kind by kind
runs one command for each.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import IPv4Address

from bench.model import BenchError


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """
    One kind of fact.

    Attributes:
        sections: of the product's fact script that hold it
        command: asks for it alone; runs as root
        evidence: regular expression that any true answer matches, raw or parsed; may name ``{name}``, ``{mac}`` and
            ``{store}``, so every other brace is doubled

    """

    name: str
    sections: tuple[str, ...]
    command: str
    evidence: str


_FOLDERS = "/var/lib/longhorn /var/lib/containerd /var/lib/kubelet /var/lib/etcd"
_UNITS = "containerd.service kubelet.service iscsid.service iscsid.socket multipathd.service firewalld.service"
_CLOCKS = "chrony.service chronyd.service systemd-timesyncd.service systemd-resolved.service ntp.service"

KINDS = (
    Kind(
        name="system",
        sections=("system",),
        command="cat /proc/sys/kernel/hostname /proc/sys/kernel/osrelease /etc/os-release /etc/machine-id",
        evidence=r"(?s)(?=.*{name}).*\b[0-9a-f]{{32}}\b",
    ),
    Kind(
        name="capacity",
        sections=("capacity",),
        command="grep -E '^(MemTotal|Cpus_allowed_list):' /proc/meminfo /proc/self/status",
        evidence=r"\b[0-9]{{4,}}\b",
    ),
    Kind(name="swap", sections=("swaps",), command="cat /proc/swaps", evidence=r"Filename|\[\]"),
    Kind(
        name="disks",
        sections=("disks",),
        command=f"stat -f -c %n,%i,%T,%S,%b,%a,%c,%d {_FOLDERS}",
        evidence=r"(?s)/var/lib/containerd.*[0-9]{{6,}}",
    ),
    Kind(name="modules", sections=("modules",), command="ls /sys/module", evidence=r"\bnf_conntrack\b"),
    Kind(
        name="sysctls",
        sections=("sysctls",),
        command=(
            "sysctl net.ipv4.ip_forward net.bridge.bridge-nf-call-iptables fs.inotify.max_user_watches "
            "fs.inotify.max_user_instances vm.max_map_count"
        ),
        evidence=r"(?s)ip_forward.*max_map_count",
    ),
    Kind(name="mounts", sections=("mounts",), command="cat /proc/self/mountinfo", evidence=r"/sys/fs/cgroup"),
    Kind(name="cgroups", sections=("cgroups",), command="cat /proc/cgroups", evidence=r"\bmemory\b"),
    Kind(name="listeners", sections=("listeners",), command="ss -Hlntup", evidence=r"\bsshd\b"),
    Kind(name="links", sections=("links",), command="ip -j -d address", evidence=r"{mac}"),
    Kind(name="routes", sections=("routes",), command="ip -j -4 route", evidence=r"\bdefault\b|\b0\.0\.0\.0/0\b"),
    Kind(
        name="names",
        sections=("names", "nameservers"),
        command="getent ahostsv4 {names}",
        evidence=r"\b{store}\b",
    ),
    Kind(
        name="units",
        sections=("units",),
        command=f"systemctl show -p Names,LoadState,ActiveState,UnitFileState,Environment {_UNITS} {_CLOCKS}",
        evidence=r"(?s)containerd\.service.*active",
    ),
    Kind(
        name="programs",
        sections=("programs", "containerd"),
        command=(
            "sh -c 'kubelet --version; kubeadm version -o short; kubectl version --client; ctr version; "
            "ctr plugins ls; containerd config dump'"
        ),
        evidence=r"\bv1\.[0-9]+\.[0-9]+|\"kubelet\": {{\"major\": 1,",
    ),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Expected:
    """What is known beforehand of one host, so that another host's answer, or none, is told from the true one."""

    name: str
    mac: str
    store: IPv4Address


def must_hold(expected: Expected, answers: Mapping[str, str]) -> None:
    """
    See that the answers of one host hold every kind of fact.

    Arguments:
        answers: kind to text

    Raises:
        BenchError: names every kind that is missing or not this host's

    """
    known = {"name": re.escape(expected.name), "mac": expected.mac, "store": re.escape(str(expected.store))}
    wrong = [kind.name for kind in KINDS if not re.search(kind.evidence.format(**known), answers.get(kind.name, ""))]
    if wrong:
        raise BenchError(f"{expected.name}: did not gather {', '.join(wrong)}")
