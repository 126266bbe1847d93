"""
Refresh the pins of one tool set: ``python -m lab.build.pin NAME [MODULE@VERSION ...]``.

A tool set is a folder ``lab/tools/NAME`` whose go.mod names the programs to build (``tool``) and the versions of the
modules they come from (``require``). ``go install program@version`` refuses every module whose own go.mod replaces
something, so this command copies those replacements and lets Go complete the rest; the result is committed.

A new tool set starts as a go.mod of one ``module``, ``go`` and ``require`` line and its ``tool`` lines.
"""

import argparse
import json
import re
import subprocess
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from lab.build.toolchain import TOOLS, go_environment, machine_go, wanted_version

#: replacements that no module proxy serves; the original module builds as well
UNAVAILABLE = frozenset({"github.com/cilium/gobgp/v3"})

#: modules whose own name cannot be had, and the older name under which the same source can
PUBLISHED_AS = {"github.com/kubernetes-sigs/cri-tools": "sigs.k8s.io/cri-tools"}

#: how the Kubernetes project names modules inside its own repository
STAGING = re.compile(r"(\.|k8s\.io/kubernetes)/staging/src/k8s\.io/")


def pin(folder: Path, wanted: Mapping[str, str], *, go: Path) -> None:
    """Rewrite `folder`'s go.mod and go.sum for its tools; `wanted` maps modules to other versions than the present."""
    present = _go_json(go, folder, "mod", "edit", "-json")
    tools = [tool["Path"] for tool in present["Tool"]]
    versions = {required["Path"]: required["Version"] for required in present["Require"]} | dict(wanted)
    lines = [f"module {present['Module']['Path']}", f"go {present['Go']}", "tool (", *tools, ")"]
    for module in dict.fromkeys(providing_module(tool, versions) for tool in tools):
        version = versions[module]
        lines.append(f"require {module} {version}")
        source = PUBLISHED_AS.get(module, module)
        if source != module:
            lines.append(f"replace {module} => {source} {version}")
        published = _go_json(go, folder.parent, "mod", "download", "-json", f"{source}@{version}")
        lines += adopted_lines(_go_json(go, folder.parent, "mod", "edit", "-json", published["GoMod"]), version)
    (folder / "go.mod").write_text("\n".join(lines) + "\n")
    # -e: tests of dependencies, which are never built here, may need modules that cannot be had
    _go(go, folder, "mod", "tidy", "-e")
    _go(go, folder, "mod", "edit", "-fmt")


def providing_module(package: str, modules: Iterable[str]) -> str:
    """Return which of ``modules`` provides ``package``: the longest one that is a prefix of its path."""
    return max((module for module in modules if f"{package}/".startswith(f"{module}/")), key=len)


def adopted_lines(upstream: Mapping[str, Any], version: str) -> Iterator[str]:
    """Yield the replace and exclude lines a wrapper of ``upstream`` (``go mod edit -json``) at ``version`` needs."""
    for replacement in upstream.get("Replace") or []:
        old, new = replacement["Old"], replacement["New"]
        if STAGING.match(new["Path"]):
            # release v1.MINOR.PATCH publishes its staging folders as modules v0.MINOR.PATCH
            yield f"replace {old['Path']} => {old['Path']} {version.replace('v1.', 'v0.', 1)}"
        elif not new["Path"].startswith(".") and new["Path"] not in UNAVAILABLE:
            yield f"replace {old['Path']} {old.get('Version', '')} => {new['Path']} {new['Version']}"
    for excluded in upstream.get("Exclude") or []:
        yield f"exclude {excluded['Path']} {excluded['Version']}"


def main(argv: Sequence[str] | None = None) -> int:
    """Parse the command line and refresh one tool set."""
    parser = argparse.ArgumentParser(prog="python -m lab.build.pin", description="Refresh the pins of one Go tool set.")
    parser.add_argument(
        "name", choices=sorted(p.parent.name for p in TOOLS.glob("*/go.mod")), help="folder of lab/tools"
    )
    parser.add_argument("version", nargs="*", metavar="MODULE@VERSION", help="move a module to this version")
    options = parser.parse_args(argv)
    go = machine_go()
    if go is None:
        parser.error(f"this wants Go {'.'.join(map(str, wanted_version()))} or newer on the PATH")
    pin(TOOLS / options.name, dict(spec.split("@", 1) for spec in options.version), go=go)
    return 0


def _go(go: Path, folder: Path, *arguments: str) -> str:
    environment = go_environment(flags="-mod=mod")
    return subprocess.run(
        [go, *arguments], cwd=folder, env=environment, check=True, text=True, stdout=subprocess.PIPE
    ).stdout


def _go_json(go: Path, folder: Path, *arguments: str) -> dict[str, Any]:
    parsed: dict[str, Any] = json.loads(_go(go, folder, *arguments))
    return parsed


if __name__ == "__main__":
    sys.exit(main())
