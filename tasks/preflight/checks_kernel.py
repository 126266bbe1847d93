"""Judge whether the kernel can do what Kubernetes, Cilium, Longhorn and OpenSearch ask of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tasks.preflight import limits, wanted
from tasks.preflight.judge import CouldNotJudge, HostCheck, Judgement, Wish, bad, fair, good, known, moot, worse
from tasks.preflight.remedies import mend
from tasks.preflight.values import Unknown, Version

if TYPE_CHECKING:
    from collections.abc import Callable

    from tasks.preflight.host_facts import HostFacts
    from tasks.preflight.wanted import Feature, Sysctl


def kernel(facts: HostFacts, _: Wish) -> Judgement:
    """Cilium's floor. It makes an exception for RHEL 8's 4.18, but kubeadm refuses everything before 4.19."""
    system = known(facts.system)
    if system.arch not in {"x86_64", "aarch64"}:
        return bad(f"{system.arch}: Cilium has images for x86_64 and aarch64 only", mend("uname -m", "kernel"))
    try:
        version = Version.find(system.kernel)
    except ValueError as error:
        raise CouldNotJudge(str(error)) from error
    if version < limits.KERNEL_NEEDED:
        return bad(f"{system.kernel} is older than {limits.KERNEL_NEEDED}", mend("uname -r", "kernel"))
    return good(f"{system.kernel} on {system.arch}")


def kernel_options(facts: HostFacts, _: Wish) -> Judgement:
    """Judge the configuration: kubeadm refuses a kernel where it cannot read it, or where an option is missing."""
    config = known(facts.kernel_config)
    if not config.source:
        raise CouldNotJudge("the kernel's configuration is in none of the places where kubeadm looks for it")
    missing = {who: _unset(config.options, options) for who, options in wanted.KERNEL_OPTIONS_NEEDED.items()}
    remedy = mend(f"zgrep -E 'CONFIG_(BPF|NAMESPACES|CGROUPS)' {config.source}", "kernel")
    if any(missing.values()):
        return bad("; ".join(f"{who} needs {', '.join(names)}" for who, names in missing.items() if names), remedy)
    weak = {who: _unset(config.options, options) for who, options in wanted.KERNEL_OPTIONS_RECOMMENDED.items()}
    if any(weak.values()):
        return fair("; ".join(f"{who} asks for {', '.join(names)}" for who, names in weak.items() if names), remedy)
    return good(f"all options set ({config.source})")


def _unset(options: dict[str, str], demanded: tuple[str, ...]) -> list[str]:
    return [
        f"CONFIG_{name}"
        for name in demanded
        if name not in options and wanted.KERNEL_OPTION_ALIASES.get(name) not in options
    ]


def control_groups(facts: HostFacts, _: Wish) -> Judgement:
    """Version 1 still works with Kubernetes 1.33, and is leaving."""
    groups = known(facts.cgroups)
    remedy = mend("sudo grubby --update-kernel=ALL --args=systemd.unified_cgroup_hierarchy=1", "kernel")
    if missing := wanted.CGROUPS_NEEDED[groups.version] - groups.controllers:
        return bad(f"version {groups.version} without {', '.join(sorted(missing))}", remedy)
    if groups.version == 1:
        return fair("version 1, which Kubernetes keeps in maintenance only", remedy)
    return good("version 2, all controllers")


def feature(wish: Feature) -> Callable[[HostFacts, Wish], Judgement]:
    """Build the check that a kernel feature is loaded, built in or loadable."""

    def judge(facts: HostFacts, _: Wish) -> Judgement:
        modules, config = known(facts.modules), facts.kernel_config
        option = "" if isinstance(config, Unknown) else config.options.get(wish.option, "")
        if wish.name in modules.present or option == "y":
            return good("loaded or built in")
        if wish.name in modules.shipped:
            return good("loadable on demand")
        if not modules.indices and (isinstance(config, Unknown) or not config.source or option == "m"):
            raise CouldNotJudge("neither /lib/modules nor the kernel's configuration says")
        remedy = mend(f"sudo modprobe {wish.name}", "kernel")
        return worse(needed=wish.needed)(f"this kernel has no {wish.name}: {wish.why}", remedy)

    return judge


def sysctl(wish: Sysctl) -> Callable[[HostFacts, Wish], Judgement]:
    """Build the check of one kernel parameter."""

    def judge(facts: HostFacts, site: Wish) -> Judgement:
        if wish.central_only and site.cluster.region != "central":
            return moot(f"judged on the central cluster's host only: {wish.why}")
        value = known(facts.sysctls)[wish.key]
        if value is None and wish.key.startswith("net.bridge."):
            return moot("br_netfilter is not loaded, and Cilium does not ask for it")
        if value is None:
            raise CouldNotJudge(f"this kernel has no {wish.key}")
        if value >= wish.at_least:
            return good(f"{value}")
        setting = f"{wish.key}={wish.at_least}"
        remedy = mend(
            f"echo {setting} | sudo tee -a /etc/sysctl.d/90-fleet.conf && sudo sysctl -w {setting}", "sysctls"
        )
        return worse(needed=wish.needed)(f"{value}, less than {wish.at_least}: {wish.why}", remedy)

    return judge


def propagation(facts: HostFacts, _: Wish) -> Judgement:
    """Cilium and Longhorn mount from within pods and expect the host to see it."""
    if known(facts.mounts).root_shared:
        return good("/ is shared")
    return bad(
        "/ is private: mounts made in pods stay invisible to the host", mend("sudo mount --make-rshared /", "kernel")
    )


def security_modules(facts: HostFacts, _: Wish) -> Judgement:
    """SELinux and AppArmor are noted; enforcing SELinux needs container policies to be there."""
    files = known(facts.security)
    enforce = files.get("/sys/fs/selinux/enforce")
    apparmor = files.get("/sys/module/apparmor/parameters/enabled")
    if enforce and enforce[0].startswith("1"):
        return fair(
            "SELinux is enforcing: containerd needs `container-selinux` and `enable_selinux = true`",
            mend("rpm -q container-selinux", "selinux"),
        )
    return good(
        f"SELinux {'permissive' if enforce else 'off'}, AppArmor {'on' if apparmor and apparmor[0] == 'Y' else 'off'}"
    )


CHECKS = (
    HostCheck("host.kernel", kernel, "Linux 5.10+", "uname -r"),
    HostCheck(
        "host.kernel-config", kernel_options, "what kubeadm and Cilium demand", "zcat -f /proc/config.gz /boot/config-*"
    ),
    HostCheck("host.cgroups", control_groups, "cgroup version 2", "stat -fc %T /sys/fs/cgroup; cat /proc/cgroups"),
    *(
        HostCheck(f"host.module.{one.name}", feature(one), one.why, f"ls -d /sys/module/{one.name}; modinfo {one.name}")
        for one in wanted.MODULES
    ),
    *(
        HostCheck(f"host.sysctl.{one.key}", sysctl(one), f"{one.at_least} or more: {one.why}", f"sysctl {one.key}")
        for one in wanted.SYSCTLS
    ),
    HostCheck("host.mount-propagation", propagation, "/ mounted shared", "findmnt -o TARGET,PROPAGATION /"),
    HostCheck("host.security-modules", security_modules, "known, and containers allowed", "getenforce; aa-enabled"),
)
