"""How what OpenSearch has differs from what is wanted. Pure."""

from __future__ import annotations

import json
from difflib import unified_diff
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tasks.opensearch.wishes import Setting

ADDED = {"composed_of": "OpenSearch says of every template of which parts it is made, even of none"}
"""What OpenSearch shows and nobody has set, each with its reason."""


def shown(setting: Setting, answer: Any) -> Any:
    """
    The setting within what GET of its path answers.

    Raises:
        ValueError: it is not in there

    """
    name = setting.path.rpartition("/")[2]
    try:
        if "index_templates" in answer:
            (found,) = answer["index_templates"]
            return found["index_template"]
        for key in (name, "policy", "sm_policy"):
            if key in answer:
                return answer[key]
    except (TypeError, KeyError, ValueError):
        pass
    raise ValueError(f"GET {setting.path} does not show it: {json.dumps(answer)[:200]}")


def differences(setting: Setting, live: Any) -> list[str]:
    """
    Each field that differs, in words; empty where none does.

    OpenSearch gives numbers and truth values back as text. A field that nobody wanted is a difference, too; only the
    plugins' own policies come back with many that they add themselves.
    """
    return list(_differ(_wanted(setting), live, "", whole=not setting.versioned))


def as_diff(setting: Setting, live: Any | None) -> str:
    """The difference as a unified diff of JSON; None where it is not there."""
    before = [] if live is None else json.dumps(live, indent=2, sort_keys=True).splitlines()
    after = json.dumps(_wanted(setting), indent=2, sort_keys=True).splitlines()
    return "\n".join(unified_diff(before, after, f"live{setting.path}", f"wanted{setting.path}", lineterm="", n=1))


def _wanted(setting: Setting) -> Any:
    return setting.body.get("policy", setting.body)


def _differ(wanted: Any, live: Any, where: str, *, whole: bool) -> Iterator[str]:
    if isinstance(wanted, dict) and isinstance(live, dict):
        for key, value in wanted.items():
            if key in live:
                yield from _differ(value, live[key], f"{where}.{key}".lstrip("."), whole=whole)
            else:
                yield f"{where}.{key}".lstrip(".") + " is missing"
        for key in live.keys() - wanted.keys() if whole else ():
            if key not in ADDED or live[key]:
                yield f"{where}.{key}".lstrip(".") + f" is {json.dumps(live[key])[:80]}, wanted none"
    elif isinstance(wanted, list) and isinstance(live, list) and len(wanted) == len(live):
        for number, (one, other) in enumerate(zip(wanted, live, strict=True)):
            yield from _differ(one, other, f"{where}[{number}]", whole=whole)
    elif _plain(wanted) != _plain(live):
        yield f"{where} is {json.dumps(live)[:80]}, wanted {json.dumps(wanted)[:80]}"


def _plain(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)
