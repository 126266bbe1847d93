"""A real server and the means to log in to it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from tasks.transport.access import Access
from tasks.transport.plugin import NodeShell
from tests.contract.transport import box as boxes

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tasks.transport.connection import NodeConnection
    from tests.contract.transport.box import Box


@pytest.fixture(scope="session")
def start_box(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[..., Box]]:
    """Start a server with further lines of configuration; all are ended with the session."""
    if reason := boxes.why_not():
        pytest.skip(reason)
    started: list[Box] = []
    folder = tmp_path_factory.mktemp("keys")
    keys = {kind: boxes.keygen(folder / kind, kind) for kind in boxes.KINDS}

    def start(**options: Any) -> Box:
        started.append(boxes.start(tmp_path_factory.mktemp("box"), keys, **options))
        return started[-1]

    yield start
    for box in started:
        box.stop()


@pytest.fixture(scope="session")
def box(start_box: Callable[..., Box]) -> Box:
    """The server that most tests share."""
    return start_box(host_kinds=boxes.KINDS)


@pytest.fixture
def access(box: Box, tmp_path: Path) -> Access:
    """How to get into the shared server, by key, as the account that sudo asks nothing."""
    return access_to(box, tmp_path / "known_hosts")


def access_to(box: Box, known_hosts: Path) -> Access:
    """How to get into a server whose keys are all enrolled."""
    return Access(
        name="cluster-01",
        address="127.0.0.1",
        port=box.port,
        user="free",
        ssh_key=box.keys["ed25519"],
        known_hosts=box.enrol(known_hosts),
    )


def open_shell(access: Access) -> NodeShell:
    """Open the connection plugin as Nornir does."""
    plugin = NodeShell()
    extras = {
        name: getattr(access, name) for name in ("name", "known_hosts", "ssh_key", "proxy_jump", "connect_timeout_s")
    }
    plugin.open(access.address, access.user, access.password, access.port, None, extras)
    return plugin


@pytest.fixture
def connect(access: Access) -> Iterator[Callable[..., NodeConnection]]:
    """Log in with some attributes of ``access`` changed; logged out again after the test."""
    opened = []

    def log_in(base: Access = access, **changes: Any) -> NodeConnection:
        opened.append(open_shell(replace(base, **changes)))
        return opened[-1].connection

    yield log_in
    for plugin in opened:
        plugin.close()


@pytest.fixture
def shell(connect: Callable[..., NodeConnection]) -> NodeConnection:
    """A connection to the shared server."""
    return connect()
