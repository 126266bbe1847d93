"""
The wire: namespaces, a bridge, veths.

    switch     a bridge; one port per machine, one for the gateway, one for the operator's seat
    gateway    the LAN's router and DNS server; its other leg is the object store's network
    s3         the object store's host
    ops        the operator's seat
    <machine>  one per machine

All links have both ends in namespaces of the lab: the host's own network gains nothing.
"""

from ipaddress import IPv4Interface
from pathlib import Path

from lab.plan import LabPlan, Machine, mac_of
from lab.state import State
from lab.wire import namespaces

SWITCH, GATEWAY, STORE, SEAT = "switch", "gateway", "s3", "ops"
BASE = (SWITCH, GATEWAY, STORE, SEAT)
BRIDGE = "br0"
_MACHINE_LINK = "eth0"


def is_laid(state: State) -> bool:
    """Whether every part of the wire but the machines' ports is there; the marker is the last thing laid."""
    return all(namespaces.exists(state.network(name)) for name in BASE) and _laid_marker(state).exists()


def lay(plan: LabPlan, state: State) -> None:
    """Make switch, gateway, object store and seat with their addresses and routes, anew."""
    take_up(state)
    for name in BASE:
        namespaces.create(state.network(name))
    namespaces.ip(state.network(SWITCH), [f"link add {BRIDGE} type bridge mcast_snooping 0", f"link set {BRIDGE} up"])
    _cable(state, GATEWAY, "lan0", plan.gateway)
    _cable(state, SEAT, "lan0", plan.seat)
    _connect_store(plan, state)
    namespaces.ip(state.network(SEAT), [f"route add default via {plan.gateway.ip}"])
    namespaces.set_network_setting(state.network(GATEWAY), "net.ipv4.ip_forward", "1")
    _laid_marker(state).touch()


def plug_in(plan: LabPlan, state: State, machine: Machine) -> None:
    """Give a machine a fresh network namespace with `eth0` on the switch, its address and its route."""
    attach(state, machine.name, machine.address)
    namespaces.ip(state.network(machine.name), [f"route add default via {plan.gateway.ip}"])


def attach(state: State, name: str, address: IPv4Interface) -> None:
    """Make a namespace whose `eth0` is on the switch with that address; one of that name is replaced."""
    detach(state, name)
    namespaces.create(state.network(name))
    _cable(state, name, _MACHINE_LINK, address)


def detach(state: State, name: str) -> None:
    """Take a namespace and its port away; nothing happens where there is none."""
    namespaces.delete_link(state.network(SWITCH), name)
    namespaces.delete(state.network(name))


def take_up(state: State) -> None:
    """Remove every namespace of this lab, machines' ones included."""
    _laid_marker(state).unlink(missing_ok=True)
    if state.namespaces.exists():
        for file in state.namespaces.iterdir():
            namespaces.delete(file)


def _laid_marker(state: State) -> Path:
    return state.root / "wire-laid"


def _cable(state: State, name: str, link: str, address: IPv4Interface) -> None:
    """A veth from `link` inside the namespace to the switch's port of the namespace's name."""
    holder = state.network(name)
    namespaces.ip(
        state.network(SWITCH),
        [
            f"link add {name} type veth peer name {link} address {mac_of(address.ip)} netns {holder}",
            f"link set {name} master {BRIDGE}",
            f"link set {name} up",
        ],
    )
    namespaces.ip(holder, [f"address add {address} dev {link}", f"link set {link} up"])


def _connect_store(plan: LabPlan, state: State) -> None:
    """A veth from the gateway straight to the object store's host, and the routes both ways."""
    gateway, store, link = state.network(GATEWAY), state.network(STORE), "eth0"
    inner, outer = plan.store.address, plan.store.router
    far_end = f"{link} address {mac_of(inner.ip)} netns {store}"
    namespaces.ip(
        gateway,
        [
            f"link add s3 address {mac_of(outer.ip)} type veth peer name {far_end}",
            f"address add {outer} dev s3",
            "link set s3 up",
        ],
    )
    namespaces.ip(
        store, [f"address add {inner} dev {link}", f"link set {link} up", f"route add default via {outer.ip}"]
    )
