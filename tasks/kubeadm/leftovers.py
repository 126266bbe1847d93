"""What a cluster leaves on its host: looked for by name, judged empty or not."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tasks.kubeadm.state import FOLDER
from tasks.model.command import Command
from tasks.model.finding import Finding, Row, Verdict

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tasks.fleet.model import Cluster, Fleet

LEFTOVERS: Mapping[str, str] = {
    "links": r"ip -o link show | sed -nE 's/^[0-9]+: (cilium_[a-z]+|lxc[^:@]*)[:@].*/\1/p'",
    "filters": r"""for dev in $(ls /sys/class/net); do for way in ingress egress; do
  tc filter show dev "$dev" $way 2>/dev/null | sed -nE "s/.* (cil_[a-z_]+)[-:. ].*/$dev $way \1/p"; done; done""",
    "pins": "ls -d /sys/fs/bpf/cilium /sys/fs/bpf/tc/globals/cilium_* 2>/dev/null",
    "chains": r"""for save in iptables-save ip6tables-save; do $save 2>/dev/null |
  sed -nE "s/^:((OLD_)?CILIUM_[^ ]*|KUBE-[^ ]*) .*/${save%-save} \1/p"; done""",
    "sets": "ipset list -n 2>/dev/null | grep ^cilium_",
    "rules": r"ip rule show | grep -E 'lookup (2004|2005)|fwmark 0x(200|a00)/0xf00|^100:.*lookup local'",
    "cni": "ls -d /etc/cni/net.d/*cilium* /etc/cni/net.d/*fleet-reset* 2>/dev/null",
    "netns": "ls -d /run/netns/cni-* 2>/dev/null",
    "mounts": r"""awk '$2 ~ "^/var/lib/kubelet/|^/run/cilium" {print $2}' /proc/self/mounts""",
    "processes": "ps -eo comm= | grep -xE 'kubelet|kube-[a-z-]+|etcd|cilium-[a-z-]+|coredns' | sort -u",
    "containers": "timeout 10 ctr -n k8s.io containers list -q 2>/dev/null | cut -c1-12",
    "files": f"""ls -d {FOLDER} /etc/kubernetes/*.conf /etc/kubernetes/manifests/* /etc/kubernetes/pki \\
  /var/lib/etcd/* /var/lib/kubelet/config.yaml /var/lib/kubelet/pki /var/lib/kubelet/pods/* \\
  /var/lib/cilium /run/cilium /etc/sysctl.d/99-zzz-override_cilium.conf 2>/dev/null""",
}
"""What is looked for, and the command that names every piece of it that is there; nothing printed is nothing left."""

SCAN = Command.script(
    "\n".join(f"echo '[{what}]'\n{{ {command}\n}} || :" for what, command in LEFTOVERS.items()) + "\necho '[end]'",
    timeout_s=60,
    sudo=True,
)


def rows_of(fleet: Fleet) -> tuple[Row, ...]:
    """One row per kind of leftover and host."""
    return tuple(Row(f"leftover.{what}", cluster.name) for cluster in fleet.clusters for what in LEFTOVERS)


def parse_scan(text: str) -> dict[str, tuple[str, ...]]:
    """
    Read the answer to ``SCAN``: kind of leftover to the pieces found.

    Raises:
        ValueError: the scan did not come to its end

    """
    found: dict[str, list[str]] = {}
    kind = ""
    for line in text.splitlines():
        if line.startswith("[") and line.endswith("]"):
            kind = line[1:-1]
            found[kind] = []
        elif line.strip() and kind:
            found[kind].append(line.strip())
    if "end" not in found or set(LEFTOVERS) - set(found):
        raise ValueError(f"the scan for leftovers was cut after {kind or 'nothing'}")
    return {what: tuple(found[what]) for what in LEFTOVERS}


def judge_leftovers(cluster: Cluster, found: Mapping[str, tuple[str, ...]]) -> tuple[Finding, ...]:
    """One finding per kind; anything left is a FAIL that names it."""
    return tuple(_judge(cluster, what, pieces) for what, pieces in found.items())


def _judge(cluster: Cluster, what: str, pieces: tuple[str, ...]) -> Finding:
    row = Row(f"leftover.{what}", cluster.name)
    if not pieces:
        return Finding(row=row, verdict=Verdict.PASS, observed="none")
    return Finding(
        row=row,
        verdict=Verdict.FAIL,
        observed=f"{len(pieces)} left: {', '.join(pieces[:8])}" + (" ..." if len(pieces) > 8 else ""),  # noqa: PLR2004
        wanted="none",
        remedy=f"python runbooks/reset_cluster.py {cluster.name}; what stays after that: reboot the host",
        evidence=pieces,
    )
