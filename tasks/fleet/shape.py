"""Is every value of the kind that the model wants? Each one that is becomes a ``Said``; each other one a mistake."""

from __future__ import annotations

import re
from dataclasses import MISSING, dataclass, is_dataclass
from dataclasses import fields as dataclass_fields
from difflib import get_close_matches
from ipaddress import IPv4Address, IPv4Network
from typing import TYPE_CHECKING, Annotated, Any, Literal, get_args, get_origin, get_type_hints

from tasks.fleet.draft import Said

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from tasks.fleet.model import Between
    from tasks.fleet.source import Node
    from tasks.model.errors import Mistake

_CREDENTIAL = re.compile(
    r"(\w+_)?(pass(word|wd|phrase)|secret|token|credentials?|(access|secret|private|ssh|api)_key)(_\w+)?"
)
_VARIABLE = {
    "access_key": "S3_ACCESS_KEY",
    "secret_key": "S3_SECRET_KEY",
    "private_key": "NODE_SSH_KEY",
    "ssh_key": "NODE_SSH_KEY",
}


@dataclass(frozen=True, slots=True)
class Wanted:
    """One field as the model wants it: its dotted name, its type, and the bounds of a whole number."""

    field: str
    kind: Any
    bounds: Between | None = None

    def __str__(self) -> str:
        """What to write, in words."""
        if get_origin(self.kind) is Literal:
            return " or ".join(get_args(self.kind))
        if self.bounds:
            return f"a whole number from {self.bounds.low} to {self.bounds.high}"
        return {IPv4Address: "an IPv4 address such as 192.168.101.194", IPv4Network: "a network such as 10.11.0.0/16"}[
            self.kind
        ]

    @classmethod
    def fields(cls, model: type, prefix: str = "") -> dict[str, Wanted]:
        """The fields of a model by name."""
        hints = get_type_hints(model, include_extras=True)
        return {name: cls(f"{prefix}{name}", *_kind_of(hint)) for name, hint in hints.items()}


def read_value(wanted: Wanted, node: Node, owner: str) -> Iterator[Said[Any] | Mistake]:
    """Everything one key says, nested keys and items included."""
    origin = get_origin(wanted.kind)
    if is_dataclass(wanted.kind):
        yield from _read_model(wanted, node, owner)
    elif origin is tuple:
        yield from _read_items(wanted, node, owner)
    elif origin is dict:
        yield from _read_table(wanted, node, owner)
    else:
        yield from _read_scalar(wanted, node, owner)


def read_keys(node: Node, where: str, known: Collection[str]) -> tuple[dict[str, Node], list[Mistake]]:
    """
    The known keys of a mapping, and a mistake for each other one.

    A misspelt key counts as the one it resembles, so that its value is judged too, and nothing is said to be lacking.
    """
    mapping = node.value if isinstance(node.value, dict) else {}
    entries = {key: child for key, child in mapping.items() if key in known}
    mistakes: list[Mistake] = []
    for key, child in mapping.items():
        if key in known:
            continue
        close = get_close_matches(key, known, n=1)
        if close and not _CREDENTIAL.fullmatch(key):
            mistakes.append(child.place.mistake(f"unknown key {key} in {where}; did you mean {close[0]}?"))
            entries.setdefault(close[0], child)
        else:
            mistakes += _unknown_key(key, child, where, known)
    return entries, mistakes


def _unknown_key(key: str, node: Node, where: str, known: Collection[str]) -> Iterator[Mistake]:
    """What nothing reads, and any credential below it."""
    if _CREDENTIAL.fullmatch(key):
        yield node.place.mistake(
            f"{key} in {where} is a credential, and this file is committed; delete it here, change it if it was ever "
            f"shared, and set {_VARIABLE.get(key, 'NODE_PASSWORD')} in the environment or in .env (see .env.example)"
        )
        return
    if known:
        yield node.place.mistake(f"unknown key {key} in {where}; known are {', '.join(known)}")
    if isinstance(node.value, dict):
        for inner, child in node.value.items():
            yield from _unknown_key(inner, child, key, ())


