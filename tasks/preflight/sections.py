"""What is asked of a host: all sections, those about network, services and clusters spelled out here. Reads only."""

from __future__ import annotations

from tasks.preflight import parse_dns, parse_network, parse_runtime
from tasks.preflight.script import Section
from tasks.preflight.sections_machine import MACHINE
from tasks.preflight.wanted_services import TOOLS, UNITS

LINKS = Section(name="links", command="ip -j -d address", parse=parse_network.parse_links)

ADMIN = Section(
    name="admin",
    command="show '^ *(- )?(server|name|certificate-authority-data):' /etc/kubernetes/admin.conf",
    parse=parse_runtime.parse_admin,
)

NAMES = Section(
    name="names",
    command="""
read -r host </proc/sys/kernel/hostname
for name in "$host" $names; do job "$name" timeout 8 getent ahostsv4 "$name" & done
wait""",
    parse=parse_network.parse_names,
)

NETWORK = (
    Section(name="listeners", command="ss -Hlntup", parse=parse_network.parse_listeners),
    LINKS,
    Section(name="routes", command="ip -j -4 route", parse=parse_network.parse_routes),
    Section(name="ufw", command="show '^ENABLED=' /etc/ufw/ufw.conf", parse=parse_network.parse_firewall),
    Section(
        name="proxies",
        command="""
for name in HTTP_PROXY HTTPS_PROXY NO_PROXY ALL_PROXY http_proxy https_proxy no_proxy all_proxy; do
  eval "value=\\${$name-}"
  [ -z "$value" ] || printf '%s=%s\\n' "$name" "$value"
done""",
        parse=parse_network.parse_proxies,
    ),
    Section(name="nameservers", command="show '' /etc/resolv.conf", parse=parse_network.parse_nameservers),
    NAMES,
    Section(
        name="dns",
        command=r"""
ask() {
  for _ in 1 2; do
    timeout 2 bash -c '
      query="\x66\x70\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00"
      IFS=.; for label in $1; do printf -v size "\\\\x%02x" "${#label}"; query+=$size$label; done
      exec 3<>"/dev/udp/$0/53" && printf "$query\x00\x00\x01\x00\x01" >&3 && dd bs=512 count=1 status=none <&3 |
        od -An -v -tx1' "$1" "$2"
    code=$?
    [ "$code" = 124 ] || return "$code"
  done
  return 124
}
for server in $servers; do job "$server" ask "$server" "$question" & done
wait""",
        parse=parse_dns.parse_servers,
    ),
)

RUNTIME = (
    Section(
        name="units",
        command=f"systemctl show -p Names,LoadState,ActiveState,UnitFileState,Environment {' '.join(UNITS)}",
        parse=parse_runtime.parse_units,
    ),
    Section(
        name="tools",
        command=f"""
for tool in {" ".join(tool.name for tool in TOOLS)} kubelet kubeadm kubectl containerd ctr iscsiadm mount.nfs4; do
  printf '%s %s\\n' "$tool" "$(command -v "$tool")"
done""",
        parse=parse_runtime.parse_tools,
    ),
    Section(
        name="programs",
        command="""
cri() {
  plugins=$(ctr --connect-timeout 3s plugins ls 2>&1) || { printf '%s\\n' "$plugins"; return 1; }
  printf '%s\\n' "$plugins" | grep -w cri || :
}
job kubelet kubelet --version &
job kubeadm kubeadm version -o short &
job kubectl kubectl version --client &
job containerd ctr --connect-timeout 3s version &
job cri cri &
wait""",
        parse=parse_runtime.parse_programs,
    ),
    Section(name="containerd", command="containerd config dump", parse=parse_runtime.parse_containerd),
    Section(
        name="kubelet",
        command="""
show '^cgroupDriver:|--cgroup-driver' /var/lib/kubelet/config.yaml /var/lib/kubelet/kubeadm-flags.env \\
  /etc/default/kubelet /etc/sysconfig/kubelet""",
        parse=parse_runtime.parse_kubelet,
    ),
    ADMIN,
    Section(
        name="leftovers",
        command="""
for path in /etc/kubernetes/manifests/* /etc/kubernetes/*.conf /etc/kubernetes/pki/ca.crt /var/lib/etcd/* \\
  /var/lib/kubelet/config.yaml /etc/cni/net.d/*.conf* /sys/class/net/cilium_* /sys/class/net/flannel.* \\
  /sys/class/net/cali* /sys/class/net/cni0 /sys/fs/bpf/tc/globals/cilium_* /sys/fs/bpf/cilium; do
  [ ! -e "$path" ] || printf '%s\\n' "$path"
done""",
        parse=parse_runtime.parse_paths,
    ),
    Section(
        name="multipath",
        command="show '' /etc/multipath.conf /etc/multipath/conf.d/*.conf",
        parse=parse_runtime.parse_multipath,
    ),
)

SECTIONS = (*MACHINE, *NETWORK, *RUNTIME)
