"""
The operator's seat as Secrets: what a program in a cluster needs to look at the whole fleet as the operator does.

`audit-environment` has the operator's variables, `audit-seat` what they lead to and what a run reads: the project's
folder as it was deployed, host keys, kubeconfigs, the authority. An audit in the cluster judges by the very tree that
was applied.
"""

from __future__ import annotations

import gzip
import io
import tarfile
from base64 import b64decode, b64encode
from typing import TYPE_CHECKING, Final

from tasks.deploy.kubeconfig import folder_of
from tasks.deploy.tree import files_of, walk
from tasks.model.errors import SettingsError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    from tasks.deploy.ingredients import Ingredients
    from tasks.settings import Settings

STATE: Final = "/state"
"""Where the state is unpacked in the pod."""

_NAMED: Final[Mapping[str, tuple[str, Callable[[Settings], Path | None]]]] = {
    "NODE_SSH_KEY": ("ssh-key", lambda settings: settings.node_ssh_key),
    "FLEETPROOF_WAIVERS": ("waivers.yaml", lambda settings: settings.waivers),
    "FLEETPROOF_SILENCES": ("silences.yaml", lambda settings: settings.notices.silences),
}
"""Variables that name a file; what it is called in the folder ``seat`` of the pod's state, and where it is here."""

_OWN: Final = frozenset(
    {"FLEETPROOF_STATE", "FLEETPROOF_CHARTS", "FLEETPROOF_SCHEMAS", "FLEETPROOF_TEXTFILE", "FLEETPROOF_LOCK"}
)
"""Variables that mean a place on the operator's machine; the pod has its own, or none."""

_FOLDERS: Final = ("tasks", "runbooks", "inventory")
_METADATA: Final = ("METADATA", "entry_points.txt")
_LIMIT: Final = 1_000_000
"""Bytes of a Secret that every API server takes, and a little to spare."""


def environment_of(settings: Settings) -> dict[str, str]:
    """The operator's variables as they were given, with files where the pod has them."""
    given = {name: value for name, value in settings.given.items() if name not in _OWN}
    return given | {name: f"{STATE}/seat/{file}" for name, (file, _) in _NAMED.items() if name in given}


def audit_environment(given: Ingredients) -> dict[str, str]:
    """Content of the Secret that the pod has as its environment."""
    return environment_of(given.settings)


def audit_seat(given: Ingredients) -> dict[str, str]:
    """
    Content of the Secret that the pod unpacks; the live one where that holds the same files.

    Raises:
        SettingsError: a cluster's kubeconfig or a file that a variable names is not there, or all is too large

    """
    parts = {"tree": dict(tree_of(given.root)), "state": dict(state_of(given))}
    content = {name: _live_or_packed(given.live.get(name, ""), files) for name, files in parts.items()}
    if (size := sum(map(len, content.values()))) > _LIMIT:
        raise SettingsError(f"the project's folder and state are {size} bytes packed: a Secret takes {_LIMIT}")
    return content


def tree_of(root: Path) -> Iterator[tuple[str, bytes]]:
    """What a run needs of the project's folder, the Kustomize tree without charts, and how its plugins are found."""
    from importlib.metadata import distribution  # noqa: PLC0415  reads mail headers: 11 ms that `--help` need not pay

    yield from files_of(root).items()
    for folder in _FOLDERS:
        for path in walk(root / folder):
            if "__pycache__" not in path.parts:
                yield path.relative_to(root).as_posix(), path.read_bytes()
    yield "nornir_config.yaml", (root / "nornir_config.yaml").read_bytes()
    installed = distribution("fleetproof")
    for name in _METADATA:
        yield f"fleetproof-{installed.version}.dist-info/{name}", (installed.read_text(name) or "").encode()


def state_of(given: Ingredients) -> Iterator[tuple[str, bytes]]:
    """
    Host keys, the authority, the files that variables name, and the way into each cluster that there is one into yet.

    A cluster that has not been fetched is none of this machine's either: the audit says so of it.
    """
    state = given.settings.state
    given.authority  # noqa: B018  what is read below is made by this where it is not there
    wanted = [state / "known_hosts", *sorted((state / "authority").iterdir())]
    for cluster in given.fleet.clusters:
        folder = folder_of(state, cluster.name)
        wanted += [folder / name for name in ("admin.conf", "identity.json") if (folder / name).is_file()]
    for path in wanted:
        yield path.relative_to(state).as_posix(), _read(path)
    for name, path_of in _NAMED.values():
        if (file := path_of(given.settings)) is not None:
            yield f"seat/{name}", _read(file)


def pack(files: Mapping[str, bytes]) -> str:
    """Files by relative path as tar.gz in base64; the same bytes from the same files and the same zlib."""
    packed = io.BytesIO()
    with gzip.GzipFile(fileobj=packed, mode="wb", mtime=0) as stream, tarfile.open(fileobj=stream, mode="w") as archive:
        for name, content in sorted(files.items()):
            entry = tarfile.TarInfo(name)
            entry.size, entry.mode = len(content), 0o600
            archive.addfile(entry, io.BytesIO(content))
    return b64encode(packed.getvalue()).decode()


def unpack(text: str) -> dict[str, bytes]:
    """
    What ``pack`` was given.

    Raises:
        ValueError: it is nothing that ``pack`` made

    """
    try:
        with tarfile.open(fileobj=io.BytesIO(b64decode(text, validate=True)), mode="r:gz") as archive:
            return {entry.name: opened.read() for entry in archive if (opened := archive.extractfile(entry))}
    except (tarfile.TarError, EOFError, OSError) as error:
        raise ValueError(f"not an archive: {error}") from None


def _live_or_packed(live: str, files: Mapping[str, bytes]) -> str:
    """Another zlib packs the same files into other bytes, which are no difference."""
    try:
        return live if live and unpack(live) == files else pack(files)
    except ValueError:
        return pack(files)


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise SettingsError(f"{path} cannot be read ({error.strerror}), and an audit in the cluster needs it") from None
