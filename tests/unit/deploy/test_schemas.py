"""Schemas out of descriptions: strict, whole, and red where an object does not fit."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from jsonschema import Draft202012Validator

from tasks.deploy import kubeconform
from tasks.deploy.kubeconform import conform, parse
from tasks.deploy.manifest import parse_stream
from tasks.deploy.schemas import custom_schemas, kubernetes_schemas, schema_folder, strict
from tasks.model.command import Command, CommandResult
from tasks.model.errors import CommandFailed, SettingsError
from tasks.transport.fake import ScriptedShell

if TYPE_CHECKING:
    from pathlib import Path

SWAGGER = {
    "definitions": {
        "io.k8s.api.core.v1.Thing": {
            "type": "object",
            "required": ["name"],
            "properties": {
                "name": {"type": "string"},
                "at": {"type": "string", "format": "date-time"},
                "port": {"$ref": "#/definitions/io.k8s.apimachinery.pkg.util.intstr.IntOrString"},
                "inner": {"$ref": "#/definitions/Inner"},
                "labels": {"type": "object", "additionalProperties": {"type": "string"}},
            },
            "x-kubernetes-group-version-kind": [{"group": "", "kind": "Thing", "version": "v1"}],
        },
        "Inner": {"type": "object", "properties": {"again": {"$ref": "#/definitions/Inner"}, "n": {"type": "integer"}}},
        "io.k8s.apimachinery.pkg.util.intstr.IntOrString": {"type": "string", "format": "int-or-string"},
        "Unrelated": {"type": "object"},
    }
}
CRD = """\
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: things.example.org}
spec:
  group: example.org
  names: {kind: Thing}
  versions:
    - name: v1
      schema:
        openAPIV3Schema:
          type: object
          properties:
            spec:
              type: object
              properties:
                size: {x-kubernetes-int-or-string: true, anyOf: [{type: integer}, {type: string}]}
                free: {type: object, x-kubernetes-preserve-unknown-fields: true, properties: {a: {type: string}}}
                maybe: {type: string, nullable: true}
                either:
                  type: object
                  properties: {a: {type: string}, b: {type: string}}
                  oneOf: [{required: [a], properties: {a: {}}}, {required: [b]}]
