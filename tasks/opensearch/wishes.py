"""What is set through OpenSearch's own API: the files of kustomize/base/opensearch/settings."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tasks.model.errors import InventoryError, Mistake

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

NAMES = ("repository", "template", "retention", "daily")
"""The settings, in the order in which they are set; each has a file ``<number>-<name>.json``."""

_KEYS = {"what", "method", "path", "plugin", "body"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """
    One setting.

    Attributes:
        name: one of ``NAMES``
        what: it does, for people
        method: by which it is made; what is there is changed by PUT
        path: in OpenSearch's API
        plugin: without which it does not apply; empty: OpenSearch's own
        body: what is sent, as JSON

    """

    name: str
    what: str
    method: str
    path: str
    plugin: str
    body: Mapping[str, Any]

    @property
    def versioned(self) -> bool:
        """Whether what is there is changed only by who says which version of it is meant."""
        return self.path.startswith("/_plugins/")


def read_settings(root: Path) -> tuple[Setting, ...]:
    """
    Read every setting, in order.

    Raises:
        InventoryError: a file is missing, unknown, or not of the form

    """
    folder = root / "kustomize" / "base" / "opensearch" / "settings"
    wanted = [folder / f"{number}-{name}.json" for number, name in enumerate(NAMES, 1)]
    found = sorted(folder.glob("*"))
    if found != wanted:
        odd = sorted({path.name for path in found} ^ {path.name for path in wanted})
        raise InventoryError((Mistake(str(folder), 1, f"{', '.join(odd)}: wanted one file for each of {NAMES}"),))
    return tuple(_read(path, name) for path, name in zip(wanted, NAMES, strict=True))


def _read(path: Path, name: str) -> Setting:
    try:
        given = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise InventoryError((Mistake(str(path), getattr(error, "lineno", 1), f"no JSON: {error}"),)) from None
    if not isinstance(given, dict) or set(given) != _KEYS:
        raise InventoryError((Mistake(str(path), 1, f"wanted an object with the keys {', '.join(sorted(_KEYS))}"),))
    return Setting(name=name, **{**given, "plugin": given["plugin"] or ""})
