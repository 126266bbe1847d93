"""Reading files that may not be there yet, and YAML that many ask for."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any

import yaml

if TYPE_CHECKING:
    from pathlib import Path


def read_text(path: Path) -> str:
    """The file's text; empty where there is no such file."""
    try:
        return path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return ""


@lru_cache(maxsize=1000)
def parse_yaml(text: str) -> Any:
    """
    Read YAML; the same text only once, for every rendering asks for the same files. What is returned is shared.

    Raises:
        yaml.YAMLError: it is none

    """
    return yaml.load(text, Loader=yaml.CSafeLoader)
