"""Image archives: what is in them, and that the same content makes the same bytes."""

import hashlib
import json
import os
import tarfile
from pathlib import Path

import pytest

from lab.build.archive import Content, Link, Text, write_archive, write_layer

REFERENCE = "example.test/tool:v1"


@pytest.fixture
def contents(tmp_path: Path) -> dict[str, Content]:
    """A program, a folder of sources, a text, a link and an empty folder."""
    program = tmp_path / "tool"
    program.write_bytes(b"\x7fELF")
    program.chmod(0o700)
    sources = tmp_path / "sources"
    (sources / "lib").mkdir(parents=True)
    (sources / "lib" / "a.h").write_text("#pragma once\n")
    (sources / "main.c").write_text("int main;\n")
    return {
        "/usr/bin/tool": program,
        "/var/sources": sources,
        "/etc/passwd": Text("root:x:0:0::/:\n"),
        "/usr/bin/alias": Link("tool"),
        "/tmp": None,
    }


def test_a_layer_holds_everything_as_root_in_order(tmp_path: Path, contents: dict[str, Content]) -> None:
    """Parents come before what is in them, nothing keeps this machine's owners or times, programs stay executable."""
    write_layer(tmp_path / "layer.tar", contents)
    with tarfile.open(tmp_path / "layer.tar") as layer:
        members = {member.name: member for member in layer}
        assert layer.extractfile("var/sources/lib/a.h").read() == b"#pragma once\n"  # type: ignore[union-attr]
    assert list(members) == sorted(members)
    assert {(member.uid, member.gid, member.mtime) for member in members.values()} == {(0, 0, 0)}
    modes = {name: oct(members[name].mode) for name in ("usr/bin/tool", "var/sources/main.c", "tmp", "usr/bin")}
    assert modes == {"usr/bin/tool": "0o755", "var/sources/main.c": "0o644", "tmp": "0o1777", "usr/bin": "0o755"}
    assert members["usr/bin/alias"].linkname == "tool"


def test_the_same_content_makes_the_same_bytes(tmp_path: Path, contents: dict[str, Content]) -> None:
    """Neither the order of the mapping nor the files' times nor their finer permissions show in the archive."""
    for name, ordered in (("one", contents), ("two", dict(reversed(contents.items())))):
        write_layer(tmp_path / f"{name}.layer", ordered)
        write_archive(tmp_path / name, REFERENCE, [tmp_path / f"{name}.layer"], ["/usr/bin/tool"], "amd64")
        program = contents["/usr/bin/tool"]
        assert isinstance(program, Path)
        os.utime(program, (1, 1))
        program.chmod(0o755)
    assert (tmp_path / "one").read_bytes() == (tmp_path / "two").read_bytes()


def test_an_archive_names_its_layers_by_what_they_hold(tmp_path: Path, contents: dict[str, Content]) -> None:
    """The manifest leads to the config, the config's digests are those of the layers, the lowest first."""
    layers = [tmp_path / "base.tar", tmp_path / "top.tar"]
    write_layer(layers[0], {"/etc/passwd": Text("")})
    write_layer(layers[1], contents)
    write_archive(tmp_path / "image.tar", REFERENCE, layers, ["/usr/bin/tool", "--serve"], "arm64")
    with tarfile.open(tmp_path / "image.tar") as archive:
        files = {member.name: archive.extractfile(member).read() for member in archive}  # type: ignore[union-attr]
    (image,) = json.loads(files["manifest.json"])
    config = json.loads(files[image["Config"]])
    assert image["RepoTags"] == [REFERENCE]
    assert [files[name] for name in image["Layers"]] == [layer.read_bytes() for layer in layers]
    digests = [f"sha256:{hashlib.sha256(layer.read_bytes()).hexdigest()}" for layer in layers]
    assert config["rootfs"]["diff_ids"] == digests
    assert (config["architecture"], config["config"]["Entrypoint"]) == ("arm64", ["/usr/bin/tool", "--serve"])


def test_contents_may_belong_to_somebody_and_the_folders_above_are_roots(tmp_path: Path) -> None:
    """What a program without rights writes to is its own."""
    (tmp_path / "home").mkdir()
    (tmp_path / "home" / "file").write_text("x")
    write_layer(tmp_path / "layer.tar", {"/usr/share/app": tmp_path / "home", "/usr/share/app/data": None}, owner=1000)
    with tarfile.open(tmp_path / "layer.tar") as layer:
        owners = {entry.name: (entry.uid, entry.gid) for entry in layer}
    assert owners == {
        "usr": (0, 0),
        "usr/share": (0, 0),
        "usr/share/app": (1000, 1000),
        "usr/share/app/data": (1000, 1000),
        "usr/share/app/file": (1000, 1000),
    }
