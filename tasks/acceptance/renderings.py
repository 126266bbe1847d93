"""Do the renderings say what a criterion wishes? Pure: streams in, complaints out."""

from __future__ import annotations

import re
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from tasks.acceptance.criteria import Wish
    from tasks.deploy.manifest import Stream


_STEP = re.compile(r'"([^"]+)"(\[\])?|([^."\[]+)(\[\])?')


def values_at(value: Any, path: str) -> Iterator[Any]:
    """
    Everything at a path: ``spec.rules[].host``, ``data."grafana.ini"``.

    ``*`` stands for any key, ``[]`` for every entry of a list.
    """
    found = [value]
    for step in _STEP.finditer(path):
        found = [inner for it in found for inner in _below(it, step[1] or step[3])]
        if step[2] or step[4]:
            found = [entry for it in found if isinstance(it, list) for entry in it]
    yield from found


def _below(value: Any, key: str) -> Iterable[Any]:
    if not isinstance(value, dict):
        return ()
    return value.values() if key == "*" else (value[key],) if key in value else ()


def unfulfilled(wish: Wish, stream: Stream, facts: Mapping[str, str]) -> str:
    """
    What a rendering lacks of a wish, in words; empty where it lacks nothing.

    Arguments:
        facts: of the cluster, for the braces in ``equals`` and ``includes``

    """
    objects = [it for it in stream.documents if it.ref.kind == wish.kind and fnmatchcase(it.ref.name, wish.name)]
    if not objects:
        return f"it has no {wish.kind} {wish.name}"
    found = [value for document in objects for value in values_at(document.content, wish.at)]
    if not found:
        return f"no {wish.kind} {wish.name} has {wish.at}"
    equals, includes = wish.equals.format_map(facts), wish.includes.format_map(facts)
    if equals and (others := sorted({str(it) for it in found} - {equals})):
        return f"{wish.at} of {wish.kind} {wish.name} is {', '.join(others)[:200]}, wanted: {equals}"
    if includes and not any(includes in str(it) for it in found):
        return f"{wish.at} of {wish.kind} {wish.name} does not have {includes}"
    return ""
