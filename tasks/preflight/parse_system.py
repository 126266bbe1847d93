"""Read what a host says of its machine, kernel and disks; ``ValueError`` where it cannot be read."""

from __future__ import annotations

import shlex

from tasks.preflight.script import shown
from tasks.preflight.values import Capacity, Cgroups, Disk, KernelConfig, Modules, Mounts, Swap, System

_SWAP_FIELDS = 5
_DISK_FIELDS = 9
_CGROUP_FIELDS = 4
_IMPLICIT_V2 = frozenset({"devices", "freezer"})
"""Cgroup v2 controllers without a name in cgroup.controllers: part of every kernel since 4.15 and 5.2."""


def parse_system(text: str) -> System:
    """Read /proc/sys/kernel, os-release, machine-id and product_uuid as ``show`` prints them, and ``arch NAME``."""
    head, _, rest = text.partition("\n")
    word, _, arch = head.partition(" ")
    if word != "arch" or not arch:
        raise ValueError(f"{head!r} is no `arch NAME`")
    files = shown(rest)
    release = _assignments(_lines(files, "/etc/os-release"))
    return System(
        arch=arch,
        hostname=_only_line(files, "/proc/sys/kernel/hostname"),
        kernel=_only_line(files, "/proc/sys/kernel/osrelease"),
        os_id=release.get("ID", ""),
        os_like=tuple(release.get("ID_LIKE", "").split()),
        os_version=release.get("VERSION_ID", ""),
        os_name=release.get("PRETTY_NAME", ""),
        machine_id=_only_line(files, "/etc/machine-id", needed=False),
        product_uuid=_only_line(files, "/sys/class/dmi/id/product_uuid", needed=False).lower(),
    )


def _lines(files: dict[str, tuple[str, ...] | None], path: str) -> tuple[str, ...]:
    return files.get(path) or ()


def _only_line(files: dict[str, tuple[str, ...] | None], path: str, *, needed: bool = True) -> str:
    lines = _lines(files, path)
    if needed and not (lines and lines[0].strip()):
        raise ValueError(f"{path} is empty or missing")
    return lines[0].strip() if lines else ""


def _assignments(lines: tuple[str, ...]) -> dict[str, str]:
    """``KEY=value`` lines as a shell reads them."""
    found = {}
    for line in lines:
        key, equals, value = line.partition("=")
        if equals and not key.startswith("#"):
            found[key.strip()] = "".join(shlex.split(value)[:1])
    return found


