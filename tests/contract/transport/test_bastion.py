"""Hosts behind a bastion: two real servers, one of which is reached through the other."""

from __future__ import annotations

import socket
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from tasks.model.command import Command
from tasks.model.errors import Unreachable
from tasks.transport.reach import BASTIONS
from tasks.transport.scan import scan_host_keys
from tests.contract.transport.conftest import access_to, open_shell

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tasks.transport.access import Access
    from tasks.transport.connection import NodeConnection
    from tests.contract.transport.box import Box


@pytest.fixture(scope="module")
def bastion(start_box: Callable[..., Box]) -> Box:
    """A second server, with keys of its own."""
    return start_box()


@pytest.fixture
def behind(box: Box, bastion: Box, tmp_path: Path) -> Access:
    """The shared server, reached over the bastion, each as an account of its own."""
    access = access_to(box, tmp_path / "known_hosts")
    with access.known_hosts.open("a") as file:
        file.write(bastion.enrol(tmp_path / "bastion").read_text())
    return replace(access, proxy_jump=f"none@127.0.0.1:{bastion.port}")


def logins(box: Box) -> int:
    """How many logins a server has let in."""
    return box.log.read_text().count("Accepted publickey for")


def test_hosts_share_one_login_on_their_bastion(
    bastion: Box, connect: Callable[..., NodeConnection], behind: Access
) -> None:
    """Eight hosts at once are reached over a single login, which the last one to leave ends."""
    before = logins(bastion)
    with ThreadPoolExecutor(8) as pool:
        shells = list(pool.map(lambda number: connect(behind, name=f"host-{number}"), range(8)))
    assert [shell.run(Command(argv=("whoami",))).stdout for shell in shells] == ["free\n"] * 8
    assert logins(bastion) == before + 1
    (transport,) = {state.transport for state in BASTIONS._bastions.values() if state.transport}
    for shell in shells:
        assert transport.is_active()
        shell.disconnect()
    assert not transport.is_active()


def test_five_megabytes_through_a_bastion(connect: Callable[..., NodeConnection], behind: Access) -> None:
    """Large input and output pass."""
    data = b"x" * 5_000_000
    assert len(connect(behind).run(Command(argv=("cat",), stdin=data)).stdout) == len(data)


def refusal_of(access: Access) -> Unreachable:
    """How reaching a host fails."""
    with pytest.raises(Unreachable) as caught:
        open_shell(access).close()
    return caught.value


def test_an_unknown_bastion_is_the_reason(behind: Access, box: Box, bastion: Box) -> None:
    """The bastion's own key is verified, and the remedy names the bastion."""
    known_hosts = box.enrol(behind.known_hosts.with_name("without"))
    error = refusal_of(replace(behind, known_hosts=known_hosts))
    assert (error.host, error.reason) == ("cluster-01", "bastion-unreachable")
    assert "host-key-unknown" in error.detail
    assert f"enrol.py --host [127.0.0.1]:{bastion.port}" in error.detail


def test_a_bastion_that_is_down_is_the_reason(behind: Access) -> None:
    """A bastion where nobody listens makes its hosts unreachable at once."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        error = refusal_of(replace(behind, proxy_jump=f"127.0.0.1:{taken.getsockname()[1]}"))
    assert (error.reason, "connection-refused" in error.detail) == ("bastion-unreachable", True)


def test_an_unknown_host_behind_a_bastion_is_its_own_reason(behind: Access, bastion: Box) -> None:
    """The host's key is verified end to end; its bastion does not vouch for it."""
    known_hosts = bastion.enrol(behind.known_hosts.with_name("bastion-alone"))
    assert refusal_of(replace(behind, known_hosts=known_hosts)).reason == "host-key-unknown"


def test_a_host_that_its_bastion_cannot_reach_is_its_own_reason(behind: Access) -> None:
    """A closed port is told apart from a bastion that fails."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        error = refusal_of(replace(behind, port=taken.getsockname()[1]))
    assert (error.reason, "cannot connect to 127.0.0.1" in error.detail) == ("no-route", True)


def test_a_bastion_that_forbids_forwarding_is_the_reason(start_box: Callable[..., Box], behind: Access) -> None:
    """A bastion that lets us in and nothing through is named as the reason."""
    closed = start_box(config="AllowTcpForwarding no\n")
    with behind.known_hosts.open("a") as file:
        file.write(closed.enrol(behind.known_hosts.with_name("closed")).read_text())
    jump = f"none@127.0.0.1:{closed.port}"
    error = refusal_of(replace(behind, proxy_jump=jump))
    assert (error.reason, jump in error.detail) == ("bastion-unreachable", True)


def test_a_bastion_that_was_lost_is_replaced(
    bastion: Box, connect: Callable[..., NodeConnection], behind: Access
) -> None:
    """When the bastion's connection dies, the running command is lost; the next one logs in anew on both."""
    shell, before = connect(behind), logins(bastion)
    (transport,) = {state.transport for state in BASTIONS._bastions.values() if state.transport}
    threading.Timer(0.3, transport.close).start()
    with pytest.raises(Unreachable, match="connection-lost"):
        shell.run(Command(argv=("sleep", "5")))
    assert shell.run(Command(argv=("whoami",))).stdout == "free\n"
    assert logins(bastion) == before + 1


def test_keys_are_scanned_through_a_bastion(box: Box, behind: Access) -> None:
    """All of the host's own keys are seen over its bastion, which is left afterwards."""
    keys = scan_host_keys(behind)
    assert {str(key).split(maxsplit=1)[1] for key in keys} == set(box.host_keys)
    assert not [state for state in BASTIONS._bastions.values() if state.transport]
