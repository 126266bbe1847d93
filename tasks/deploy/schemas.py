"""JSON schemas for kubeconform, out of what describes the kinds: Kubernetes' own swagger, and resource definitions."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import yaml

from tasks.deploy.manifest import Loader
from tasks.deploy.tree import key_of
from tasks.run.files import write_atomically

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

    from tasks.deploy.manifest import Stream

TEMPLATE = "{{.Group}}/{{.ResourceKind}}_{{.ResourceAPIVersion}}.json"
"""Where kubeconform is to look below the folder; the group of Kubernetes' oldest kinds is ``v1`` to it."""

SWAGGER = "swagger.json"
_DEFINITIONS = "#/definitions/"
_EITHER: Mapping[str, tuple[str, ...]] = {
    "io.k8s.apimachinery.pkg.util.intstr.IntOrString": ("string", "integer"),
    "io.k8s.apimachinery.pkg.api.resource.Quantity": ("string", "number"),
}


def schema_folder(streams: Iterable[Stream], given: Path | None, keep: Path) -> Path:
    """
    Lay down a schema for every kind that is described.

    Arguments:
        streams: whose CustomResourceDefinitions are taken
        given: FLEETPROOF_SCHEMAS: ``swagger.json`` of Kubernetes, and resource definitions as YAML anywhere below
        keep: where such folders are kept

    """
    definitions = [it.content for stream in streams for it in stream.documents]
    swagger = given / SWAGGER if given else None
    text = swagger.read_text(encoding="utf-8") if swagger and swagger.is_file() else ""
    files = sorted({*given.rglob("*.yaml"), *given.rglob("*.yml")}) if given else []
    extra = [it for it in (file.read_text("utf-8") for file in files) if "CustomResourceDefinition" in it]
    folder = keep / key_of(text, extra, [it for it in definitions if it["kind"] == "CustomResourceDefinition"])
    if not (folder / "complete").is_file():
        definitions += [it for content in extra for it in yaml.load_all(content, Loader=Loader) if it]
        for name, schema in (*kubernetes_schemas(json.loads(text) if text else {}), *custom_schemas(definitions)):
            write_atomically(folder / name, json.dumps(schema))
        write_atomically(folder / "complete", "")
    return folder


def custom_schemas(definitions: Iterable[Mapping[str, Any]]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Each version of each CustomResourceDefinition among the objects: the schema's file, and the schema."""
    for content in definitions:
        if content["kind"] != "CustomResourceDefinition":
            continue
        spec = content["spec"]
        for version in spec["versions"]:
            schema = strict((version.get("schema") or {}).get("openAPIV3Schema") or {"type": "object"})
            if "properties" in schema:
                head = {"apiVersion": {"type": "string"}, "kind": {"type": "string"}, "metadata": {"type": "object"}}
                schema["properties"] = head | schema["properties"]
            yield _file(spec["group"], spec["names"]["kind"], version["name"]), schema


def kubernetes_schemas(swagger: Mapping[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Each kind that a version of Kubernetes has itself, with all that its definition refers to."""
    definitions = {name: strict(it, optional_null=True) for name, it in (swagger.get("definitions") or {}).items()}
    for name, kinds in _EITHER.items():
        definitions[name] = {"type": list(kinds)}
    for name, described in (swagger.get("definitions") or {}).items():
        kinds_of = described.get("x-kubernetes-group-version-kind") or []
        if len(kinds_of) == 1:
            kind = kinds_of[0]
            needed = _closure(name, definitions)
            schema = {**definitions[name], "definitions": {it: definitions[it] for it in sorted(needed)}}
            yield _file(kind["group"] or "v1", kind["kind"], kind["version"]), schema


def _file(group: str, kind: str, version: str) -> str:
    return f"{group}/{kind.lower()}_{version}.json"


def _closure(name: str, definitions: Mapping[str, Any]) -> set[str]:
    """Every definition that one refers to, directly or not."""
    found: set[str] = set()
    pending = [name]
    while pending:
        for other in _references(definitions[pending.pop()]):
            if other not in found:
                found.add(other)
                pending.append(other)
    return found


def _references(value: Any) -> Iterator[str]:
    match value:
        case {"$ref": str(reference)}:
            yield reference.removeprefix(_DEFINITIONS)
        case dict():
            for inner in value.values():
                yield from _references(inner)
        case list():
            for inner in value:
                yield from _references(inner)


_KEPT = frozenset(
    {"type", "enum", "required", "pattern", "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"}
    | {"minLength", "maxLength", "minItems", "maxItems", "minProperties", "maxProperties", "uniqueItems", "multipleOf"}
)
_COMBINED = ("allOf", "anyOf", "oneOf")


def strict(schema: Mapping[str, Any], *, optional_null: bool = False) -> dict[str, Any]:
    """
    One OpenAPI schema as JSON Schema that knows no field besides those it names.

    Arguments:
        optional_null: a field that is not required may be null, as the API server takes it for its own kinds

    """
    if "$ref" in schema:
        return {"$ref": schema["$ref"]}
    result: dict[str, Any] = {key: schema[key] for key in _KEPT & set(schema)}
    for key in _COMBINED:
        if key in schema:
            # alternatives speak of fields that are declared beside them
            result[key] = [open_(it) for it in schema[key]]
    if "not" in schema:
        result["not"] = open_(schema["not"])
    if "items" in schema:
        result["items"] = strict(schema["items"], optional_null=optional_null)
    if isinstance(schema.get("additionalProperties"), dict):
        result["additionalProperties"] = strict(schema["additionalProperties"], optional_null=optional_null)
    if "properties" in schema:
        required = set(schema.get("required") or ())
        result["properties"] = {
            name: _nullable(strict(it, optional_null=optional_null), it, always=optional_null and name not in required)
            for name, it in schema["properties"].items()
        }
        preserved = schema.get("x-kubernetes-preserve-unknown-fields") or "additionalProperties" in schema
        if not preserved:
            result["additionalProperties"] = False
    if schema.get("x-kubernetes-int-or-string"):
        result["type"] = ["string", "integer"]
    return result


def open_(schema: Mapping[str, Any]) -> dict[str, Any]:
    """As ``strict``, but for fields that it does not name."""
    result = strict(schema)
    if result.get("additionalProperties") is False:
        del result["additionalProperties"]
    if "properties" in schema:
        result["properties"] = {name: open_(it) for name, it in schema["properties"].items()}
    return result


def _nullable(converted: dict[str, Any], schema: Mapping[str, Any], *, always: bool) -> dict[str, Any]:
    if always or schema.get("nullable"):
        return {"anyOf": [converted, {"type": "null"}]}
    return converted
