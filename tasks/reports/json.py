"""The canonical JSON and its schema, both made from the report's own types."""

from __future__ import annotations

import json
from functools import cache
from typing import TYPE_CHECKING, Any

from tasks.reports.report import Report

if TYPE_CHECKING:
    from pydantic import TypeAdapter

SCHEMA_ID = "urn:fleetproof:report:1"


def dump(report: Report) -> str:
    """The report as JSON; the same report always gives the same bytes."""
    return _text(_adapter().dump_python(report, mode="json"))


def load(text: str) -> Report:
    """
    Read a report back.

    Raises:
        ValueError: the text is no report of this schema version

    """
    return _adapter().validate_json(text)


def schema() -> str:
    """The JSON Schema (2020-12) of ``dump``'s output; published as ``report.schema.json``."""
    made = _adapter().json_schema(mode="serialization")
    for shape in (made, *made["$defs"].values()):
        if "properties" in shape:
            shape["additionalProperties"] = False
            shape["required"] = list(shape["properties"])
    return _text({"$schema": "https://json-schema.org/draft/2020-12/schema", "$id": SCHEMA_ID, **made})


@cache
def _adapter() -> TypeAdapter[Report]:
    from pydantic import TypeAdapter  # noqa: PLC0415  reading this module's names costs nothing

    return TypeAdapter(Report)


def _text(value: Any) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False) + "\n"
