"""
Netmiko's Linux driver, imported without the drivers for a hundred makes of switches.

Netmiko's own front, ``netmiko/__init__.py``, imports them all: two thirds of what it costs. So the driver is imported
from a package that has no front yet; whoever imports ``netmiko`` later gets the whole of it, with this same class.
"""

from __future__ import annotations

import logging
import sys
from contextlib import contextmanager
from importlib.util import find_spec, module_from_spec
from typing import TYPE_CHECKING

import tasks.transport.ssh_library  # noqa: F401  netmiko imports paramiko, and this is how that is to be done

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["LinuxSSH"]


@contextmanager
def _without_its_front(package: str) -> Iterator[None]:
    spec = find_spec(package)
    if package in sys.modules or spec is None:
        yield
        return
    bare = module_from_spec(spec)
    bare.log = logging.getLogger(package)  # type: ignore[attr-defined]  the one name that its modules take from it
    bare.log.addHandler(logging.NullHandler())
    sys.modules[package] = bare
    try:
        yield
    finally:
        del sys.modules[package]


with _without_its_front("netmiko"):
    from netmiko.linux.linux_ssh import LinuxSSH