def _read_model(wanted: Wanted, node: Node, owner: str) -> Iterator[Said[Any] | Mistake]:
    where = _of(wanted.field, owner)
    fields = Wanted.fields(wanted.kind, f"{wanted.field}.")
    if not isinstance(node.value, dict):
        yield node.place.mistake(f"{where} must hold keys: {', '.join(fields)}")
        return
    entries, mistakes = read_keys(node, where, fields)
    yield from mistakes
    for key, child in entries.items():
        yield from read_value(fields[key], child, owner)
    required = [known.name for known in dataclass_fields(wanted.kind) if known.default is MISSING]
    yield from (node.place.mistake(f"{where} lacks {key}") for key in required if key not in entries)


def _read_items(wanted: Wanted, node: Node, owner: str) -> Iterator[Said[Any] | Mistake]:
    if not isinstance(node.value, tuple):
        yield node.place.mistake(f"{_of(wanted.field, owner)} must be a list: [one, two]")
        return
    if not node.value:
        yield node.place.mistake(f"{_of(wanted.field, owner)} is an empty list; name at least one")
    for item in node.value:
        yield from _read_scalar(Wanted(wanted.field, get_args(wanted.kind)[0]), item, owner)


def _read_table(wanted: Wanted, node: Node, owner: str) -> Iterator[Said[Any] | Mistake]:
    if not isinstance(node.value, dict):
        yield node.place.mistake(f"{_of(wanted.field, owner)} must hold lines of the form name: value")
        return
    for key, child in node.value.items():
        yield from _read_scalar(Wanted(wanted.field, get_args(wanted.kind)[1]), child, owner, key)


def _read_scalar(wanted: Wanted, node: Node, owner: str, key: str = "") -> Iterator[Said[Any] | Mistake]:
    where = _of(f"{wanted.field} {key}".rstrip(), owner)
    if not isinstance(node.value, str):
        yield node.place.mistake(f"{where} must be a single value")
    elif not node.value:
        yield node.place.mistake(f"{where} is empty; give a value, or delete the line")
    elif narrowed := _canonical(wanted, node.value):
        yield node.place.mistake(f"{where} is {node.value}, with bits set beyond its prefix; write {narrowed}")
        yield Said(wanted.field, narrowed, owner, node.place, key)
    else:
        try:
            value = _scalar(wanted, node.value)
        except ValueError:
            # what has an '@' in it may hold a password
            shown = "wrong" if "@" in node.value else node.value
            yield node.place.mistake(f"{where} is {shown}; wanted: {wanted}")
        else:
            yield Said(wanted.field, value, owner, node.place, key)


def _canonical(wanted: Wanted, text: str) -> IPv4Network | None:
    """The network that was meant, where ``text`` names a host in it instead."""
    try:
        network = IPv4Network(text, strict=False) if wanted.kind is IPv4Network else None
    except ValueError:
        return None
    return network if network and str(network.network_address) != text.partition("/")[0] else None


def _kind_of(hint: Any) -> tuple[Any, Between | None]:
    """The type itself, without its bounds and without the None of what may be left out."""
    if get_origin(hint) is Annotated:
        kind, bounds = get_args(hint)
        return kind, bounds
    if type(None) in get_args(hint):
        (hint,) = (kind for kind in get_args(hint) if kind is not type(None))
    return hint, None


def _scalar(wanted: Wanted, text: str) -> Any:
    """The value that a text means; ValueError where it means none that is wanted."""
    if wanted.kind is int and not (text.isascii() and text.isdecimal()):
        raise ValueError(text)  # `int` takes signs, blanks and underscores, too
    value: Any = text if get_origin(wanted.kind) is Literal else wanted.kind(text)
    if wanted.bounds and not wanted.bounds.low <= value <= wanted.bounds.high:
        raise ValueError(text)
    if get_origin(wanted.kind) is Literal and value not in get_args(wanted.kind):
        raise ValueError(text)
    return value


def _of(field: str, owner: str) -> str:
    return f"{field} of {owner}" if owner else field
