"""
Which of our checks answers which of kubeadm's preflight ids.

The ids are those that ``kubeadm init --ignore-preflight-errors`` takes: of v1.33, as kubeadm's own ``InitNodeChecks``
names them, and those of v1.30, which looks for more programs.
"""

from __future__ import annotations

ANSWERED_BY = {
    "IsPrivilegedUser": "host.root",
    "NumCPU": "host.cpu",
    "Mem": "host.memory",
    "KubernetesVersion": "host.kubeadm",
    "KubeletVersion": "host.kubelet",
    "Service-Kubelet": "host.kubelet-service",
    "Firewalld": "host.firewall",
    "Port-6443": "host.port.6443",
    "Port-10259": "host.port.10259",
    "Port-10257": "host.port.10257",
    "Port-10250": "host.port.10250",
    "Port-2379": "host.port.2379",
    "Port-2380": "host.port.2380",
    "FileAvailable--etc-kubernetes-manifests-kube-apiserver.yaml": "host.manifests",
    "FileAvailable--etc-kubernetes-manifests-kube-controller-manager.yaml": "host.manifests",
    "FileAvailable--etc-kubernetes-manifests-kube-scheduler.yaml": "host.manifests",
    "FileAvailable--etc-kubernetes-manifests-etcd.yaml": "host.manifests",
    "DirAvailable--var-lib-etcd": "host.etcd-dir",
    "HTTPProxy": "host.proxy",
    "HTTPProxyCIDR": "host.proxy",
    "CRI": "host.cri",
    "Swap": "host.swap",
    "SystemVerification": "host.kernel-config",
    "Hostname": "host.hostname",
    "FileContent--proc-sys-net-ipv4-ip_forward": "host.sysctl.net.ipv4.ip_forward",
    "ImagePull": "host.images",
    "FileExisting-losetup": "host.tools",
    "FileExisting-mount": "host.tools",
    "FileExisting-cp": "host.tools",
    "FileExisting-ip": "host.tools",
    "FileExisting-nsenter": "host.tools",
    "FileExisting-iptables": "host.tools-optional",
    "FileExisting-conntrack": "host.tools-optional",
    "FileExisting-crictl": "host.tools-optional",
    "FileExisting-ethtool": "host.tools-optional",
    "FileExisting-tc": "host.tools-optional",
    "FileExisting-touch": "host.tools-optional",
    "FileExisting-socat": "host.tools-optional",
    "FileExisting-ebtables": "host.tools-optional",
}
"""kubeadm's id to our check. SystemVerification is also answered by ``host.kernel`` and ``host.cgroups``."""

NOT_ASKED = {
    "FileContent--proc-sys-net-ipv6-conf-default-forwarding": "kubeadm asks where a range is IPv6; ours are IPv4",
    "ExternalEtcdVersion": "every cluster has an etcd of its own (SC-016)",
    "ExternalEtcdClientCertificates": "every cluster has an etcd of its own (SC-016)",
}
"""kubeadm's id to the reason why it can never arise for these clusters."""
