"""Name, address, routes, resolver, firewall, proxies and programs of one host."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from tasks.preflight import wanted_services
from tasks.preflight.judge import CouldNotJudge, HostCheck, Judgement, Wish, bad, fair, good, known, worse
from tasks.preflight.parse_network import parse_proxies
from tasks.preflight.proxies import proxy_for
from tasks.preflight.remedies import install, mend

if TYPE_CHECKING:
    from collections.abc import Callable

    from tasks.preflight.host_facts import HostFacts
    from tasks.preflight.values_services import Route

_LABEL = r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?"
_HOSTNAME = re.compile(rf"{_LABEL}(\.{_LABEL})*")
_HOSTNAME_MAX = 253
_OWN_DEVICES = ("cilium_", "lxc")


def hostname(facts: HostFacts, wish: Wish) -> Judgement:
    """The kubelet registers under a DNS name; kubeadm warns where it does not resolve."""
    name, node = known(facts.system).hostname, wish.cluster.node_name
    remedy = mend(f"sudo hostnamectl set-hostname {node}", "identity")
    if len(name) > _HOSTNAME_MAX or not _HOSTNAME.fullmatch(name):
        return bad(f"{name!r} is no DNS name in lower case", remedy)
    if name != node:
        return fair(f"{name}, where the inventory's node_name is {node}", remedy)
    resolved = known(facts.names).get(name)
    if resolved is None:
        raise CouldNotJudge(f"{name} was not asked for")
    if not resolved.addresses:
        hosts = f"echo '{wish.cluster.address} {name}' | sudo tee -a /etc/hosts"
        return fair(f"{name} does not resolve on the host itself: {resolved.reason}", mend(hosts, "identity"))
    return good(name)


def machine_id(facts: HostFacts, _: Wish) -> Judgement:
    """Present and of the form that machine-id(5) gives."""
    found = known(facts.system).machine_id
    if re.fullmatch("[0-9a-f]{32}", found) and set(found) != {"0"}:
        return good(found)
    return bad(f"{found or 'empty'} is no machine id", mend("sudo systemd-machine-id-setup", "identity"))


def lan_address(facts: HostFacts, wish: Wish) -> Judgement:
    """The API server, and what announces the VIP, must sit on the inventory's network itself."""
    address, lan = wish.cluster.address, wish.fleet.lan.cidr
    found = [(link, one) for link in known(facts.links) for one in link.addresses if one.ip == address]
    remedy = mend("ip -br address", "network")
    if not found:
        return bad(f"no interface has {address}", remedy)
    link, interface = found[0]
    if interface.network != lan:
        return bad(f"{interface} on {link.name}, where the inventory's network is {lan}", remedy)
    if not link.up:
        return bad(f"{link.name} with {address} is down", mend(f"sudo ip link set {link.name} up", "network"))
    return good(f"{interface} on {link.name} ({link.mac}, MTU {link.mtu})")


def default_route(facts: HostFacts, _: Wish) -> Judgement:
    """Kubelet and Cilium find the node's address and device by it."""
    ways = [route for route in known(facts.routes) if route.to.prefixlen == 0]
    if ways:
        return good("; ".join(f"via {way.gateway or way.device}" for way in ways))
    return fair("none: kubelet and Cilium cannot tell the node's own device", mend("ip route", "network"))


def cluster_ranges(facts: HostFacts, wish: Wish) -> Judgement:
    """A pod or service range that a host already routes elsewhere takes those hosts away from it."""
    ranges = (wish.cluster.pod_cidr, wish.cluster.service_cidr)
    clashes = [
        f"{route.to} via {route.device or 'nowhere'} and {cidr}"
        for route in known(facts.routes)
        for cidr in ranges
        if route.to.prefixlen and route.to.overlaps(cidr) and not _is_own(route)
    ]
    if clashes:
        return bad(f"overlap: {'; '.join(clashes)}", mend("ip route", "network"))
    return good(f"{' and '.join(map(str, ranges))} are routed nowhere else")


def _is_own(route: Route) -> bool:
    return route.device.startswith(_OWN_DEVICES)


def nameservers(facts: HostFacts, _: Wish) -> Judgement:
    """CoreDNS forwards to what stands here: nobody makes it crash, and the host itself makes it ask itself."""
    servers = known(facts.nameservers)
    remedy = mend("cat /etc/resolv.conf", "dns")
    if not servers:
        return bad("/etc/resolv.conf names no server", remedy)
    local = [server for server in servers if server.startswith("127.") or server == "::1"]
    resolved = known(facts.units).get("systemd-resolved.service")
    if local and not (resolved and resolved.active):
        return bad(f"{', '.join(local)}: pods would ask themselves", remedy)
    return good(", ".join(servers))


