"""The tool sets: which programs the lab builds, and how a release build of each would stamp its version."""

from lab.build.programs import ToolSet

_COMPONENT_BASE = "k8s.io/component-base/version"

KUBERNETES = ToolSet(
    name="kubernetes",
    module="k8s.io/kubernetes",
    stamp={
        f"{package}.{variable}": value
        for package in (_COMPONENT_BASE, "k8s.io/client-go/pkg/version")
        for variable, value in {"gitVersion": "{version}", "gitMajor": "{major}", "gitMinor": "{minor}"}.items()
    },
    sources={"build/pause/linux/pause.c": "pause.c"},
)
CRICTL = ToolSet(
    name="crictl",
    module="github.com/kubernetes-sigs/cri-tools",
    stamp={"github.com/kubernetes-sigs/cri-tools/pkg/version.Version": "{version}"},
)
ETCD = ToolSet(name="etcd", module="go.etcd.io/etcd/server/v3", rename={"server": "etcd"})
COREDNS = ToolSet(name="coredns", module="github.com/coredns/coredns")
CILIUM = ToolSet(
    name="cilium",
    module="github.com/cilium/cilium",
    # release, commit and date: what it prints is parsed by field
    stamp={"github.com/cilium/cilium/pkg/version.ciliumVersion": "{bare} module -"},
    tags=("ipam_provider_operator",),
    rename={
        "daemon": "cilium-agent",
        "operator": "cilium-operator-generic",
        "responder": "cilium-health-responder",
        "mount": "cilium-mount",
        "sysctlfix": "cilium-sysctlfix",
    },
    sources={
        "install/kubernetes/cilium": "chart",
        "bpf": "bpf",
        "images/cilium/init-container.sh": "init-container.sh",
        "plugins/cilium-cni/install-plugin.sh": "install-plugin.sh",
        "plugins/cilium-cni/cni-uninstall.sh": "cni-uninstall.sh",
    },
)
CNI = ToolSet(name="cni", module="github.com/containernetworking/plugins")
HELM = ToolSet(name="helm", module="helm.sh/helm/v3", stamp={"helm.sh/helm/v3/internal/version.version": "{version}"})
KUSTOMIZE = ToolSet(
    name="kustomize",
    module="sigs.k8s.io/kustomize/kustomize/v5",
    stamp={"sigs.k8s.io/kustomize/api/provenance.version": "{version}"},
)
KUBECONFORM = ToolSet(name="kubeconform", module="github.com/yannh/kubeconform", stamp={"main.version": "{version}"})
_PROMETHEUS_VERSION = "github.com/prometheus/common/version.Version"
PROMETHEUS = ToolSet(
    name="prometheus",
    module="github.com/prometheus/prometheus",
    # release v3.14.0 is published as module v0.314.0
    stamp={_PROMETHEUS_VERSION: "{minor[0]}.{minor[1]}{minor[2]}.{patch}"},
    # upstream's own way to leave out the clouds, whose clients are most of what there is to compile
    tags=("remove_all_sd", "enable_kubernetes_sd"),
)
PROMETHEUS_OPERATOR = ToolSet(
    name="prometheus-operator",
    module="github.com/prometheus-operator/prometheus-operator",
    stamp={_PROMETHEUS_VERSION: "{bare}"},
)
THANOS = ToolSet(
    name="thanos",
    module="github.com/thanos-io/thanos",
    stamp={_PROMETHEUS_VERSION: "{bare}"},
    # Thanos reads labels in the older of the two forms that its Prometheus library can give them
    tags=("slicelabels",),
)
ALERTMANAGER = ToolSet(
    name="alertmanager", module="github.com/prometheus/alertmanager", stamp={_PROMETHEUS_VERSION: "{bare}"}
)
NODE_EXPORTER = ToolSet(
    name="node-exporter", module="github.com/prometheus/node_exporter", stamp={_PROMETHEUS_VERSION: "{bare}"}
)
LOCAL_PATH = ToolSet(
    name="local-path", module="github.com/rancher/local-path-provisioner", stamp={"main.VERSION": "{version}"}
)
MINIO = ToolSet(name="minio", module="github.com/minio/minio")

ALL = (
    *(KUBERNETES, CILIUM, THANOS, MINIO, PROMETHEUS, COREDNS, PROMETHEUS_OPERATOR, HELM, ETCD, CRICTL, ALERTMANAGER),
    *(KUSTOMIZE, LOCAL_PATH, NODE_EXPORTER, KUBECONFORM, CNI),
)
"""The largest first."""
