"""From the site's inventory (`inventory/*.yaml`) to a `LabPlan`: its machines, addresses and names, no more."""

from ipaddress import IPv4Address, IPv4Interface, IPv4Network
from pathlib import Path
from typing import TypeVar

import yaml
from pydantic import BaseModel, TypeAdapter, ValidationError

from lab.plan import LabPlan, Machine, ObjectStore, PlanError

_LONGEST_LINK_NAME = 15
_SEAT = 10  # the host part of the operator's address: the lab's own choice
_HTTP = 80

Loaded = TypeVar("Loaded")


class _Vip(BaseModel):
    address: IPv4Address


class _HostData(BaseModel):
    node_name: str
    domain: str
    vip: _Vip


class _Host(BaseModel):
    hostname: IPv4Address
    data: _HostData


class _Lan(BaseModel):
    cidr: IPv4Network
    gateway: IPv4Address


class _Store(BaseModel):
    endpoint: str
    address: IPv4Address
    buckets: tuple[str, ...]


class _DefaultsData(BaseModel):
    lan: _Lan
    s3: _Store
    dns_records: dict[str, IPv4Address]


class _Defaults(BaseModel):
    data: _DefaultsData


def plan_from_inventory(folder: Path) -> LabPlan:
    """
    The lab that this inventory needs.

    Raises:
        PlanError: a file is missing or wrong, one line per mistake, or describes a site that the lab cannot rebuild

    """
    hosts = _read(folder / "hosts.yaml", dict[str, _Host])
    site = _read(folder / "defaults.yaml", _Defaults).data
    lan, length = site.lan, site.lan.cidr.prefixlen
    machines = tuple(
        Machine(name=host.data.node_name, address=IPv4Interface((host.hostname, length))) for host in hosts.values()
    )
    wildcards = {f"*.{host.data.domain}": host.data.vip.address for host in hosts.values()}
    domain = common_domain((*site.dns_records, *wildcards))
    own_names = {f"{machine.name}.{domain}": machine.address.ip for machine in machines}
    plan = LabPlan(
        gateway=IPv4Interface((lan.gateway, length)),
        seat=IPv4Interface((lan.cidr[_SEAT], length)),
        machines=machines,
        store=_object_store(site.s3),
        records=tuple((own_names | wildcards | site.dns_records).items()),
        domain=domain,
    )
    _refuse_impossible(plan)
    return plan


def common_domain(names: tuple[str, ...]) -> str:
    """The longest suffix of whole labels that all names share; empty where there is none."""
    reversed_labels = [name.split(".")[::-1] for name in names]
    shared = []
    for labels in zip(*reversed_labels, strict=False):
        if len(set(labels)) > 1:
            break
        shared.append(labels[0])
    return ".".join(reversed(shared))


def _object_store(store: _Store) -> ObjectStore:
    """A /24 of its own, whose last address is the gateway's leg."""
    address = IPv4Interface((store.address, 24))
    port = store.endpoint.rpartition(":")[2]
    return ObjectStore(
        address=address,
        router=IPv4Interface((address.network[-2], 24)),
        port=int(port) if port.isdigit() else _HTTP,
        buckets=store.buckets,
    )


def _refuse_impossible(plan: LabPlan) -> None:
    taken: dict[IPv4Address, str] = {plan.gateway.ip: "the gateway", plan.seat.ip: "the operator's seat of the lab"}
    for machine in plan.machines:
        if len(machine.name) > _LONGEST_LINK_NAME:
            raise PlanError(
                f"{machine.name}: a machine's name is its port's too, and that has at most {_LONGEST_LINK_NAME} letters"
            )
        if machine.address.ip not in plan.lan:
            raise PlanError(f"{machine.name}: {machine.address.ip} is not in the LAN {plan.lan}")
        if machine.address.ip in taken:
            raise PlanError(f"{machine.name}: {machine.address.ip} belongs to {taken[machine.address.ip]}")
        taken[machine.address.ip] = machine.name
    if plan.store.address.network.overlaps(plan.lan):
        raise PlanError(f"the object store {plan.store.address.ip} has to be outside the LAN {plan.lan}")


def _read(file: Path, shape: type[Loaded]) -> Loaded:
    try:
        return TypeAdapter(shape).validate_python(yaml.safe_load(file.read_text()))
    except FileNotFoundError as error:
        raise PlanError(f"{file}: there is no such file") from error
    except yaml.YAMLError as error:
        raise PlanError(f"{file}: {error}") from error
    except ValidationError as error:
        lines = [f"{file}: {'.'.join(map(str, item['loc']))}: {item['msg']}" for item in error.errors()]
        raise PlanError("\n".join(lines)) from error
