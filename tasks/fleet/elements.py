"""Hosts, groups and defaults as Nornir lays them out, and what a host inherits."""

from __future__ import annotations

from dataclasses import MISSING, dataclass, field, fields, replace
from typing import TYPE_CHECKING, Any

from tasks.fleet.draft import Draft, Element, Said, lineage
from tasks.fleet.model import Cluster, Fleet
from tasks.fleet.shape import Wanted, read_keys, read_value
from tasks.fleet.source import Node
from tasks.model.errors import Mistake

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from tasks.fleet.source import Plain

# Nornir's own words, which stand beside `data`, and the fields of `Cluster` that they fill
NORNIR_KEYS = {"hostname": "address", "port": "ssh_port", "username": "ssh_user"}

_CLUSTER = Wanted.fields(Cluster)
_REQUIRED = {known.name for known in fields(Cluster) if known.default is MISSING}
_BESIDE = {key: replace(_CLUSTER[filled], field=key) for key, filled in NORNIR_KEYS.items()}
_DATA = {key: wanted for key, wanted in _CLUSTER.items() if key not in {"name", *NORNIR_KEYS.values()}}
_HOST = _BESIDE | _DATA
_SITE = {key: wanted for key, wanted in Wanted.fields(Fleet).items() if key != "clusters"}
_BELONGS = (
    dict.fromkeys(_BESIDE, "beside data")
    | dict.fromkeys(_DATA, "under data")
    | dict.fromkeys(_SITE, "under data in defaults.yaml")
    | {"hostname": "beside data of a host"}
)
_WHERE = dict.fromkeys(_DATA, "under data, here or in one of its groups") | dict.fromkeys(_BESIDE, "beside data")


@dataclass(frozen=True, slots=True)
class Layout:
    """Which keys one kind of element may hold: Nornir's own beside ``data``, ours under it."""

    beside: dict[str, Wanted]
    data: dict[str, Wanted]

    @property
    def fields(self) -> dict[str, Wanted]:
        """All of them."""
        return self.beside | self.data


_GROUPS = {"groups": Wanted("groups", tuple[str, ...])}
_SHARED = {key: wanted for key, wanted in _BESIDE.items() if key != "hostname"}
HOST = Layout(_BESIDE | _GROUPS, _DATA)
GROUP = Layout(_SHARED | _GROUPS, _DATA)
DEFAULTS = Layout(_SHARED, _DATA | _SITE)


@dataclass(slots=True)
class DraftReader:
    """Turns the three files' trees into one draft, and keeps what is wrong with them in ``mistakes``."""

    mistakes: list[Mistake] = field(default_factory=list)

    def read(self, hosts: Node, groups: Node, defaults: Node) -> Draft:
        """Everything that is of the right kind, inheritance resolved."""
        all_hosts = self._elements(hosts, HOST)
        all_groups = self._elements(groups, GROUP)
        site = self._element("", defaults, DEFAULTS)
        if not hosts.value:
            self.mistakes.append(hosts.place.mistake("names no host; an empty fleet can prove nothing"))
        said: list[Said[Any]] = []
        clusters: list[Plain] = []
        for host in all_hosts.values():
            entries = self._inherited(host, all_groups, site)
            said += [Said("host name", host.name, "", host.place), *_said(_HOST, entries, host.name)]
            clusters.append({"name": host.name} | {NORNIR_KEYS.get(k, k): node.plain() for k, node in entries.items()})
        own = {key: node for key, node in site.entries.items() if key in _SITE}
        self.mistakes += [site.place.mistake(f"data lacks {key}") for key in _SITE if key not in own]
        said += _said(_SITE, own, "")
        plain: dict[str, Plain] = {"clusters": clusters} | {key: node.plain() for key, node in own.items()}
        return Draft(hosts=all_hosts, groups=all_groups, said=tuple(said), plain=plain)

    def _elements(self, root: Node, layout: Layout) -> dict[str, Element]:
        if isinstance(root.value, dict):
            return {name: self._element(name, node, layout) for name, node in root.value.items()}
        self.mistakes.append(root.place.mistake("must hold names, each followed by a colon and its keys"))
        return {}

    def _element(self, name: str, node: Node, layout: Layout) -> Element:
        """What one element says itself; every value is judged here, where it is written."""
        entries = self._room(node, name or "defaults.yaml", layout, {**layout.beside, "data": None})
        below = entries.pop("data", None)
        if below:
            entries |= self._room(below, f"data of {name}" if name else "data", layout, layout.data)
        groups: list[Said[str]] = []
        for key, child in entries.items():
            for value in read_value(layout.fields[key], child, name):
                if isinstance(value, Mistake):
                    self.mistakes.append(value)
                elif key == "groups":
                    groups.append(value)
        return Element(name=name, place=node.place, groups=tuple(groups), entries=entries)

    def _room(self, node: Node, where: str, layout: Layout, known: Mapping[str, object]) -> dict[str, Node]:
        """The keys beside ``data``, or those under it; a key in the wrong one of the two counts all the same."""
        if layout is GROUP and not node.value:
            return {}  # a group may be no more than a name to filter by
        if not isinstance(node.value, dict) or not node.value:
            self.mistakes.append(node.place.mistake(f"{where} must hold keys: {', '.join(known)}"))
            return {}
        misplaced = {key: child for key, child in node.value.items() if key not in known and key in _BELONGS}
        for key, child in misplaced.items():
            self.mistakes.append(child.place.mistake(f"{key} in {where} is misplaced; it belongs {_BELONGS[key]}"))
        rest = {key: child for key, child in node.value.items() if key not in misplaced}
        entries, mistakes = read_keys(Node(node.place, rest), where, known)
        self.mistakes += mistakes
        return {key: child for key, child in misplaced.items() if key in layout.fields} | entries

    def _inherited(self, host: Element, groups: Mapping[str, Element], site: Element) -> dict[str, Node]:
        """For each key of a host the first in line that says it."""
        line = (host, *lineage(host, groups), site)
        entries = {}
        for key in _HOST:
            speaker = next((element for element in line if key in element.entries), None)
            if speaker:
                entries[key] = speaker.entries[key]
        # a host that says nothing, or whose group is unknown, has its mistake already
        if host.entries and all(said.value in groups for element in line for said in element.groups):
            self.mistakes += [
                host.place.mistake(f"{host.name} lacks {key}; give it {_WHERE[key]}")
                for key in _HOST
                if key not in entries and NORNIR_KEYS.get(key, key) in _REQUIRED
            ]
        return entries


def _said(fields: Mapping[str, Wanted], entries: Mapping[str, Node], owner: str) -> Iterator[Said[Any]]:
    for key, node in entries.items():
        yield from (said for said in read_value(fields[key], node, owner) if isinstance(said, Said))
