"""What goes into the images, told from artefacts that only look like real ones."""

import json
import tarfile
from pathlib import Path

import pytest

from lab.build import images, toolsets
from lab.build.workshop import BuildError, Workshop

VALUES = """\
image: {repository: registry.test/cilium, tag: v9.8.7}
operator: {image: {repository: registry.test/operator, tag: v9.8.7}}
hubble: {relay: {image: {repository: registry.test/hubble-relay, tag: v9.8.7}}}
"""


def program(path: Path, text: str = "") -> Path:
    """An executable file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)
    return path


@pytest.fixture
def workshop(tmp_path: Path) -> Workshop:
    """A workshop that tells nobody."""
    return Workshop(say=lambda _line: None, logs=tmp_path / "logs", go=Path("/nonexistent/go"))


@pytest.fixture
def cilium(tmp_path: Path) -> dict[str, Path]:
    """The artefacts that Cilium's images are made from, one small file each."""
    folder = tmp_path / "cilium"
    for name in ("cilium-agent", "cilium-dbg", "cilium-cni", "cilium-operator-generic", "hubble-relay"):
        program(folder / "bin" / name)
    program(folder / "install-plugin.sh")
    for source in ("bpf/bpf_host.c", "bpf/lib/common.h", "bpf/tests/big.c"):
        program(folder / source)
    (folder / "chart").mkdir()
    (folder / "chart" / "values.yaml").write_text(VALUES)
    program(tmp_path / "cni" / "bin" / "loopback")
    (tmp_path / "base").mkdir()
    return {"cilium": folder, "cni": tmp_path / "cni", "cilium-base": tmp_path / "base"}


def test_cilium_images_are_called_what_the_chart_asks_for(cilium: dict[str, Path]) -> None:
    """The operator's reference has the chart's suffix; tags come from the chart, versions from the pins."""
    agent, operator, relay = images._cilium(cilium)
    assert [image.reference for image in (agent, operator, relay)] == [
        "registry.test/cilium:v9.8.7",
        "registry.test/operator-generic:v9.8.7",
        "registry.test/hubble-relay:v9.8.7",
    ]
    assert toolsets.CILIUM.version in agent.inside


def test_the_agent_has_its_sources_plugins_and_scripts(cilium: dict[str, Path]) -> None:
    """Everything lies where the chart's commands look for it; tests, the operator and the relay are left out."""
    agent, operator, relay = images._cilium(cilium)
    assert {*agent.contents} == {
        "/usr/bin/cilium-agent",
        "/usr/bin/cilium-dbg",
        "/usr/bin/clang",
        "/opt/cni/bin/cilium-cni",
        "/cni/loopback",
        "/install-plugin.sh",
        "/var/lib/cilium/bpf/bpf_host.c",
        "/var/lib/cilium/bpf/lib",
    }
    assert agent.base == cilium["cilium-base"] / "base.tar"
    assert "/usr/bin/cilium-operator-generic" in operator.contents
    assert relay.command == ("/usr/bin/hubble-relay",)


def test_busybox_is_named_by_its_true_version(workshop: Workshop, tmp_path: Path) -> None:
    """The tag is what the program says of itself, and each of its applets is a command of the image."""
    text = 'if [ "$1" = --list ]; then echo busybox; echo wget; else echo "BusyBox v1.2.3 (Debian) multi-call"; fi'
    program(tmp_path / "usr/bin/busybox", text)
    image = images._busybox(workshop, tmp_path)
    assert image.reference.endswith("/busybox:1.2.3")
    assert {path for path in image.contents if path.startswith("/bin/")} == {"/bin/busybox", "/bin/wget"}
    assert image.origin == images.PACKAGE


def test_a_program_without_a_version_is_refused(workshop: Workshop, tmp_path: Path) -> None:
    """No image is named after a guess."""
    program(tmp_path / "usr/bin/busybox", "echo usage: toybox")
    with pytest.raises(BuildError, match="does not tell its version"):
        images._busybox(workshop, tmp_path)


def test_an_image_file_can_be_imported_under_its_reference(tmp_path: Path) -> None:
    """Its manifest has the reference, and no scratch file stays beside it."""
    image = images.Image(reference="registry.test/x:v1", contents={"/x": None}, command=("/x",), inside="x v1")
    path = images.write_image(image, tmp_path, 7)
    with tarfile.open(path) as archive:
        (entry,) = json.load(archive.extractfile("manifest.json"))  # type: ignore[arg-type]
    assert entry["RepoTags"] == ["registry.test/x:v1"]
    assert [file.name for file in tmp_path.iterdir()] == ["07.tar"]


def test_the_list_of_images_says_what_is_inside() -> None:
    """A reader of images.json can tell source from package and sees what differs."""
    image = images.Image(
        reference="r:v1", contents={}, command=("/x",), inside="x v2", origin=images.PACKAGE, differs="no shell"
    )
    assert image.entry == {"reference": "r:v1", "inside": "x v2", "origin": "Debian package", "differs": "no shell"}
