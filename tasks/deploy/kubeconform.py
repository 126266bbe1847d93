"""Hold every object against the schema of its kind, by kubeconform; a kind without a schema is an error."""

from __future__ import annotations

import json
import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from tasks.deploy.files import write_files
from tasks.deploy.schemas import SWAGGER, TEMPLATE
from tasks.model.command import Command
from tasks.model.errors import CommandFailed, SettingsError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tasks.deploy.manifest import Stream
    from tasks.model.command import CommandResult, Shell

PROGRAM, VERSION = "kubeconform", "v0.8.0"
GET = (
    f"curl -fL https://github.com/yannh/kubeconform/releases/download/{VERSION}/kubeconform-linux-amd64.tar.gz"
    " | sudo tar xzC /usr/local/bin kubeconform"
)
TIMEOUT_S = 300.0


def conform(
    streams: Mapping[str, Stream], schemas: Path, *, given: Path | None, kubernetes: str, shell: Shell
) -> dict[str, tuple[str, ...]]:
    """
    Judge every object of every stream.

    Arguments:
        streams: by any name that is fit for a file
        schemas: the folder that ``schema_folder`` made
        given: FLEETPROOF_SCHEMAS; where it has no swagger, kubeconform fetches the schemas of Kubernetes' own kinds
        kubernetes: the inventory's version

    Returns:
        by the stream's name: what is wrong with it, one sentence for each object

    Raises:
        SettingsError: there is no kubeconform
        CommandFailed: it failed, or looked at fewer objects than there are

    """
    if shutil.which(PROGRAM) is None:
        raise SettingsError(f"{PROGRAM} is not on the PATH; install it: {GET}")
    with tempfile.TemporaryDirectory() as temporary:
        write_files(Path(temporary), {f"{name}.yaml": stream.text.encode() for name, stream in streams.items()})
        argv = _argv(schemas, given, kubernetes)
        result = shell.run(Command(argv=(*argv, temporary), timeout_s=TIMEOUT_S))
    said = parse(result, sum(len(stream.documents) for stream in streams.values()))
    named = [(str(Path(file).relative_to(temporary)).removesuffix(".yaml"), text) for file, text in said]
    return {name: tuple(text for whose, text in named if whose == name) for name in streams}


def _argv(schemas: Path, given: Path | None, kubernetes: str) -> tuple[str, ...]:
    argv = (PROGRAM, "-strict", "-summary", "-output", "json", "-kubernetes-version", kubernetes.removeprefix("v"))
    own = ("-schema-location", f"{schemas}/{TEMPLATE}")
    return (*argv, *own) if given and (given / SWAGGER).is_file() else (*argv, *own, "-schema-location", "default")


def parse(result: CommandResult, wanted: int) -> tuple[tuple[str, str], ...]:
    """
    Read kubeconform's JSON: file and complaint.

    Arguments:
        wanted: how many objects it had to look at

    Raises:
        CommandFailed: it is no such JSON, or objects were skipped

    """
    try:
        answer = json.loads(result.stdout)
        summary, resources = answer["summary"], answer["resources"] or ()
    except (ValueError, KeyError, TypeError):
        raise CommandFailed(result) from None
    if summary["skipped"] or sum(summary.values()) != wanted:
        raise CommandFailed(result)
    return tuple(
        (it["filename"], f"{it['kind']} {it['name']}: {_said(it)}")
        for it in resources
        if it["status"] in {"statusInvalid", "statusError"}
    )


def _said(resource: Mapping[str, str]) -> str:
    text = " ".join(resource["msg"].split())
    if "could not find schema" in text:
        return (
            f"its kind ({resource['version']}) has no schema: put its CustomResourceDefinition, as YAML, below the "
            "folder that FLEETPROOF_SCHEMAS names"
        )
    return f"does not fit its schema: {text}"
