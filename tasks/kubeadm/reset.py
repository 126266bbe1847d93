"""Put a host back to where it was before its cluster: everything by name, nothing wholesale, SSH untouched."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tasks.kubeadm.attempt import CRI_SOCKET
from tasks.kubeadm.leftovers import SCAN, judge_leftovers, parse_scan, rows_of
from tasks.kubeadm.state import FOLDER, UNIT
from tasks.model.command import Command
from tasks.model.finding import Finding, Outcome, Row, Verdict, skipped
from tasks.run.change import Gate
from tasks.run.step import done
from tasks.transport.shell_of import shell_of

if TYPE_CHECKING:
    from nornir.core.task import Result, Task

    from tasks.fleet.model import Fleet
    from tasks.run.context import RunContext

RESET_ROW = "reset.host"

_STAND_IN = "/etc/cni/net.d/00-fleet-reset.conflist"
"""Pods cannot be removed through a network plugin whose agent is gone; the loopback plugin needs none."""

_CRI = f'cri() {{ timeout 60 crictl --runtime-endpoint {CRI_SOCKET} "$@"; }}'

KUBEADM_RESET = Command.script(
    f"""
{_CRI}
systemctl stop {UNIT} kubelet.service 2>/dev/null || :
# Cilium's agent would move every other plugin's configuration aside
for agent in $(cri ps -q --name '^cilium-agent$' 2>/dev/null); do cri stop --timeout 5 "$agent" >/dev/null; done
mkdir -p /etc/cni/net.d
echo '{{"cniVersion": "0.3.1", "name": "fleet-reset", "plugins": [{{"type": "loopback"}}]}}' > {_STAND_IN}
sleep 1  # containerd watches the folder
kubeadm reset --force --cri-socket {CRI_SOCKET}
""",
    timeout_s=240,
    sudo=True,
    mutates=True,
)

CLEAN = Command.script(
    rf"""
set -u
systemctl stop kubelet.service 2>/dev/null

{_CRI}
for pod in $(cri pods -q 2>/dev/null); do cri rmp -f "$pod" >/dev/null 2>&1; done
rm -f {_STAND_IN}*
for namespace in /run/netns/cni-*; do [ ! -e "$namespace" ] || ip netns delete "${{namespace##*/}}"; done

# Cilium moved the rule for local addresses behind its own: put it back first, so that no packet is lost
ip rule show | grep -q '^0:.*lookup local' || ip rule add pref 0 lookup local
while ip rule show | grep -q '^100:.*lookup local'; do ip rule del pref 100 lookup local || break; done
for table in 2004 2005; do
  while ip rule show | grep -q "lookup $table"; do ip rule del lookup $table || break; done
  ip route flush table $table 2>/dev/null
done

for link in $(ip -o link show | sed -nE 's/^[0-9]+: (cilium_[a-z]+|lxc[^:@]*)[:@].*/\1/p'); do
  ip link delete "$link" 2>/dev/null   # a veth's other end goes with it
done
for dev in $(ls /sys/class/net); do
  for way in ingress egress; do
    tc filter show dev "$dev" $way 2>/dev/null | sed -nE 's/.*pref ([0-9]+) bpf.* cil_.*/\1/p' | sort -u |
    while read -r pref; do tc filter del dev "$dev" $way pref "$pref"; done
  done
done
rm -rf /sys/fs/bpf/cilium /sys/fs/bpf/tc/globals/cilium_*

# only rules that lead into these chains, then the chains; every other rule stays as and where it is
clean_chains() {{
  "$1-save" 2>/dev/null | awk '
    /^\*/ {{ table = $1; n = 0; delete chains }}
    /^:(OLD_)?CILIUM_|^:KUBE-/ {{ chains[++n] = substr($1, 2) }}
    /^-A / {{
      ours = $2 ~ /^((OLD_)?CILIUM_|KUBE-)/
      if (!ours && $0 ~ / -j ((OLD_)?CILIUM_|KUBE-)/) {{ sub(/^-A/, "-D"); rules = rules $0 "\n" }}
    }}
    /^COMMIT/ {{
      if (n) {{
        printf "%s\n%s", table, rules
        for (i = 1; i <= n; i++) print "-F " chains[i]
        for (i = 1; i <= n; i++) print "-X " chains[i]
        print "COMMIT"
      }}
      rules = ""
    }}' | "$1-restore" --noflush
}}
for family in iptables ip6tables; do command -v $family-save >/dev/null && clean_chains $family; done
for set in $(ipset list -n 2>/dev/null | grep '^cilium_'); do ipset destroy "$set"; done

awk '$2 ~ "^/var/lib/kubelet/|^/run/cilium" {{print $2}}' /proc/self/mounts | sort -r | while read -r mount; do
  umount "$mount" || umount -l "$mount"
done

for conf in /etc/cni/net.d/*.cilium_bak; do [ ! -e "$conf" ] || mv "$conf" "${{conf%.cilium_bak}}"; done
rm -rf --one-file-system /etc/cni/net.d/*cilium* /etc/sysctl.d/99-zzz-override_cilium.conf /run/cilium /var/lib/cilium
rm -rf /etc/kubernetes/*.conf /etc/kubernetes/manifests/* /etc/kubernetes/pki /etc/kubernetes/tmp {FOLDER}
rm -rf --one-file-system /var/lib/etcd/* /var/lib/kubelet/* /var/log/pods/* /var/log/containers/*
:
""",
    timeout_s=180,
    sudo=True,
    mutates=True,
)


def declares(fleet: Fleet) -> tuple[Row, ...]:
    """The rows of ``reset``."""
    return (*(Row(RESET_ROW, cluster.name) for cluster in fleet.clusters), *rows_of(fleet))


def reset(task: Task, *, ctx: RunContext) -> Result:
    """
    Remove the cluster from one host, and look for what is left.

    Returns:
        Result with ``result`` = Outcome(findings=(reset.host, one per kind of leftover), changes)

    Raises:
        TransportError: the host could not be asked
        CommandFailed: a part of the removal failed; run again, it takes up where it was

    """
    cluster, shell = ctx.fleet.cluster(task.host.name), shell_of(task)
    gate = Gate(cluster.name, plan=ctx.plan)
    found = parse_scan(shell.run(SCAN).must_succeed().stdout)
    row = Row(RESET_ROW, cluster.name)
    if not any(found.values()):
        nothing = Finding(row=row, verdict=Verdict.PASS, observed="nothing of a cluster was there")
        return done(task, Outcome(findings=(nothing, *judge_leftovers(cluster, found))))
    what = ", ".join(f"{len(pieces)} {kind}" for kind, pieces in found.items() if pieces)
    ctx.progress.doing(cluster.name, "kubeadm reset")
    gate.make(f"destroy the cluster (kubeadm reset): {what}", lambda: shell.run(KUBEADM_RESET).must_succeed())
    ctx.progress.doing(cluster.name, "removing what kubeadm leaves")
    gate.make(
        "remove what kubeadm leaves: Cilium's links, rules and chains, files", lambda: shell.run(CLEAN).must_succeed()
    )
    if ctx.plan:
        rows = (row, *(Row(f"leftover.{kind}", cluster.name) for kind in found))
        planned = tuple(skipped(it, "planned") for it in rows)
        return done(task, Outcome(findings=planned, changes=gate.changes))
    left = judge_leftovers(cluster, parse_scan(shell.run(SCAN).must_succeed().stdout))
    finding = Finding(row=row, verdict=Verdict.PASS, observed=f"removed: {what}")
    return done(task, Outcome(findings=(finding, *left), changes=gate.changes))
