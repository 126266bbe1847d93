"""What no report may hold: secrets, control characters, numbers of needless precision."""

from __future__ import annotations

import re
from dataclasses import fields, is_dataclass, replace
from datetime import datetime
from enum import Enum
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

T = TypeVar("T")

_COLOUR = re.compile(r"\x1b\[[0-9;?]*[ -/]*[@-~]")
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\ufffe\uffff]")


def cleaned(record: T, mask: Callable[[str], str]) -> T:
    """The same value, every text of it masked and printable, seconds rounded to milliseconds, times to seconds."""
    if not is_dataclass(record) or isinstance(record, type):
        raise TypeError(f"{type(record).__name__} is no record")
    same: T = _cleaned(record, lambda text: printable(mask(text)))
    return same


def _cleaned(value: Any, clean: Callable[[str], str]) -> Any:
    match value:
        case Enum():
            return value
        case str():
            return clean(value)
        case datetime():
            return value.replace(microsecond=0)
        case tuple():
            return tuple(_cleaned(item, clean) for item in value)
    if not is_dataclass(value) or isinstance(value, type):
        return value
    # an int where seconds are wanted would be written as 0 and read back as 0.0
    seconds = {one.name: round(float(getattr(value, one.name)), 3) for one in fields(value) if one.type == "float"}
    others = {one.name: _cleaned(getattr(value, one.name), clean) for one in fields(value) if one.name not in seconds}
    return replace(value, **others, **seconds)


def printable(text: str) -> str:
    """The text without a terminal's colours; every other control character but tab and line feed shows as U+FFFD."""
    plain = _COLOUR.sub("", text.replace("\r\n", "\n"))
    return _CONTROL.sub("\ufffd", plain.encode("utf-8", "replace").decode("utf-8"))