def firewall(facts: HostFacts, _: Wish) -> Judgement:
    """A firewall is the site's own decision, but one that nobody opened stops Cilium and the API."""
    firewalld = known(facts.units).get("firewalld.service")
    if firewalld and firewalld.active:
        return fair("firewalld is active", mend("sudo systemctl disable --now firewalld", "firewall"))
    if known(facts.ufw):
        return fair("ufw is on", mend("sudo ufw disable", "firewall"))
    return good("neither firewalld nor ufw is on")


def proxy(facts: HostFacts, wish: Wish) -> Judgement:
    """What kubeadm and containerd ask for must reach the cluster's own addresses without a detour."""
    sources = {"sudo": known(facts.proxies)}
    for name in ("containerd.service", "kubelet.service"):
        if unit := known(facts.units).get(name):
            sources[name] = parse_proxies("\n".join(unit.environment.split()))
    cluster = wish.cluster
    wanted_direct = (cluster.address, cluster.pod_cidr[1], cluster.service_cidr[1])
    detours = [
        f"{source} sends {target} through {through}"
        for source, variables in sources.items()
        for target in wanted_direct
        if (through := proxy_for(target, variables))
    ]
    if detours:
        direct = f"{wish.fleet.lan.cidr},{cluster.pod_cidr},{cluster.service_cidr},.svc,.cluster.local"
        return fair("; ".join(detours), mend(f"echo NO_PROXY={direct} | sudo tee -a /etc/environment", "proxy"))
    used = sorted({value for variables in sources.values() for key, value in variables.items() if key != "no_proxy"})
    return good(f"{', '.join(used)}, and not for the cluster's own addresses" if used else "none")


def time_service(facts: HostFacts, _: Wish) -> Judgement:
    """Something must keep the clock, or it is right by accident only."""
    active = sorted(
        {name for name, unit in known(facts.units).items() if name in wanted_services.TIME_UNITS and unit.active}
    )
    if active:
        return good(f"{', '.join(active)} active")
    return bad("no time service is active", install(facts.system, debian="chrony", rhel="chrony", chapter="time"))


def tools(*, needed: bool) -> Callable[[HostFacts, Wish], Judgement]:
    """Build the check that programs are on the PATH that sudo gives to commands."""

    def judge(facts: HostFacts, _: Wish) -> Judgement:
        found = known(facts.tools)
        missing = [tool for tool in wanted_services.TOOLS if tool.needed == needed and not found.get(tool.name)]
        if not missing:
            return good(f"all {sum(tool.needed == needed for tool in wanted_services.TOOLS)} found")
        said = ", ".join(f"{tool.name} ({tool.why})" for tool in missing)
        debian = " ".join(dict.fromkeys(tool.debian for tool in missing))
        rhel = " ".join(dict.fromkeys(tool.rhel for tool in missing))
        return worse(needed=needed)(
            f"missing: {said}", install(facts.system, debian=debian, rhel=rhel, chapter="tools")
        )

    return judge


CHECKS = (
    HostCheck(
        "host.hostname", hostname, "a DNS name, the inventory's node_name, resolvable", "getent ahostsv4 $(uname -n)"
    ),
    HostCheck("host.machine-id", machine_id, "32 hexadecimal digits", "cat /etc/machine-id"),
    HostCheck("host.address", lan_address, "the inventory's address, up, on its network", "ip -br address"),
    HostCheck("host.default-route", default_route, "a default route", "ip route show default"),
    HostCheck("host.cluster-ranges", cluster_ranges, "pod and service ranges routed nowhere else", "ip route"),
    HostCheck("host.nameservers", nameservers, "a resolver that pods can ask", "cat /etc/resolv.conf"),
    HostCheck(
        "host.firewall",
        firewall,
        "no host firewall, or one that is open",
        "systemctl is-active firewalld; sudo ufw status",
    ),
    HostCheck("host.proxy", proxy, "no proxy for the cluster's own addresses", "sudo env | grep -i proxy"),
    HostCheck(
        "host.time-service",
        time_service,
        "a time service that is active",
        "systemctl is-active chrony systemd-timesyncd",
    ),
    HostCheck("host.tools", tools(needed=True), "what later stages call", "command -v mount losetup nsenter"),
    HostCheck("host.tools-optional", tools(needed=False), "what helps to look", "command -v crictl conntrack ethtool"),
)