"""


def fits(schema: dict[str, Any], value: object) -> bool:
    """Whether a value fits."""
    return bool(Draft202012Validator(schema).is_valid(value))


@pytest.mark.parametrize(
    ("value", "good"),
    [
        ({"name": "a", "at": None, "port": 1, "labels": {"b": "c"}, "inner": {"again": {"n": 1}}}, True),
        ({"name": "a", "port": "http"}, True),
        ({"name": "a", "inner": {"again": {"m": 1}}}, False),
        ({"name": "a", "colour": "blue"}, False),
        ({"name": None}, False),
        ({"name": "a", "labels": {"b": 1}}, False),
    ],
)
def test_a_kind_of_kubernetes(value: object, *, good: bool) -> None:
    """Unknown fields are refused at any depth; what is optional may be null, as the API server has it."""
    ((name, schema),) = kubernetes_schemas(SWAGGER)
    assert name == "v1/thing_v1.json"
    assert set(schema["definitions"]) == {"Inner", "io.k8s.apimachinery.pkg.util.intstr.IntOrString"}
    assert fits(schema, value) is good


@pytest.mark.parametrize(
    ("spec", "good"),
    [
        ({"size": 1, "free": {"b": 1}, "maybe": None, "either": {"a": "x"}}, True),
        ({"size": "1"}, True),
        ({"size": None}, False),
        ({"colour": "blue"}, False),
        ({"either": {"a": "x", "b": "y"}}, False),
        ({"either": {"a": "x", "c": "y"}}, False),
    ],
)
def test_a_kind_of_a_resource_definition(spec: object, *, good: bool) -> None:
    """As its own schema says, and no field besides; alternatives speak of the fields beside them."""
    ((name, schema),) = custom_schemas([document.content for document in parse_stream(CRD).documents])
    assert name == "example.org/thing_v1.json"
    assert fits(schema, {"apiVersion": "example.org/v1", "kind": "Thing", "metadata": {}, "spec": spec}) is good


def test_what_says_nothing_takes_everything() -> None:
    """A definition without properties is open."""
    assert strict({"type": "object", "description": "words"}) == {"type": "object"}


def test_schemas_are_laid_down_once(tmp_path: Path) -> None:
    """From the renderings' own definitions, the given folder's, and its swagger; another source is another folder."""
    given = tmp_path / "given"
    (given / "deep").mkdir(parents=True)
    (given / "swagger.json").write_text(json.dumps(SWAGGER))
    (given / "deep" / "other.yaml").write_text(CRD.replace("Thing", "Other"))
    folder = schema_folder([parse_stream(CRD)], given, tmp_path / "keep")
    files = {str(path.relative_to(folder)) for path in folder.rglob("*.json")}
    assert files == {"v1/thing_v1.json", "example.org/thing_v1.json", "example.org/other_v1.json"}
    assert schema_folder([parse_stream(CRD)], given, tmp_path / "keep") == folder
    assert schema_folder([], None, tmp_path / "keep") != folder


def answer(resources: list[dict[str, str]], **summary: int) -> CommandResult:
    """What kubeconform prints."""
    counted = {"valid": 0, "invalid": 0, "errors": 0, "skipped": 0} | summary
    text = json.dumps({"resources": resources, "summary": counted})
    return CommandResult(command=Command(argv=("kubeconform",)), exit_code=1, stdout=text, stderr="", duration_s=0)


WRONG = {"filename": "f", "kind": "Pod", "name": "p", "version": "v1", "status": "statusInvalid", "msg": "at '/a':\n b"}
NO_SCHEMA = WRONG | {"status": "statusError", "msg": "could not find schema for Pod"}


def test_complaints_are_read() -> None:
    """One sentence for each object; a kind without a schema says what to do."""
    result = answer([WRONG, NO_SCHEMA], valid=3, invalid=1, errors=1)
    (_, fit), (_, schema) = parse(result, 5)
    assert fit == "Pod p: does not fit its schema: at '/a': b"
    assert "has no schema" in schema
    assert "FLEETPROOF_SCHEMAS" in schema


@pytest.mark.parametrize(
    "result",
    [answer([], valid=1), answer([], valid=1, skipped=1), answer([])],
    ids=["too few", "skipped", "none"],
)
def test_an_object_that_was_not_looked_at_is_no_pass(result: CommandResult) -> None:
    """Fewer judged than rendered, or one skipped."""
    with pytest.raises(CommandFailed):
        parse(result, 2)


def test_without_the_program_nothing_is_judged(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The sentence says how to have it."""
    monkeypatch.setattr(kubeconform.shutil, "which", lambda _: None)
    with pytest.raises(SettingsError, match="curl -fL"):
        conform({}, tmp_path, given=None, kubernetes="1.33.13", shell=ScriptedShell())


@pytest.mark.parametrize("swagger", [True, False])
def test_kubernetes_own_schemas_come_from_the_folder_or_the_network(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, swagger: bool
) -> None:
    """With a swagger nothing is fetched; no missing schema is ever ignored."""
    if swagger:
        (tmp_path / "swagger.json").write_text("{}")
    monkeypatch.setattr(kubeconform.shutil, "which", lambda _: "/bin/kubeconform")
    shell = ScriptedShell()
    shell.answer_if(lambda _: True, stdout=answer([], valid=1).stdout)
    stream = parse_stream("apiVersion: v1\nkind: Pod\nmetadata: {name: p}\n")
    assert conform({"a/b": stream}, tmp_path, given=tmp_path, kubernetes="v1.33.13", shell=shell) == {"a/b": ()}
    (command,) = shell.commands
    assert ("default" in command.argv) is not swagger
    assert "-strict" in command.argv
    assert not any("ignore" in word for word in command.argv)