def parse_capacity(text: str) -> Capacity:
    """Read MemTotal, Cpus_allowed_list and Uid."""
    fields = {}
    for lines in shown(text).values():
        for line in lines or ():
            key, _, value = line.partition(":")
            fields[key] = value.split()
    try:
        memory_kib, allowed, effective_uid = fields["MemTotal"][0], fields["Cpus_allowed_list"][0], fields["Uid"][1]
    except (KeyError, IndexError) as error:
        raise ValueError(f"no {error}") from error
    return Capacity(memory_mib=int(memory_kib) // 1024, cpus=count_cpus(allowed), uid=int(effective_uid))


def count_cpus(listed: str) -> int:
    """Count a kernel CPU list: ``0-3,8`` is five."""
    count = 0
    for span in listed.split(","):
        first, _, last = span.partition("-")
        count += int(last or first) - int(first) + 1
    if count <= 0:
        raise ValueError(f"{listed!r} lists no CPU")
    return count


def parse_swaps(text: str) -> tuple[Swap, ...]:
    """Read /proc/swaps: a heading, then one line per area; the kernel writes blanks in names in octal."""
    heading, *lines = text.splitlines() or [""]
    if not heading.startswith("Filename"):
        raise ValueError(f"{heading!r} is not the heading of /proc/swaps")
    return tuple(_swap(line) for line in lines if line.strip())


def _swap(line: str) -> Swap:
    fields = line.split()
    if len(fields) != _SWAP_FIELDS:
        raise ValueError(f"{line!r} is no line of /proc/swaps")
    device, kind, size, used, _ = fields
    return Swap(device=device, kind=kind, size_kib=int(size), used_kib=int(used))


def parse_disks(text: str) -> dict[str, Disk]:
    """Read ``PATH AT`` and, below ``--``, one line of ``stat -f -c '%n %i %T %S %b %a %c %d'`` per folder."""
    wanted, rule, stats = text.partition("--\n")
    if not rule:
        raise ValueError("no `--` between paths and their file systems")
    below = {}
    for line in stats.splitlines():
        at, identity, kind, block, total, available, inodes, free = line.split()
        below[at] = (identity, kind, int(block) * int(total), int(block) * int(available), int(inodes), int(free))
    disks = {}
    for line in wanted.splitlines():
        path, at = line.split()
        if at not in below:
            raise ValueError(f"no file system for {at}")
        identity, kind, total_bytes, available_bytes, all_inodes, free_inodes = below[at]
        disks[path] = Disk(
            path=path,
            at=at,
            filesystem=kind,
            identity=identity,
            total=total_bytes,
            available=available_bytes,
            inodes=all_inodes,
            inodes_free=free_inodes,
        )
    return disks


def parse_kernel_config(text: str) -> KernelConfig:
    """Read ``# FILE`` and the options that are set; ``# `` alone where no file was found."""
    heading, *lines = text.splitlines() or [""]
    if not heading.startswith("#"):
        raise ValueError(f"{heading!r} names no file")
    options = {}
    for line in lines:
        key, _, value = line.partition("=")
        options[key.removeprefix("CONFIG_")] = value
    return KernelConfig(source=heading[1:].strip(), options=options)


def parse_modules(text: str) -> Modules:
    """Read ``present NAME``, ``index FILE`` and ``shipped NAME`` lines."""
    found: dict[str, list[str]] = {"present": [], "index": [], "shipped": []}
    for line in text.splitlines():
        word, _, name = line.partition(" ")
        if word not in found:
            raise ValueError(f"{line!r} says neither present, index nor shipped")
        found[word].append(name.replace("-", "_") if word == "shipped" else name)
    return Modules(
        present=frozenset(found["present"]), shipped=frozenset(found["shipped"]), indices=tuple(found["index"])
    )


def parse_sysctls(text: str) -> dict[str, int | None]:
    """Read files below /proc/sys; None for a key that this kernel does not have (now)."""
    return {
        path.removeprefix("/proc/sys/").replace("/", "."): None if lines is None else int("".join(lines))
        for path, lines in shown(text).items()
    }


def parse_mounts(text: str) -> Mounts:
    """Read lines of /proc/self/mountinfo (proc(5)); the last mount at a point is the one that is seen."""
    root_shared, types = None, {}
    for line in text.splitlines():
        before, _, after = line.partition(" - ")
        fields = before.split()
        if not after.split() or len(fields) < len(("id", "parent", "device", "root", "point", "options")):
            raise ValueError(f"{line!r} is no line of mountinfo")
        point = fields[4]
        types[point] = after.split()[0]
        if point == "/":
            root_shared = any(field.startswith("shared:") for field in fields[6:])
    if root_shared is None:
        raise ValueError("mountinfo has no /")
    return Mounts(root_shared=root_shared, types=types)


def parse_cgroups(text: str) -> Cgroups:
    """Read cgroup.controllers of the unified hierarchy, where there is one, and /proc/cgroups."""
    files = shown(text)
    unified = files.get("/sys/fs/cgroup/cgroup.controllers")
    if unified is not None:
        return Cgroups(version=2, controllers=frozenset(" ".join(unified).split()) | _IMPLICIT_V2)
    rows = [line.split() for line in files.get("/proc/cgroups") or () if not line.startswith("#")]
    if not rows or any(len(row) != _CGROUP_FIELDS for row in rows):
        raise ValueError("no table of cgroup controllers")
    return Cgroups(version=1, controllers=frozenset(name for name, _, _, enabled in rows if enabled == "1"))
