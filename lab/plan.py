"""What the lab is to be: machines, addresses, names. All else in this package takes a `LabPlan` and asks no file."""

from dataclasses import dataclass, replace
from ipaddress import IPv4Address, IPv4Interface, IPv4Network


class PlanError(ValueError):
    """The inventory, or a name given on the command line, describes no lab; the text says what to change."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Machine:
    """One machine on the wire."""

    name: str
    address: IPv4Interface

    @property
    def mac(self) -> str:
        """A locally administered MAC that spells the IPv4 address, so that a packet capture reads itself."""
        return mac_of(self.address.ip)


@dataclass(frozen=True, slots=True, kw_only=True)
class ObjectStore:
    """The S3 server outside the clusters, on a network of its own behind the gateway."""

    address: IPv4Interface
    router: IPv4Interface
    port: int
    buckets: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class LabPlan:
    """
    A whole lab.

    Attributes:
        gateway: the LAN's router and DNS server
        seat: where the operator sits, in a namespace of its own
        records: DNS names, wildcards included, to addresses
        domain: the zone that the lab's DNS answers for

    """

    gateway: IPv4Interface
    seat: IPv4Interface
    machines: tuple[Machine, ...]
    store: ObjectStore
    records: tuple[tuple[str, IPv4Address], ...]
    domain: str

    @property
    def lan(self) -> IPv4Network:
        """The network that all machines share."""
        return self.gateway.network

    def machine(self, name: str) -> Machine:
        """
        The machine of that name.

        Raises:
            PlanError: there is none

        """
        for machine in self.machines:
            if machine.name == name:
                return machine
        known = ", ".join(machine.name for machine in self.machines)
        raise PlanError(f"no machine is called {name!r}; this lab has {known}")

    def only(self, names: tuple[str, ...]) -> "LabPlan":
        """The same lab with the named machines alone, in the plan's order."""
        chosen = {self.machine(name) for name in names}
        return replace(self, machines=tuple(machine for machine in self.machines if machine in chosen))


def mac_of(address: IPv4Address) -> str:
    """02:00 and the four octets of the address."""
    return ":".join(f"{octet:02x}" for octet in (2, 0, *address.packed))
