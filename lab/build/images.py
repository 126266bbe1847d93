"""The images that a node needs: programs from pinned sources, under the references that kubeadm and Cilium ask for."""

import platform
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from lab.build import toolsets
from lab.build.archive import Content, Link, Text, write_archive, write_layer
from lab.build.programs import ToolSet
from lab.build.rootfs import wanted_images
from lab.build.workshop import BuildError, Workshop

UPSTREAM, PACKAGE, STAND_IN = "built from upstream source", "Debian package", "stand-in"
ASSEMBLED = "assembled from published artefacts"

#: what every image without a base has
BASIC: dict[str, Content] = {
    "/etc/passwd": Text("root:x:0:0:root:/:/sbin/nologin\nnobody:x:65534:65534:nobody:/:/sbin/nologin\n"),
    "/etc/group": Text("root:x:0:\nnogroup:x:65534:\n"),
    "/etc/nsswitch.conf": Text("hosts: files dns\n"),
    "/tmp": None,  # noqa: S108 (a folder of the image)
}
_ARCHITECTURES = {"x86_64": "amd64", "aarch64": "arm64"}
_UNUSED_BPF = frozenset({"tests", "complexity-tests"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Image:
    """
    One image of the node.

    Attributes:
        reference: under which it is asked for
        contents: of its own layer
        command: what it runs
        inside: programs with their true version
        origin: `UPSTREAM`, `PACKAGE`, `ASSEMBLED`, or `STAND_IN` for what serves in another program's place
        differs: from what is published under this reference, where that matters
        base: archive of the file system beneath
        owner: user and group of its own layer's contents

    """

    reference: str
    contents: Mapping[str, Content]
    command: tuple[str, ...]
    inside: str
    origin: str = UPSTREAM
    differs: str = ""
    base: Path | None = None
    owner: int = 0

    @property
    def entry(self) -> dict[str, str]:
        """Its line of images.json."""
        return {"reference": self.reference, "inside": self.inside, "origin": self.origin, "differs": self.differs}


def node_images(workshop: Workshop, scratch: Path, needs: Mapping[str, Path]) -> Iterator[Image]:
    """Describe every image; `needs` are finished artefacts by name, `scratch` takes what is made on the way."""
    references = wanted_images(workshop, needs["kubernetes"])
    for program in ("kube-apiserver", "kube-controller-manager", "kube-scheduler"):
        yield _static(references[program], toolsets.KUBERNETES, needs, program, f"/usr/local/bin/{program}")
    yield _etcd(references["etcd"], needs["etcd"])
    yield _static(references["coredns"], toolsets.COREDNS, needs, "coredns", "/coredns")
    yield _pause(references["pause"], workshop, scratch, needs["kubernetes"])
    yield from _cilium(needs)
    yield _busybox(workshop, needs["rootfs"])


def write_image(image: Image, folder: Path, number: int) -> Path:
    """Write the image's archive into `folder`; returns its path."""
    layer, archive = folder / "layer.tar", folder / f"{number:02}.tar"
    write_layer(layer, image.contents, image.owner)
    layers = [layer] if image.base is None else [image.base, layer]
    write_archive(archive, image.reference, layers, image.command, _ARCHITECTURES[platform.machine()])
    layer.unlink()
    return archive


def _static(reference: str, tools: ToolSet, needs: Mapping[str, Path], program: str, place: str) -> Image:
    contents = {**BASIC, place: needs[tools.name] / "bin" / program}
    return Image(reference=reference, contents=contents, command=(place,), inside=f"{program} {tools.version}")


def _etcd(reference: str, etcd: Path) -> Image:
    client = toolsets.ETCD.version_of("go.etcd.io/etcd/etcdctl/v3")
    return Image(
        reference=reference,
        contents={**BASIC, **{f"/usr/local/bin/{name}": etcd / "bin" / name for name in ("etcd", "etcdctl")}},
        command=("/usr/local/bin/etcd",),
        inside=f"etcd {toolsets.ETCD.version}, etcdctl {client}",
    )


def _pause(reference: str, workshop: Workshop, scratch: Path, kubernetes: Path) -> Image:
    version = reference.rpartition(":")[2]
    program = scratch / "pause"
    argv: list[str | Path] = [
        "gcc",
        "-Os",
        "-static",
        "-s",
        f"-DVERSION=v{version}",
        "-o",
        program,
        kubernetes / "pause.c",
    ]
    workshop.run("pause", argv)
    return Image(
        reference=reference,
        contents={"/pause": program},
        command=("/pause",),
        inside=f"pause {version}, from Kubernetes {toolsets.KUBERNETES.version}",
    )


def _cilium(needs: Mapping[str, Path]) -> Iterator[Image]:
    tools, folder = toolsets.CILIUM, needs["cilium"]
    values = yaml.safe_load((folder / "chart" / "values.yaml").read_text())
    bpf = {
        f"/var/lib/cilium/bpf/{path.name}": path for path in (folder / "bpf").iterdir() if path.name not in _UNUSED_BPF
    }
    programs = {f"/usr/bin/{path.name}": path for path in (folder / "bin").iterdir() if path.name.startswith("cilium-")}
    operator = programs.pop("/usr/bin/cilium-operator-generic")
    plugin = programs.pop("/usr/bin/cilium-cni")
    scripts = {f"/{path.name}": path for path in folder.glob("*.sh")}
    plugins = {"/opt/cni/bin/cilium-cni": plugin, "/cni/loopback": needs["cni"] / "bin" / "loopback"}
    yield Image(
        reference=_chart_reference(values["image"]),
        contents={**programs, **bpf, **scripts, **plugins, "/usr/bin/clang": Link("clang-19")},
        command=("/usr/bin/cilium-dbg",),
        inside=f"agent, CNI plugin and tools {tools.version}, loopback {toolsets.CNI.version}",
        differs="Debian's clang, iproute2 and iptables instead of the project's own; no Envoy, no Hubble client",
        base=needs["cilium-base"] / "base.tar",
    )
    yield Image(
        reference=_chart_reference(values["operator"]["image"], "-generic"),
        contents={**BASIC, "/usr/bin/cilium-operator-generic": operator},
        command=("/usr/bin/cilium-operator-generic",),
        inside=f"operator {tools.version}",
    )
    yield _static(
        _chart_reference(values["hubble"]["relay"]["image"]), tools, needs, "hubble-relay", "/usr/bin/hubble-relay"
    )


def _chart_reference(image: Mapping[str, Any], suffix: str = "") -> str:
    return f"{image['repository']}{suffix}:{image['tag']}"


def _busybox(workshop: Workshop, rootfs: Path) -> Image:
    program = rootfs / "usr" / "bin" / "busybox"
    told = workshop.ask([program])
    version = re.match(r"BusyBox v(\S+)", told)
    if version is None:
        raise BuildError(f"{program} does not tell its version: {told[:80]!r}")
    applets = workshop.ask([program, "--list"]).split()
    links: dict[str, Content] = {f"/bin/{applet}": Link("busybox") for applet in applets if applet != "busybox"}
    return Image(
        reference=f"docker.io/library/busybox:{version[1]}",
        contents={**BASIC, "/bin/busybox": program, **links},
        command=("/bin/sh",),
        inside=f"busybox {version[1]}",
        origin=PACKAGE,
        differs="Debian's build: its wget crashes on -T, so use timeout(1)",
    )
