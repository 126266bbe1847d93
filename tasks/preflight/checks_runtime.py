"""Judge whether containerd and Kubernetes' own programs are there, in the right versions, and agree with each other."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tasks.preflight import limits
from tasks.preflight.judge import CouldNotJudge, HostCheck, Judgement, Wish, bad, fair, good, known, moot, worse
from tasks.preflight.remedies import install, mend
from tasks.preflight.values import Unknown, Version

if TYPE_CHECKING:
    from collections.abc import Callable

    from tasks.preflight.host_facts import HostFacts

_PAUSE = {(1, 30): "3.9", (1, 31): "3.10", (1, 32): "3.10", (1, 33): "3.10"}
"""Minor version of Kubernetes to kubeadm's ``PauseVersion``."""

_SYSTEMD_CGROUP = (
    "sudo sed -i 's/SystemdCgroup = false/SystemdCgroup = true/' /etc/containerd/config.toml"
    " && sudo systemctl restart containerd"
)


def containerd(facts: HostFacts, _: Wish) -> Judgement:
    """It runs, starts at boot, and is new enough."""
    unit = known(facts.units).get("containerd.service")
    if not known(facts.tools).get("containerd") or unit is None or not unit.loaded:
        return bad(
            "not installed", install(facts.system, debian="containerd", rhel="containerd.io", chapter="containerd")
        )
    start = mend("sudo systemctl enable --now containerd", "containerd")
    if not unit.active:
        return bad(f"installed, but {unit.state}", start)
    version = known(known(facts.programs).versions["containerd"])
    if version < limits.CONTAINERD_NEEDED:
        return bad(
            f"{version} has no CRI v1",
            install(facts.system, debian="containerd", rhel="containerd.io", chapter="containerd"),
        )
    if not unit.enabled:
        return fair(f"{version} runs, but does not start at boot", start)
    return good(f"{version}, active and enabled")


def container_interface(facts: HostFacts, _: Wish) -> Judgement:
    """The plugin behind the socket that the kubelet speaks to; packages of Docker ship it switched off."""
    if not isinstance(facts.containerd, Unknown) and facts.containerd.cri_disabled:
        remedy = "sudo sed -i '/disabled_plugins/d' /etc/containerd/config.toml && sudo systemctl restart containerd"
        return bad("containerd's configuration switches the CRI plugin off", mend(remedy, "containerd"))
    state = known(facts.programs).cri
    if state == "ok":
        return good("the socket answers, the CRI plugin is ok")
    return bad(f"the CRI plugin is {state}", mend("sudo journalctl -u containerd -n 50", "containerd"))


def cgroup_driver(facts: HostFacts, _: Wish) -> Judgement:
    """Kubelet and containerd have to move processes by the same hand, or pods die at random."""
    config = known(facts.containerd)
    if config.systemd_cgroup is None:
        raise CouldNotJudge("containerd's configuration has no runtimes")
    kubelet = known(facts.kubelet).get("cgroup-driver", "systemd")
    ours = "systemd" if config.systemd_cgroup else "cgroupfs"
    if ours != kubelet:
        return bad(f"containerd uses {ours}, the kubelet {kubelet}", mend(_SYSTEMD_CGROUP, "containerd"))
    if ours == "cgroupfs":
        return fair("both use cgroupfs beside systemd: two managers of one tree", mend(_SYSTEMD_CGROUP, "containerd"))
    return good("containerd and kubelet both use systemd")


def sandbox_image(facts: HostFacts, wish: Wish) -> Judgement:
    """Another pause image than kubeadm's is pulled besides, and is not protected from garbage collection."""
    minor = Version.find(wish.fleet.versions.kubernetes)
    tag = _PAUSE.get((minor.major, minor.minor))
    image = known(facts.containerd).sandbox_image
    if tag is None:
        return moot(f"kubeadm's pause image for {minor} is not known here")
    if image.endswith(f"/pause:{tag}"):
        return good(image)
    remedy = f'sudo sed -i \'s#".*/pause:[^"]*"#"registry.k8s.io/pause:{tag}"#\' /etc/containerd/config.toml'
    return fair(
        f"{image or 'none named'}, where kubeadm brings pause:{tag}",
        mend(f"{remedy} && sudo systemctl restart containerd", "containerd"),
    )


def program(name: str, *, needed: bool) -> Callable[[HostFacts, Wish], Judgement]:
    """Build the check that a Kubernetes program is there in the inventory's version."""

    def judge(facts: HostFacts, wish: Wish) -> Judgement:
        target = Version.find(wish.fleet.versions.kubernetes)
        package = install(
            facts.system,
            debian=f"{name}='{target}-*'",
            rhel=f"{name}-{target} --disableexcludes=kubernetes",
            chapter="kubernetes",
        )
        if not known(facts.tools).get(name):
            return worse(needed=needed)("not installed (not on sudo's PATH)", package)
        version = known(known(facts.programs).versions[name])
        if (version.major, version.minor) != (target.major, target.minor):
            return worse(needed=needed)(f"{version}, another minor version than {target}", package)
        return good(f"{version}") if version == target else fair(f"{version}, not the inventory's {target}", package)

    return judge


def kubelet_service(facts: HostFacts, _: Wish) -> Judgement:
    """Kubeadm starts it, but only a service that is enabled survives the next boot."""
    unit = known(facts.units).get("kubelet.service")
    if unit is None or not unit.loaded:
        return bad("there is no kubelet.service", mend("systemctl cat kubelet", "kubernetes"))
    if not unit.enabled:
        return fair("not enabled", mend("sudo systemctl enable kubelet", "kubernetes"))
    return good(f"enabled, {unit.state}")


CHECKS = (
    HostCheck(
        "host.containerd", containerd, "1.6+, active and enabled", "systemctl status containerd; sudo ctr version"
    ),
    HostCheck("host.cri", container_interface, "containerd answers the kubelet", "sudo ctr plugins ls | grep -w cri"),
    HostCheck(
        "host.cgroup-driver", cgroup_driver, "systemd, in both", "sudo containerd config dump | grep SystemdCgroup"
    ),
    HostCheck("host.sandbox-image", sandbox_image, "kubeadm's own", "sudo containerd config dump | grep pause"),
    HostCheck("host.kubelet", program("kubelet", needed=True), "the inventory's version", "kubelet --version"),
    HostCheck("host.kubeadm", program("kubeadm", needed=True), "the inventory's version", "kubeadm version -o short"),
    HostCheck("host.kubectl", program("kubectl", needed=False), "the inventory's version", "kubectl version --client"),
    HostCheck("host.kubelet-service", kubelet_service, "enabled", "systemctl is-enabled kubelet"),
)
