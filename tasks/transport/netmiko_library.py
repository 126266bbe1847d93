"""
Netmiko's Linux driver, imported without the drivers for a hundred makes of switches.

Netmiko's own front, ``netmiko/__init__.py``, imports them all, which is most of what it costs. So that front stays
unopened; it opens, whole, for whoever asks the package for a name.
"""

from __future__ import annotations

import logging
import sys
from contextlib import contextmanager
from importlib.util import find_spec, module_from_spec
from typing import TYPE_CHECKING, Any

import tasks.transport.ssh_library  # noqa: F401  netmiko imports paramiko, and this is how that is to be done

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["LinuxSSH"]


@contextmanager
def _front_unopened(package: str) -> Iterator[None]:
    spec = find_spec(package)
    if package in sys.modules or spec is None or spec.loader is None:
        yield
        return
    module, loader = module_from_spec(spec), spec.loader

    def open_front(name: str) -> Any:
        if vars(module).pop("__getattr__", None):
            loader.exec_module(module)
        return getattr(module, name)

    sys.modules[package] = module
    # the one name that the modules behind the front take from it
    vars(module)["log"] = logging.getLogger(package)
    yield
    vars(module)["__getattr__"] = open_front


with _front_unopened("netmiko"):
    from netmiko.linux.linux_ssh import LinuxSSH
