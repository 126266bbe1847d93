"""Tables of what later stages need of a host's ports, programs and services, and who needs it. Policy, no code."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Port:
    """A port on the host and the process that a cluster of ours puts there."""

    number: int
    process: str
    protocol: str = "tcp"


KUBERNETES_PORTS = (
    Port(number=6443, process="kube-apiserver"),
    Port(number=10259, process="kube-scheduler"),
    Port(number=10257, process="kube-controller-manager"),
    Port(number=10250, process="kubelet"),
    Port(number=2379, process="etcd"),
    Port(number=2380, process="etcd"),
)
"""kubeadm's own list."""

CILIUM_PORTS = (
    *(Port(number=number, process="cilium-agent") for number in (4240, 4244, 9879, 9890, 9962, 9965)),
    *(Port(number=number, process="cilium-operator") for number in (6061, 9234, 9891, 9963)),
    *(Port(number=number, process="cilium-envoy") for number in (9878, 9901, 9964)),
)
"""System requirements of Cilium 1.18, those of the features that are switched on."""

NODE_EXPORTER_PORTS = (Port(number=9100, process="node_exporter"),)


@dataclass(frozen=True, slots=True, kw_only=True)
class Tool:
    """A program on the host's PATH, as sudo sets it, and the packages that have it on Debian and on RHEL."""

    name: str
    debian: str
    rhel: str
    needed: bool
    why: str


TOOLS = (
    Tool(name="mount", debian="mount", rhel="util-linux", needed=True, why="kubeadm and kubelet"),
    Tool(name="losetup", debian="mount", rhel="util-linux", needed=True, why="kubeadm and kubelet"),
    Tool(name="cp", debian="coreutils", rhel="coreutils", needed=True, why="kubeadm"),
    Tool(name="ip", debian="iproute2", rhel="iproute", needed=True, why="these checks; kubeadm up to 1.31"),
    Tool(
        name="iptables",
        debian="iptables",
        rhel="iptables",
        needed=False,
        why="kubelet's and Cilium's rules; kubeadm up to 1.31",
    ),
    Tool(
        name="nsenter",
        debian="util-linux",
        rhel="util-linux",
        needed=True,
        why="Longhorn enters the host's namespaces; kubeadm up to 1.31",
    ),
    Tool(name="touch", debian="coreutils", rhel="coreutils", needed=False, why="kubeadm up to 1.31"),
    Tool(
        name="crictl",
        debian="cri-tools",
        rhel="cri-tools",
        needed=False,
        why="looking at containers by hand; kubeadm up to 1.30",
    ),
    Tool(
        name="conntrack",
        debian="conntrack",
        rhel="conntrack-tools",
        needed=False,
        why="looking at connections by hand; kubeadm up to 1.31",
    ),
    Tool(name="ethtool", debian="ethtool", rhel="ethtool", needed=False, why="kubeadm up to 1.31"),
    Tool(name="socat", debian="socat", rhel="socat", needed=False, why="`kubectl port-forward` of older runtimes"),
    Tool(
        name="tc",
        debian="iproute2",
        rhel="iproute-tc",
        needed=False,
        why="looking at Cilium's filters by hand; kubeadm up to 1.31",
    ),
    Tool(name="ebtables", debian="ebtables", rhel="iptables-ebtables", needed=False, why="kubeadm up to 1.27"),
    Tool(name="ping", debian="iputils-ping", rhel="iputils", needed=True, why="these checks: MTU of paths"),
    Tool(name="arping", debian="iputils-arping", rhel="iputils", needed=True, why="these checks: VIPs on the wire"),
    Tool(name="bash", debian="bash", rhel="bash", needed=True, why="Longhorn, and the reachability checks"),
    Tool(name="curl", debian="curl", rhel="curl", needed=True, why="Longhorn"),
    Tool(name="findmnt", debian="util-linux", rhel="util-linux", needed=True, why="Longhorn"),
    Tool(name="blkid", debian="util-linux", rhel="util-linux", needed=True, why="Longhorn"),
    Tool(name="lsblk", debian="util-linux", rhel="util-linux", needed=True, why="Longhorn"),
)

UNITS = (
    "containerd.service",
    "kubelet.service",
    "iscsid.service",
    "iscsid.socket",
    "multipathd.service",
    "firewalld.service",
    "chrony.service",
    "chronyd.service",
    "systemd-timesyncd.service",
    "systemd-resolved.service",
    "ntp.service",
    "ntpd.service",
    "ntpsec.service",
)

TIME_UNITS = (
    "chrony.service",
    "chronyd.service",
    "systemd-timesyncd.service",
    "ntp.service",
    "ntpd.service",
    "ntpsec.service",
)
