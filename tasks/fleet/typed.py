"""Between the inventory's plain values and the typed ones of the model."""

from __future__ import annotations

from functools import cache
from ipaddress import IPv4Address, IPv4Network
from typing import TYPE_CHECKING, Any

from cattrs import Converter

from tasks.fleet.model import Fleet

if TYPE_CHECKING:
    from collections.abc import Mapping


def fleet_of(plain: Mapping[str, Any]) -> Fleet:
    """Build the fleet from plain values; they have been judged before, so that what does not fit raises as it comes."""
    return _converter().structure(plain, Fleet)


def plain_of(value: Any) -> dict[str, Any]:
    """Take a value of the model apart, down to what JSON knows: ``{"address": "192.168.101.194", ...}``."""
    plain: dict[str, Any] = _converter().unstructure(value)
    return plain


@cache
def _converter() -> Converter:
    converter = Converter(
        forbid_extra_keys=True, detailed_validation=False, unstruct_collection_overrides={tuple: list}
    )
    for kind in (IPv4Address, IPv4Network):
        converter.register_structure_hook(kind, lambda text, kind: kind(text))
        converter.register_unstructure_hook(kind, str)
    return converter
