"""What is asked of a host about its machine and kernel. Reads only: programs that look, and files that are opened."""

from __future__ import annotations

from itertools import chain

from tasks.preflight import parse_system
from tasks.preflight.script import Section, shown
from tasks.preflight.wanted import (
    DISKS,
    KERNEL_OPTION_ALIASES,
    KERNEL_OPTIONS_NEEDED,
    KERNEL_OPTIONS_RECOMMENDED,
    MODULES,
    SYSCTLS,
)

_OPTIONS = "|".join(
    (
        *chain.from_iterable((*KERNEL_OPTIONS_NEEDED.values(), *KERNEL_OPTIONS_RECOMMENDED.values())),
        *KERNEL_OPTION_ALIASES.values(),
        *(module.option for module in MODULES),
    )
)
_MODULES = [module.name for module in MODULES]
_SYSCTL_FILES = " ".join("/proc/sys/" + sysctl.key.replace(".", "/") for sysctl in SYSCTLS)
_KERNEL_CONFIGS = (
    "/proc/config.gz /boot/config-$release /usr/src/linux-$release/.config /usr/src/linux/.config "
    "/usr/lib/modules/$release/config /usr/lib/ostree-boot/config-$release /usr/lib/kernel/config-$release "
    "/usr/src/linux-headers-$release/.config /lib/modules/$release/build/.config"
)
"""Where kubeadm looks for it, in its order."""

MACHINE = (
    Section(
        name="system",
        command="""
printf 'arch %s\\n' "$(uname -m)"
show '' /proc/sys/kernel/hostname /proc/sys/kernel/osrelease /etc/os-release /etc/machine-id \\
  /sys/class/dmi/id/product_uuid""",
        parse=parse_system.parse_system,
    ),
    Section(
        name="capacity",
        command="show '^(MemTotal|Cpus_allowed_list|Uid):' /proc/meminfo /proc/self/status",
        parse=parse_system.parse_capacity,
    ),
    Section(name="swaps", command="cat /proc/swaps", parse=parse_system.parse_swaps),
    Section(
        name="disks",
        command=f"""
set --
for path in {" ".join(disk.path for disk in DISKS)}; do
  at=$path
  while [ ! -d "$at" ]; do at=${{at%/*}}; at=${{at:-/}}; done
  printf '%s %s\\n' "$path" "$at"; set -- "$@" "$at"
done
echo --
stat -f -c '%n %i %T %S %b %a %c %d' "$@\"""",
        parse=parse_system.parse_disks,
    ),
    Section(
        name="kernel_config",
        command=f"""
read -r release </proc/sys/kernel/osrelease
for file in {_KERNEL_CONFIGS}; do
  [ -r "$file" ] || continue
  printf '# %s\\n' "$file"
  case $file in
    *.gz) gzip -dc <"$file" | grep -E '^CONFIG_({_OPTIONS})=' ;;
    *) grep -E '^CONFIG_({_OPTIONS})=' "$file" ;;
  esac
  return
done
echo '#'""",
        parse=parse_system.parse_kernel_config,
    ),
    Section(
        name="modules",
        command=f"""
read -r release </proc/sys/kernel/osrelease
for module in {" ".join(_MODULES)}; do
  [ ! -d "/sys/module/$module" ] || printf 'present %s\\n' "$module"
done
for file in "/lib/modules/$release/modules.builtin" "/lib/modules/$release/modules.dep"; do
  [ -r "$file" ] || continue
  printf 'index %s\\n' "$file"
  grep -o -E '/({"|".join(name.replace("_", "[-_]") for name in _MODULES)})\\.ko' "$file" | while IFS= read -r found; do
    found=${{found#/}}; printf 'shipped %s\\n' "${{found%.ko}}"
  done
done""",
        parse=parse_system.parse_modules,
    ),
    Section(name="sysctls", command=f"show '' {_SYSCTL_FILES}", parse=parse_system.parse_sysctls),
    Section(
        name="mounts",
        command="grep -E '^([^ ]+ ){4}(/|/sys/fs/bpf|/sys/fs/cgroup) ' /proc/self/mountinfo",
        parse=parse_system.parse_mounts,
    ),
    Section(
        name="cgroups",
        command="show '' /sys/fs/cgroup/cgroup.controllers /proc/cgroups",
        parse=parse_system.parse_cgroups,
    ),
    Section(
        name="security",
        command="show '' /sys/fs/selinux/enforce /sys/module/apparmor/parameters/enabled",
        parse=shown,
    ),
)
