"""The inventory as its files say it, inheritance resolved, before any rule has judged it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic, TypeVar, cast

if TYPE_CHECKING:
    from collections.abc import Mapping
    from ipaddress import IPv4Address, IPv4Network

    from tasks.fleet.source import Node, Place, Plain

T_co = TypeVar("T_co", covariant=True)


@dataclass(frozen=True, slots=True)
class Said(Generic[T_co]):
    """
    One typed value of the inventory, who says it, and where.

    Attributes:
        field: dotted, without the owner: ``vip.address``, ``lan.dns``, ``dns_records``
        value: typed as in the model
        owner: the host it holds for; empty for what is the whole site's
        place: its line
        key: in ``dns_records``: the name

    """

    field: str
    value: T_co
    owner: str
    place: Place
    key: str = ""

    def __str__(self) -> str:
        key = f" {self.key}" if self.key else ""
        owner = f" of {self.owner}" if self.owner else ""
        return f"{self.field}{key} {self.value}{owner}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Element:
    """
    One host, one group, or the defaults.

    Attributes:
        groups: names of its own groups
        entries: what it says itself, by key

    """

    name: str
    place: Place
    groups: tuple[Said[str], ...] = ()
    entries: Mapping[str, Node]


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """
    Every value of the right kind, flat, with its owner and place.

    Attributes:
        hosts, groups: as written, in the files' order
        said: of the hosts, inherited values included, and of the site
        plain: what ``Fleet`` is validated from; complete only where there are no mistakes

    """

    hosts: Mapping[str, Element]
    groups: Mapping[str, Element]
    said: tuple[Said[Any], ...]
    plain: Mapping[str, Plain]

    def addresses(self, *fields: str) -> tuple[Said[IPv4Address], ...]:
        """The addresses under these fields."""
        return cast("tuple[Said[IPv4Address], ...]", self._under(fields))

    def networks(self, *fields: str) -> tuple[Said[IPv4Network], ...]:
        """The networks under these fields."""
        return cast("tuple[Said[IPv4Network], ...]", self._under(fields))

    def texts(self, *fields: str) -> tuple[Said[str], ...]:
        """The texts under these fields."""
        return cast("tuple[Said[str], ...]", self._under(fields))

    def _under(self, fields: tuple[str, ...]) -> tuple[Said[Any], ...]:
        return tuple(said for said in self.said if said.field in fields)


def lineage(element: Element, groups: Mapping[str, Element]) -> tuple[Element, ...]:
    """An element's groups and theirs, nearest first, in the order in which Nornir lets them speak."""
    found: dict[str, Element] = {}

    def visit(child: Element) -> None:
        for name in (said.value for said in child.groups):
            if name in groups and name not in found:
                found[name] = groups[name]
                visit(groups[name])

    visit(element)
    return tuple(found.values())
