"""
Controllers of a v2 root group: borrowed by the first lab, given back by the last.

A v2 root hands few controllers down by itself. What the labs need besides is enabled by the first one, noted on the
root group itself, and disabled again when no lab is left.
"""

import os
from pathlib import Path

PREFIX = "fleetproof-"
"""What the names of all labs' top groups begin with."""

NEEDED = frozenset({"cpu", "cpuset", "memory", "pids"})
"""What kubelets account with."""

_BORROWED = "trusted.fleetproof.borrowed"


def borrow(root: Path) -> None:
    """Have the root hand down what kubelets need; what it did not hand down before is noted."""
    known = set((root / "cgroup.controllers").read_text().split())
    missing = (NEEDED & known) - set((root / "cgroup.subtree_control").read_text().split())
    if missing:
        os.setxattr(root, _BORROWED, " ".join(sorted(missing | _borrowed(root))).encode())
        (root / "cgroup.subtree_control").write_text(" ".join(f"+{name}" for name in sorted(missing)))


def give_back(root: Path) -> None:
    """Once the last lab's group is gone, the root hands down what it did before the first one came."""
    if _borrowed(root) and not any(root.glob(f"{PREFIX}*")):
        (root / "cgroup.subtree_control").write_text(" ".join(f"-{name}" for name in sorted(_borrowed(root))))
        os.removexattr(root, _BORROWED)


def _borrowed(root: Path) -> set[str]:
    try:
        return set(os.getxattr(root, _BORROWED).decode().split())
    except OSError:
        return set()


def hand_down(folder: Path) -> None:
    """v2 groups have only the controllers that their parent hands down."""
    names = (folder / "cgroup.controllers").read_text().split()
    (folder / "cgroup.subtree_control").write_text(" ".join(f"+{name}" for name in names))
