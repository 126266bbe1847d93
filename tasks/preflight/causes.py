"""Which finding is only the consequence of which, so that one fault makes one headline. See ``Stage.causes``."""

from __future__ import annotations

HOST_CAUSES = {
    "host.cri": ("host.containerd",),
    "host.cgroup-driver": ("host.containerd",),
    "host.sandbox-image": ("host.containerd",),
    "host.kubelet-service": ("host.kubelet",),
    "host.port": ("host.installation",),
    "host.ports-cilium": ("host.installation",),
    "host.ports-node-exporter": ("host.installation",),
    "host.manifests": ("host.installation",),
    "host.etcd-dir": ("host.installation",),
    "host.leftovers": ("host.installation",),
    "s3.clock": ("s3.endpoint@fleet",),
}

PATH_CAUSES = {
    "reach.mtu": ("reach.host", "reach.from-operator@peer"),
    "reach": ("reach.from-operator",),
    "reach.host": ("reach.from-operator@peer",),
    "reach.s3": ("s3.endpoint@fleet",),
    "host.images": ("host.kubeadm", "host.containerd"),
}
