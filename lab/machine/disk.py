"""A machine's disk: folders that its boot stacks into one root file system."""

import os
import shutil
import subprocess
from collections.abc import Iterable
from pathlib import Path

from lab.machine.files import File, Link
from lab.state import MachineFolder

REAL_FOLDERS = ("containerd", "kubelet", "etcd", "longhorn")
"""Folders of /var/lib that may not lie on an overlay."""

_DATABASE_SUFFIXES = ("*.db",)


class DiskError(OSError):
    """The disk could not be made; the text says what would not copy."""


def make_disk(folder: MachineFolder, files: Iterable[File | Link], primed: Path | None, lock: int) -> None:
    """
    Write one machine's disk, anew unless it is already complete.

    Arguments:
        primed: a containerd root with the images imported, brought in as hard links; None for an empty one
        lock: the lab's; a copy that outlives this program keeps it

    """
    if folder.ready.exists():
        return
    remove_disk(folder)
    for path in (folder.upper, folder.work, folder.mount_point, folder.stand_ins, folder.real):
        path.mkdir(parents=True)
    for name in REAL_FOLDERS:
        (folder.real / name).mkdir()
    if primed is not None:
        _link_primed_images(primed, folder.real / "containerd", lock)
    for file in files:
        _write(folder.upper, file)
    folder.ready.touch()


def remove_disk(folder: MachineFolder) -> None:
    """Take the disk away; nothing happens where there is none."""
    if folder.root.exists():
        shutil.rmtree(folder.root)


def _link_primed_images(primed: Path, target: Path, lock: int) -> None:
    """Hard links, but for databases: containerd writes into those, and the original must stay as it is."""
    copied = subprocess.run(
        ["cp", "--archive", "--link", "--no-target-directory", str(primed), str(target)],
        text=True, capture_output=True, check=False, pass_fds=(lock,),
    )  # fmt: skip
    if copied.returncode != 0:
        raise DiskError(f"the primed images cannot be linked: {copied.stderr.strip().splitlines()[-1]}")
    for pattern in _DATABASE_SUFFIXES:
        for database in target.glob(f"*/{pattern}"):
            own = database.with_suffix(".own")
            shutil.copy2(database, own)
            own.replace(database)


def _write(upper: Path, file: File | Link) -> None:
    path = upper / file.path.relative_to("/")
    owner = (file.owner, file.group) if isinstance(file, File) else (0, 0)
    _make_parents(upper, path.parent, owner)
    if isinstance(file, Link):
        path.symlink_to(file.target)
        return
    path.write_text(file.content)
    path.chmod(file.mode)
    os.chown(path, *owner)


def _make_parents(upper: Path, folder: Path, owner: tuple[int, int]) -> None:
    """A home and what is in it belong to its user; everything else to root."""
    for parent in [*reversed(folder.relative_to(upper).parents), folder.relative_to(upper)]:
        target = upper / parent
        if not target.exists():
            target.mkdir(mode=0o755)
            os.chown(target, *(owner if parent.parts[:1] == ("home",) and len(parent.parts) > 1 else (0, 0)))
