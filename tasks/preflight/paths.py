"""Ask one host whom it can reach: one script, one round trip; every probe is a job of its own, all side by side."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tasks.model.command import Command
from tasks.preflight.object_store import LIVE, port_of
from tasks.preflight.parse_paths import parse_probes
from tasks.preflight.script import Section, compose, read, split
from tasks.preflight.sections import ADMIN, LINKS

if TYPE_CHECKING:
    from tasks.fleet.model import Cluster, Fleet
    from tasks.model.command import Shell
    from tasks.preflight.script import Answer
    from tasks.preflight.values import Fact
    from tasks.preflight.values_services import Admin, Link, Probe

TIMEOUT_S = 60.0
"""All good takes 2 s, the time that an ARP probe listens; the search for a smaller MTU, 2 s a step, takes 25 s."""


@dataclass(frozen=True, slots=True)
class Far:
    """The far end of a way: an address or a name, and a TCP port."""

    address: str
    port: int

    def __str__(self) -> str:
        return f"{self.address}:{self.port}"


REGISTRY = Far("registry.k8s.io", 443)
"""Where kubeadm pulls from, unless it is told otherwise."""

OWNERS = r"""
# owners ADDRESS: every MAC that answers ARP for it; broadcast throughout, so that a second owner is heard too
owners() {
  set -- "$1" $(ip -o -4 address show to "$own")
  case $(arping -V 2>&1) in
    *iputils*) arping -b -c 2 -w 2 -I "$3" "$1" || [ $? = 1 ] ;;
    *"not found"*) echo "arping: not found"; return 127 ;;
    *) arping -c 2 -w 2 -i "$3" "$1" || [ $? = 1 ] ;;
  esac
}
"""
"""ARP as a host hears it, whichever arping it has; ``$own`` is the host's address on the LAN."""

PROBES = Section(
    name="probes",
    command=OWNERS
    + r"""
# greet ADDRESS PORT: the first line that an SSH server says
greet() { timeout 4 bash -c 'exec 3<>"/dev/tcp/$0/$1" && IFS= read -r -t 3 line <&3 && printf "%s" "$line"' "$1" "$2"; }
# connect NAME PORT: a TCP connection and nothing more
connect() { timeout 4 bash -c 'exec 3<>"/dev/tcp/$0/$1"' "$1" "$2"; }
# status ADDRESS PORT NAME PATH: the status line of an HTTP server
status() {
  timeout 6 bash -c '
    exec 3<>"/dev/tcp/$0/$1" &&
      printf "HEAD %s HTTP/1.1\r\nHost: %s\r\nConnection: close\r\n\r\n" "$3" "$2" >&3 &&
      IFS= read -r -t 5 line <&3 && printf "%s" "$line"' "$1" "$2" "$3" "$4"
}
# fits ADDRESS SIZE: a packet of SIZE bytes, headers included, gets there unbroken and is answered
fits() { ping -n -q -c 3 -i 0.2 -W 1 -M do -s "$(($2 - 28))" "$1" >/dev/null 2>&1; }
# widest ADDRESS: the interface's MTU and the largest packet that gets through; 0 where not even a small one does
widest() {
  set -- "$1" $(ip -o route get "$1")
  address=$1
  while [ $# -gt 1 ] && [ "$1" != dev ]; do shift; done
  read -r mtu <"/sys/class/net/$2/mtu" || return 1
  command -v ping >/dev/null || { echo "ping: not found"; return 127; }
  if fits "$address" "$mtu"; then echo "$mtu $mtu"; return; fi
  low=84; high=$mtu
  fits "$address" "$low" || { echo "$mtu 0"; return; }
  while [ $((high - low)) -gt 1 ]; do
    middle=$(((low + high) / 2))
    if fits "$address" "$middle"; then low=$middle; else high=$middle; fi
  done
  echo "$mtu $low"
}
# detours: what containerd may pull through instead of the registry itself
detours() {
  for path in /etc/containerd/certs.d/_default /etc/containerd/certs.d/${registry%:*}; do
    [ ! -e "$path" ] || echo "$path"
  done
  systemctl show -p Environment containerd.service | grep -o -i 'https_proxy=[^ "]*' || :
}
for peer in $peers; do
  job "ssh/$peer" greet "${peer%:*}" "${peer#*:}" &
  job "mtu/$peer" widest "${peer%:*}" &
done
for vip in $vips; do job "arp/$vip" owners "$vip" & done
job "s3/$store" status "${store%:*}" "${store#*:}" "$store_name" "$store_path" &
job wanted kubeadm config images list --kubernetes-version "v$kubernetes" &
job present ctr --connect-timeout 3s -n k8s.io images ls -q &
job detours detours &
job "registry/$registry" connect "${registry%:*}" "${registry#*:}" &
wait""",
    parse=parse_probes,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class HostPaths:
    """
    What one host sees of the others.

    Attributes:
        links: its own interfaces, to know its own MACs
        admin: whose cluster is on it
        probes: by kind and far end: ``ssh/192.168.101.196:22``, ``mtu/...``, ``s3/...``, ``registry/...``,
            ``arp/192.168.101.210``; ``wanted`` and ``present`` are kubeadm's and containerd's lists of images,
            ``detours`` is what containerd may pull through

    """

    links: Fact[tuple[Link, ...]]
    admin: Fact[Admin | None]
    probes: Fact[dict[str, Probe]]


def far_ends(check: str, fleet: Fleet, cluster: Cluster) -> tuple[tuple[str, Far], ...]:
    """The peers of one kind of way, each with its far end; a check of no path has an empty peer."""
    match check:
        case "reach.host" | "reach.mtu":
            return tuple((one.name, Far(str(one.address), one.ssh_port)) for one in fleet.clusters if one != cluster)
        case "reach.s3":
            return ((fleet.s3.endpoint, store_end(fleet)),)
        case _:
            return (("", REGISTRY),)


def store_end(fleet: Fleet) -> Far:
    """The object store's address and port."""
    return Far(str(fleet.s3.address), port_of(fleet.s3))


def path_script(fleet: Fleet, cluster: Cluster) -> str:
    """Write one host's script; whom it has to reach is the inventory's."""
    variables = {
        "own": str(cluster.address),
        "peers": " ".join(str(far) for _, far in far_ends("reach.host", fleet, cluster)),
        "vips": " ".join(str(one.vip.address) for one in fleet.clusters),
        "store": str(store_end(fleet)),
        "store_name": fleet.s3.endpoint.partition(":")[0],
        "store_path": LIVE,
        "kubernetes": fleet.versions.kubernetes,
        "registry": str(REGISTRY),
    }
    return compose((LINKS, ADMIN, PROBES), variables)


def probe_paths(shell: Shell, fleet: Fleet, cluster: Cluster) -> HostPaths:
    """
    Ask a host whom it can reach, in one round trip.

    Raises:
        TransportError: the host could not be asked

    """
    result = shell.run(Command.script(path_script(fleet, cluster), timeout_s=TIMEOUT_S, sudo=True))
    return read_paths(split(result.stdout, result.stderr))


def read_paths(answers: dict[str, Answer]) -> HostPaths:
    """Parse every section."""
    return HostPaths(links=read(LINKS, answers), admin=read(ADMIN, answers), probes=read(PROBES, answers))
