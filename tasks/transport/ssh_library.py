"""
Paramiko, imported without ``invoke``.

Paramiko wants invoke, and does without it where it is missing, for one thing: ``Match exec`` in an OpenSSH
configuration file, which nothing here reads. Invoke brings asyncio, unittest.mock and a YAML parser along: a good third
of the import, a tenth of the time in which four hosts are asked for their facts. An entry of None in ``sys.modules``
is the import system's own word for "treat as missing".
"""

from __future__ import annotations

import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["paramiko"]


@contextmanager
def _doing_without(module: str) -> Iterator[None]:
    if module in sys.modules:
        yield
        return
    sys.modules[module] = None  # type: ignore[assignment]
    try:
        yield
    finally:
        del sys.modules[module]


with _doing_without("invoke"):
    import paramiko
