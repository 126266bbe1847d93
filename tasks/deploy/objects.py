"""Plain objects in a normal form, so that the same ones have the same digest however they were published."""

from __future__ import annotations

import json
from functools import lru_cache
from threading import Lock
from typing import Any

import yaml

from tasks.deploy.manifest import Loader

OBJECTS = "objects.yaml"
"""The one file that is laid in place."""
_ONE_AT_A_TIME = Lock()


def normal_form(texts: tuple[str, ...]) -> str:
    """
    One stream out of many files: each object as JSON with sorted keys, in the order of their names.

    Descriptions are left out, as in the stripped-down file that the Prometheus operator publishes: with them, custom
    resource definitions are too large for the annotation of a client-side apply.

    Raises:
        ValueError: a text is not YAML, or a document not an object

    """
    with _ONE_AT_A_TIME:  # four clusters ask at the same moment for what takes a second to make
        return _normal_form(texts)


@lru_cache(maxsize=4)
def _normal_form(texts: tuple[str, ...]) -> str:
    try:
        found = [it for text in texts for it in yaml.load_all(text, Loader=Loader) if it]
        found.sort(key=lambda it: (it["kind"], it["metadata"]["name"]))
    except (yaml.YAMLError, KeyError, TypeError) as error:
        raise ValueError(f"not a stream of Kubernetes objects: {error}") from None
    return "---\n".join(json.dumps(_undescribed(it), indent=1, sort_keys=True) + "\n" for it in found)


def _undescribed(value: Any) -> Any:
    match value:
        case dict():
            return {
                key: _undescribed(inner)
                for key, inner in value.items()
                if "description" not in key or isinstance(inner, dict)  # a field may have the name
            }
        case list():
            return [_undescribed(inner) for inner in value]
        case _:
            return value
