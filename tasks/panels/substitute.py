"""Grafana's variables in a query, replaced as Grafana replaces them. Pure."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

SCRAPE_S = 30
"""The datasource's ``timeInterval``: no step is shorter."""

POINTS = 1000
"""Of one line on a wide screen."""

_UNITS_S = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800}
_VARIABLE = re.compile(r"\$\{(\w+)(?::\w+)?\}|\[\[(\w+)(?::\w+)?\]\]|\$(\w+)")
_STEPS_S = (1, 2, 5, 10, 15, 20, 30, 60, 120, 300, 600, 900, 1200, 1800, 3600, 7200, 10800, 21600, 43200, 86400)


def span_s(begin: str, end: str) -> int:
    """
    Seconds between two moments as a dashboard writes them.

    Arguments:
        begin, end: ``now-6h`` and ``now``

    Raises:
        ValueError: anything else

    """
    found = re.fullmatch(r"now-(\d+)([smhdw])", begin)
    if not found or end != "now":
        raise ValueError(f"time range {begin} to {end}, wanted: now-<number><s, m, h, d or w> to now")
    return int(found[1]) * _UNITS_S[found[2]]


def step_s(span: int) -> int:
    """The step that Grafana chooses for a span, in seconds: a round one, not under the scrape interval."""
    wanted = span / POINTS
    return max(SCRAPE_S, next((it for it in _STEPS_S if it >= wanted), _STEPS_S[-1]))


def built_in(span: int, step: int) -> dict[str, str]:
    """Grafana's own variables for a range query of this span and step, in seconds."""
    rate = max(step + SCRAPE_S, 4 * SCRAPE_S)
    return {
        "__interval": f"{step}s",
        "__interval_ms": str(step * 1000),
        "__range": f"{span}s",
        "__range_s": str(span),
        "__range_ms": str(span * 1000),
        "__rate_interval": f"{rate}s",
        "__rate_interval_ms": str(rate * 1000),
    }


def chosen(variable: Mapping[str, Any]) -> str:
    """
    What a dashboard's variable stands for when the dashboard is opened.

    Arguments:
        variable: of ``templating.list``

    Raises:
        ValueError: all of its values are chosen, and no ``allValue`` says how to ask for them without listing them

    """
    value = (variable.get("current") or {}).get("value", "")
    values = [value] if isinstance(value, str) else list(value)
    if "$__all" not in values:
        return "|".join(map(re.escape, values)) if len(values) > 1 else "".join(values)
    if not variable.get("allValue"):
        raise ValueError(f"variable {variable.get('name')} shows all of its values and has no allValue")
    return str(variable["allValue"])


def substitute(text: str, values: Mapping[str, str]) -> str:
    """
    Put values in the place of variables: ``$name``, ``${name}``, ``${name:format}`` and ``[[name]]``.

    Raises:
        ValueError: a variable that nobody knows

    """

    def one(found: re.Match[str]) -> str:
        name = found[1] or found[2] or found[3]
        if name not in values:
            raise ValueError(f"nobody knows variable {name}")
        return values[name]

    return _VARIABLE.sub(one, text)
