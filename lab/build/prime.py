"""
A containerd root that already holds every node image, unpacked, to be shared by all machines.

A machine gets it as hard links (``cp --archive --link``) of everything but the databases (``*/*.db``), which are
copied. That is safe because containerd never writes into what is linked:

- a blob is written under ``ingest/`` and renamed into ``blobs/``; there it is read-only and only ever unlinked;
- a committed snapshot's files are lower layers of an overlay: a container's write goes to its own upper folder, which
  is a new snapshot, and unpacking another image makes new snapshots too;
- removing an image unlinks this machine's names and leaves the other machines' alone;
- what does change in place are the two databases, ``meta.db`` and ``metadata.db``.

Links keep owners, modes and extended attributes, for they are the same inodes; nothing in either database names a path
outside the root, so it may lie anywhere.
"""

import json
import tempfile
from collections.abc import Mapping
from itertools import chain
from pathlib import Path

from lab.build import toolsets
from lab.build.bases import base_recipe
from lab.build.cache import Recipe, content_of
from lab.build.images import node_images, write_image
from lab.build.images_audit import NEEDS as AUDIT
from lab.build.images_audit import PROGRAMS, audit_images
from lab.build.images_logs import NEEDS as LOGS
from lab.build.images_logs import log_images
from lab.build.images_monitoring import TOOLS, monitoring_images
from lab.build.rootfs import ROOTFS
from lab.build.workshop import Workshop

_HERE = Path(__file__).parent
_SCRIPT = _HERE / "files" / "prime.sh"
_MODULES = ("images.py", "images_audit.py", "images_logs.py", "images_monitoring.py", "archive.py")

_OF_NODES = (toolsets.KUBERNETES, toolsets.ETCD, toolsets.COREDNS, toolsets.CILIUM, toolsets.CNI)
_TOOLS = (*_OF_NODES, *TOOLS, *(it for it in PROGRAMS.values() if it not in _OF_NODES))

_CILIUM_PACKAGES = ("bash", "ca-certificates", "clang-19", "iproute2", "ipset", "iptables", "kmod", "mount")
#: clang is only ever asked for BPF code: no native libraries, no sanitizers
_CILIUM_LEFT_OUT = (
    "/usr/lib/gcc/*",
    "/usr/lib/*/*.a",
    "/usr/lib/*/lib*san.so*",
    "/usr/lib/llvm-19/lib/LLVMPolly.so",
    "/usr/include/c++/*",
    "/usr/lib/*/libclang-19.so*",
)


CILIUM_BASE = base_recipe("cilium-base", _CILIUM_PACKAGES, _CILIUM_LEFT_OUT)


def _prime(workshop: Workshop, draft: Path, needs: Mapping[str, Path]) -> None:
    root = draft / "root"
    root.mkdir()
    entries = []
    with tempfile.TemporaryDirectory(dir=draft) as scratch:
        archives = Path(scratch, "archives")
        archives.mkdir()
        nodes = node_images(workshop, Path(scratch), needs)
        wanted = chain(nodes, monitoring_images(needs), log_images(needs), audit_images(needs))
        for number, image in enumerate(wanted):
            workshop.say(f"images: {image.reference}")
            write_image(image, archives, number)
            entries.append(image.entry)
        workshop.say("images: unpacking")
        workshop.run("images", ["sh", str(_SCRIPT), str(needs["rootfs"]), str(root), str(archives)])
    (draft / "images.json").write_text(json.dumps(entries, indent=2) + "\n")


CONTAINERD = Recipe(
    name="containerd",
    build=_prime,
    inputs=tuple(map(content_of, (Path(__file__), _SCRIPT, *(_HERE / name for name in _MODULES)))),
    needs=(ROOTFS, CILIUM_BASE, *LOGS, *AUDIT, *(tools.recipe for tools in _TOOLS)),
)
