"""Container images as docker-archive files, byte for byte the same from the same content."""

import hashlib
import io
import json
import tarfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


@dataclass(frozen=True, slots=True)
class Text:
    """A small file of an image."""

    content: str


@dataclass(frozen=True, slots=True)
class Link:
    """A symbolic link of an image."""

    target: str


Content = Path | Text | Link | None
"""A file or a whole folder of this machine, a text, a link; None is an empty folder."""


def write_layer(out: Path, contents: Mapping[str, Content], owner: int = 0) -> None:
    """
    Write one uncompressed layer: sorted, at the epoch.

    Arguments:
        contents: absolute path in the image to what is there; a Path that is a folder brings all that is in it
        owner: user and group of what is there; the folders above it are root's

    """
    members = _expanded(contents)
    folders = {str(parent) for path in members for parent in PurePosixPath(path).parents}
    above = {str(parent) for path in contents for parent in PurePosixPath(path).parents} - set(contents)
    with tarfile.open(out, "w", format=tarfile.PAX_FORMAT) as layer:
        for path in sorted({*members, *folders} - {"/"}):
            _add(layer, path.lstrip("/"), members.get(path), 0 if path in above else owner)


def write_archive(out: Path, reference: str, layers: Sequence[Path], command: Sequence[str], architecture: str) -> None:
    """
    Write the image `reference` of uncompressed `layers`, the lowest first, that runs `command`.

    Arguments:
        architecture: as Go names it, for example ``amd64``

    """
    digests = [_sha256(layer) for layer in layers]
    config = {
        "architecture": architecture,
        "os": "linux",
        "config": {"Entrypoint": list(command), "Env": [f"PATH={_PATH}"]},
        "rootfs": {"type": "layers", "diff_ids": [f"sha256:{digest}" for digest in digests]},
    }
    encoded = json.dumps(config, sort_keys=True).encode()
    config_name = f"{hashlib.sha256(encoded).hexdigest()}.json"
    names = [f"{digest}/layer.tar" for digest in digests]
    manifest = json.dumps([{"Config": config_name, "RepoTags": [reference], "Layers": names}]).encode()
    with tarfile.open(out, "w") as archive:
        for name, data in ((config_name, encoded), ("manifest.json", manifest)):
            archive.addfile(_file(name, len(data)), io.BytesIO(data))
        for name, layer in dict(zip(names, layers, strict=True)).items():
            with layer.open("rb") as source:
                archive.addfile(_file(name, layer.stat().st_size), source)


def _expanded(contents: Mapping[str, Content]) -> dict[str, Content]:
    members: dict[str, Content] = {}
    for path, content in contents.items():
        if isinstance(content, Path) and content.is_dir():
            files = (file for file in content.rglob("*") if not file.is_dir())
            members |= {str(PurePosixPath(path, file.relative_to(content))): file for file in files}
        else:
            members[path] = content
    return members


def _add(layer: tarfile.TarFile, name: str, content: Content, owner: int) -> None:
    match content:
        case None:
            entry = _file(name, 0, mode=0o1777 if name == "tmp" else 0o755, owner=owner)
            entry.type = tarfile.DIRTYPE
            layer.addfile(entry)
        case Link(target):
            entry = _file(name, 0, mode=0o777, owner=owner)
            entry.type, entry.linkname = tarfile.SYMTYPE, target
            layer.addfile(entry)
        case Text(text):
            data = text.encode()
            layer.addfile(_file(name, len(data), owner=owner), io.BytesIO(data))
        case _:
            status = content.stat()
            mode = 0o755 if status.st_mode & 0o100 else 0o644
            with content.open("rb") as source:
                layer.addfile(_file(name, status.st_size, mode, owner), source)


def _file(name: str, size: int, mode: int = 0o644, owner: int = 0) -> tarfile.TarInfo:
    entry = tarfile.TarInfo(name)
    entry.size, entry.mode, entry.uid, entry.gid = size, mode, owner, owner
    return entry


def _sha256(file: Path) -> str:
    with file.open("rb") as source:
        return hashlib.file_digest(source, "sha256").hexdigest()
