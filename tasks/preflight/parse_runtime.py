"""Read what a host says of containerd, Kubernetes' programs and their services."""

from __future__ import annotations

import re
import tomllib
from itertools import pairwise
from typing import Any

from tasks.preflight.script import jobs, shown
from tasks.preflight.values import Fact, Unknown, Version
from tasks.preflight.values_services import Admin, ContainerdConfig, Programs, Unit

_RUNTIMES = (
    ("io.containerd.cri.v1.runtime", "containerd", "runtimes"),
    ("io.containerd.grpc.v1.cri", "containerd", "runtimes"),
)
"""Where containerd 2 and containerd 1 keep the options of runc."""

_ENABLED = frozenset({"enabled", "enabled-runtime", "static", "indirect", "generated", "alias"})
"""States for which `systemctl is-enabled` exits with 0 (systemctl(1))."""

_MULTIPATH_WORD = re.compile(r'[#!][^\n]*|"[^"\n]*"|[{}]|[^\s{}"]+')


def parse_units(text: str) -> dict[str, Unit]:
    """Read ``systemctl show``: Names, LoadState, ActiveState, UnitFileState, Environment; a unit has all its names."""
    units: dict[str, Unit] = {}
    for block in re.split(r"\n\s*\n", text.strip()):
        fields = dict(line.partition("=")[::2] for line in block.splitlines())
        if "Names" not in fields or "ActiveState" not in fields:
            raise ValueError(f"{block[:80]!r} is no unit")
        unit = Unit(
            loaded=fields.get("LoadState") == "loaded",
            active=fields["ActiveState"] == "active",
            enabled=fields.get("UnitFileState", "") in _ENABLED,
            state=fields["ActiveState"],
            environment=fields.get("Environment", ""),
        )
        units |= dict.fromkeys(fields["Names"].split(), unit)
    return units


def parse_tools(text: str) -> dict[str, str]:
    """Read ``NAME PATH`` lines; no path where the shell does not find the program."""
    return {name: path for name, _, path in (line.partition(" ") for line in text.splitlines() if line)}


def parse_programs(text: str) -> Programs:
    """Read what programs print of themselves, each from a job of its own, and the job ``cri``: ``ctr plugins ls``."""
    answers = jobs(text)
    if "cri" not in answers:
        raise ValueError("no job `cri`")
    code, output = answers.pop("cri")
    return Programs(
        versions={name: _version(name, *answer) for name, answer in answers.items()}, cri=_cri_state(code, output)
    )


def _version(name: str, code: int, output: str) -> Fact[Version]:
    if code != 0:
        return Unknown(output.splitlines()[-1] if output else f"{name} exited with {code}")
    said = output.partition("Server:")[2] if name == "containerd" else output
    try:
        return Version.find(said)
    except ValueError as error:
        return Unknown(str(error))


def _cri_state(code: int, output: str) -> str:
    if code != 0:
        return f"silent: {output.splitlines()[-1] if output else f'ctr exited with {code}'}"
    rows = [line.split() for line in output.splitlines()]
    return min((row[-1] for row in rows if row[:2] == ["io.containerd.grpc.v1", "cri"]), default="missing")


def parse_containerd(text: str) -> ContainerdConfig:
    """Read ``containerd config dump``: its files merged with its defaults, in TOML, configuration version 2 or 3."""
    try:
        config = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ValueError(f"not TOML: {error}") from error
    plugins, switched_off = config.get("plugins", {}), config.get("disabled_plugins", [])
    if not isinstance(switched_off, list):
        raise ValueError(f"disabled_plugins is no list: {switched_off!r}")  # noqa: TRY004  what is unread is a ValueError
    disabled = {str(name).rpartition(".")[2] for name in switched_off}
    return ContainerdConfig(
        cri_disabled="cri" in disabled, systemd_cgroup=_systemd_cgroup(plugins), sandbox_image=_sandbox(plugins)
    )


def _systemd_cgroup(plugins: dict[str, Any]) -> bool | None:
    for path in _RUNTIMES:
        runtimes = _dig(plugins, *path)
        if isinstance(runtimes, dict):
            said = _dig(runtimes, "runc", "options", "SystemdCgroup")
            return said if isinstance(said, bool) else False
    return None


def _sandbox(plugins: dict[str, Any]) -> str:
    newer = _dig(plugins, "io.containerd.cri.v1.images", "pinned_images", "sandbox")
    older = _dig(plugins, "io.containerd.grpc.v1.cri", "sandbox_image")
    return str(newer or older or "")


def _dig(table: Any, *keys: str) -> Any:
    for key in keys:
        table = table.get(key) if isinstance(table, dict) else None
    return table


def parse_kubelet(text: str) -> dict[str, str]:
    """
    Read what already tells the kubelet how to behave: its configuration file, then flags, which outrank it.

    Returns:
        ``cgroup-driver`` to ``systemd`` or ``cgroupfs`` where somebody set it; empty on a bare host

    """
    said = {}
    for file, lines in sorted(shown(text).items(), key=lambda item: not item[0].endswith(".yaml")):
        for line in lines or ():
            pattern = r"^cgroupDriver:\s*(\S+)" if file.endswith(".yaml") else r"--cgroup-driver[= ](\w+)"
            if match := re.search(pattern, line):
                said["cgroup-driver"] = match[1].strip("\"'")
    return said


def parse_admin(text: str) -> Admin | None:
    """Read ``server``, ``name`` and the CA of /etc/kubernetes/admin.conf; None where the file is not there."""
    files = shown(text)
    lines = files.get("/etc/kubernetes/admin.conf")
    if lines is None and "/etc/kubernetes/admin.conf" in files:
        return None
    fields: dict[str, str] = {}
    for line in lines or ():
        key, _, value = line.strip().removeprefix("- ").partition(":")
        fields.setdefault(key, value.strip())
    if not {"server", "name"} <= fields.keys():
        raise ValueError("admin.conf names no cluster")
    return Admin(name=fields["name"], server=fields["server"], ca=fields.get("certificate-authority-data", ""))


def parse_multipath(text: str) -> tuple[str, ...]:
    """Read multipath.conf(5): the ``devnode`` patterns of every ``blacklist`` section."""
    text = "\n".join(line for lines in shown(text).values() for line in lines or ())
    words = [word for word in _MULTIPATH_WORD.findall(text) if word[0] not in "#!"]
    patterns, inside, depth = [], False, 0
    for word, following in pairwise([*words, ""]):
        if word == "{":
            depth += 1
        elif word == "}":
            depth -= 1
            inside = inside and depth > 0
        elif word == "blacklist" and following == "{":
            inside = depth == 0
        elif word == "devnode" and inside:
            patterns.append(following.strip('"'))
    return tuple(patterns)


def parse_paths(text: str) -> tuple[str, ...]:
    """Read one path per line."""
    return tuple(line for line in text.splitlines() if line)
