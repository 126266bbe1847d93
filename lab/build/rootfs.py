"""The root file system that every machine shares: Debian with what an operator installs before `kubeadm init`."""

import platform
import shutil
from collections.abc import Mapping
from pathlib import Path

from lab.build import toolsets
from lab.build.cache import Recipe, content_of
from lab.build.debian import host_release, install_tree
from lab.build.workshop import Workshop

_FILES = Path(__file__).parent / "files"

PACKAGES = (
    *("bash", "ca-certificates", "curl", "dbus", "libpam-systemd", "procps", "systemd", "systemd-sysv"),
    *("openssh-server", "sudo", "python3"),  # Python for agentless tools that are compared with ours
    *("containerd", "runc", "conntrack", "ebtables", "ethtool", "iptables", "kmod", "mount", "nftables", "socat"),
    *("iproute2", "iputils-arping", "iputils-ping"),
    *("chrony", "nfs-common", "open-iscsi"),
    "libfaketime",  # for the fault of a skewed clock
    "busybox-static",  # for the probe's image
)

_PLACES = {
    "kubelet.service": "usr/lib/systemd/system/kubelet.service",
    "10-kubeadm.conf": "usr/lib/systemd/system/kubelet.service.d/10-kubeadm.conf",
    "crictl.yaml": "etc/crictl.yaml",
    "containerd.toml": "etc/containerd/config.toml",
}
"""Where the packages of Kubernetes and containerd put these files."""

_FOLDERS = ("etc/kubernetes/manifests", "var/lib/containerd", "var/lib/kubelet", "opt/cni/bin", "etc/cni/net.d")
"""What those packages bring along empty."""

_PROGRAMS = {"kubeadm": "kubernetes", "kubelet": "kubernetes", "kubectl": "kubernetes", "crictl": "crictl"}
_WANTED_AT_BOOT = "etc/systemd/system/multi-user.target.wants"


def _install_debian(workshop: Workshop, draft: Path, _needs: Mapping[str, Path]) -> None:
    install_tree(workshop, "debian", draft, PACKAGES)


DEBIAN = Recipe(
    name="debian",
    build=_install_debian,
    inputs=(*host_release(), platform.machine(), *PACKAGES, content_of(Path(__file__).with_name("debian.py"))),
)


def _assemble(workshop: Workshop, draft: Path, needs: Mapping[str, Path]) -> None:
    workshop.say("rootfs: assembling")
    workshop.ask(["cp", "--archive", "--no-target-directory", needs["debian"], draft])
    for program, tools in _PROGRAMS.items():
        shutil.copy2(needs[tools] / "bin" / program, draft / "usr" / "bin" / program)
    for folder in _FOLDERS:
        (draft / folder).mkdir(parents=True, exist_ok=True)
    pause = wanted_images(workshop, needs["kubernetes"])["pause"]
    for name, place in _PLACES.items():
        (draft / place).parent.mkdir(parents=True, exist_ok=True)
        (draft / place).write_text((_FILES / name).read_text().replace("{pause}", pause))
    (draft / _WANTED_AT_BOOT / "kubelet.service").symlink_to(f"/{_PLACES['kubelet.service']}")
    _forget_identity(draft)


def _forget_identity(root: Path) -> None:
    """Remove what every machine must have of its own."""
    for key in (root / "etc/ssh").glob("ssh_host_*"):
        key.unlink()
    (root / "etc/machine-id").write_text("")
    (root / "etc/iscsi/initiatorname.iscsi").write_text("GenerateName=yes\n")  # made when iscsid first starts


def wanted_images(workshop: Workshop, kubernetes: Path) -> dict[str, str]:
    """The image references that this build of kubeadm wants, by last name; `kubernetes` is the tool set's artefact."""
    version = f"--kubernetes-version={toolsets.KUBERNETES.version}"  # or it asks the internet
    references = workshop.ask([kubernetes / "bin" / "kubeadm", "config", "images", "list", version]).split()
    return {reference.rpartition("/")[2].partition(":")[0]: reference for reference in references}


ROOTFS = Recipe(
    name="rootfs",
    build=_assemble,
    inputs=tuple(map(content_of, (Path(__file__), *(_FILES / name for name in _PLACES)))),
    needs=(DEBIAN, toolsets.KUBERNETES.recipe, toolsets.CRICTL.recipe),
)
