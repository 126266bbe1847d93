"""Tables of what later stages need of a machine and its kernel, and who needs it. Policy, no code."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Room:
    """Space that one path needs in GiB: less than ``needed`` fails, less than ``recommended`` warns."""

    path: str
    needed: int
    recommended: int
    why: str


DISKS = (
    Room(path="/var/lib/longhorn", needed=20, recommended=93, why="Longhorn's replicas; 100 GB by the specification"),
    Room(
        path="/var/lib/containerd", needed=10, recommended=25, why="images and container layers: 12 GiB when all runs"
    ),
    Room(path="/var/lib/kubelet", needed=5, recommended=10, why="empty volumes and logs of pods"),
    Room(path="/var/lib/etcd", needed=3, recommended=8, why="etcd's quota of 2 GiB, twice while it compacts"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Feature:
    """
    Something a kernel has built in, has as a module, or lacks.

    Attributes:
        name: of the module
        option: of the kernel configuration
        needed: lacking it fails, else warns
        why: who needs it

    """

    name: str
    option: str
    needed: bool
    why: str


MODULES = (
    Feature(name="overlay", option="OVERLAY_FS", needed=True, why="containerd's snapshots"),
    Feature(name="nf_conntrack", option="NF_CONNTRACK", needed=True, why="Cilium and the kubelet count connections"),
    Feature(name="vxlan", option="VXLAN", needed=True, why="Cilium's tunnel device"),
    Feature(name="iscsi_tcp", option="ISCSI_TCP", needed=True, why="Longhorn attaches its volumes over iSCSI"),
    Feature(name="nfs", option="NFS_FS", needed=False, why="Longhorn's shared (ReadWriteMany) volumes"),
    Feature(name="br_netfilter", option="BRIDGE_NETFILTER", needed=False, why="bridged pods of other CNIs; not Cilium"),
)

KERNEL_OPTIONS_NEEDED = {
    "kubeadm": (
        "NAMESPACES",
        "NET_NS",
        "PID_NS",
        "IPC_NS",
        "UTS_NS",
        "CGROUPS",
        "CPUSETS",
        "MEMCG",
        "INET",
        "EXT4_FS",
        "PROC_FS",
        "NETFILTER_XT_TARGET_REDIRECT",
        "NETFILTER_XT_MATCH_COMMENT",
        "FAIR_GROUP_SCHED",
    ),
    "Cilium": (
        "BPF",
        "BPF_SYSCALL",
        "BPF_JIT",
        "NET_CLS_BPF",
        "NET_CLS_ACT",
        "NET_SCH_INGRESS",
        "CGROUP_BPF",
        "FIB_RULES",
    ),
}
"""Who demands which option: system-validators v1.9.2, and the system requirements of Cilium 1.18."""

KERNEL_OPTIONS_RECOMMENDED = {"Cilium": ("CRYPTO_SHA1", "CRYPTO_USER_API_HASH", "PERF_EVENTS", "SCHEDSTATS")}
"""On Cilium's list too, but its agent runs without them: older ones hashed programs by AF_ALG."""

KERNEL_OPTION_ALIASES = {"NETFILTER_XT_TARGET_REDIRECT": "IP_NF_TARGET_REDIRECT"}

CGROUPS_NEEDED = {
    1: frozenset({"cpu", "cpuacct", "cpuset", "devices", "freezer", "memory", "pids"}),
    2: frozenset({"cpu", "cpuset", "devices", "freezer", "memory", "pids"}),
}
"""Cgroup version to the controllers that kubeadm demands (system-validators v1.9.2)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sysctl:
    """
    A kernel parameter.

    Attributes:
        at_least: smallest good value
        needed: less fails, else warns
        central_only: judged on the central cluster's host alone
        why: who needs it

    """

    key: str
    at_least: int
    needed: bool
    why: str
    central_only: bool = False


SYSCTLS = (
    Sysctl(key="net.ipv4.ip_forward", at_least=1, needed=True, why="kubeadm refuses 0: pods would reach nobody"),
    Sysctl(
        key="net.bridge.bridge-nf-call-iptables", at_least=1, needed=False, why="bridged pods of CNIs other than Cilium"
    ),
    Sysctl(
        key="fs.inotify.max_user_watches", at_least=65536, needed=False, why="Fluent Bit and kubelet watch log files"
    ),
    Sysctl(key="fs.inotify.max_user_instances", at_least=512, needed=False, why="about two for every container"),
    Sysctl(
        key="vm.max_map_count", at_least=262144, needed=True, why="OpenSearch does not start below", central_only=True
    ),
)
