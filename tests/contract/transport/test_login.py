"""Logging in to a real sshd, and to servers that misbehave."""

from __future__ import annotations

import socket
import threading
import time
from dataclasses import replace
from typing import TYPE_CHECKING

import paramiko
import pytest

from tasks.model.command import Command
from tasks.model.errors import SettingsError, Unreachable
from tasks.transport.access import Access
from tasks.transport.hostkeys import HostKey
from tests.contract.transport import servers
from tests.contract.transport.box import keygen
from tests.contract.transport.conftest import access_to, open_shell

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tasks.transport.connection import NodeConnection
    from tests.contract.transport.box import Box

PASSWORD = "canary-of-a-password"


@pytest.fixture(autouse=True)
def no_thread_stays() -> Iterator[None]:
    """Whatever happened, nothing is left that would hold the process up at its end."""
    before = set(threading.enumerate())
    yield
    deadline = time.monotonic() + 10
    while left := [it for it in threading.enumerate() if it not in before and not it.daemon]:
        assert time.monotonic() < deadline, left
        time.sleep(0.01)


@pytest.mark.parametrize("kind", ["ed25519", "ecdsa", "rsa"])
def test_login_by_key(box: Box, connect: Callable[..., NodeConnection], kind: str) -> None:
    """Keys of every kind let in, and no password is needed."""
    assert connect(ssh_key=box.keys[kind]).run(Command(argv=("whoami",))).stdout == "free\n"


def test_login_by_password(box: Box, connect: Callable[..., NodeConnection]) -> None:
    """Without a key the password is used."""
    assert connect(ssh_key=None, password=box.password).run(Command(argv=("whoami",))).stdout == "free\n"


def test_a_refused_key_gives_way_to_the_password(
    box: Box, connect: Callable[..., NodeConnection], tmp_path: Path
) -> None:
    """With both given, the password is tried where the key is refused."""
    stranger = keygen(tmp_path / "stranger")
    assert connect(ssh_key=stranger, password=box.password).run(Command(argv=("whoami",))).stdout == "free\n"


def refusal_of(access: Access) -> Unreachable:
    """How a login fails; the connection is closed where it does not."""
    with pytest.raises(Unreachable) as caught:
        open_shell(access).close()
    return caught.value


def test_a_refused_login_is_said_without_the_password(access: Access, tmp_path: Path) -> None:
    """What was offered is named by kind; the secret appears nowhere, not even in what led to the error."""
    error = refusal_of(replace(access, ssh_key=keygen(tmp_path / "stranger"), password=PASSWORD))
    assert (error.reason, "user free, key and password offered" in error.detail) == ("login-refused", True)
    assert PASSWORD not in f"{error!r} {error.__cause__!r} {error.__context__!r}"


def test_nothing_to_offer_is_said(access: Access) -> None:
    """Neither a key nor a password names both variables."""
    error = refusal_of(replace(access, ssh_key=None))
    assert (error.reason, "NODE_SSH_KEY" in error.detail and "NODE_PASSWORD" in error.detail) == ("login-refused", True)


def test_nobody_to_log_in_is_a_mistake_in_the_settings(access: Access) -> None:
    """Without a user name no login is tried."""
    with pytest.raises(SettingsError, match="NODE_USER"):
        open_shell(replace(access, user=""))


@pytest.mark.parametrize("content", ["no key at all", ""])
def test_a_broken_key_file_is_a_mistake_in_the_settings(access: Access, tmp_path: Path, content: str) -> None:
    """The message names the file and the variable, and shows none of its content."""
    broken = tmp_path / "broken"
    broken.write_text(content)
    with pytest.raises(SettingsError, match=f"NODE_SSH_KEY: {broken} is no private key") as caught:
        open_shell(replace(access, ssh_key=broken))
    assert not content or content not in str(caught.value)


def test_a_key_with_a_passphrase_is_a_mistake_in_the_settings(access: Access, tmp_path: Path) -> None:
    """A key that would have to be unlocked is refused with a sentence that says so."""
    locked = tmp_path / "locked"
    paramiko.ECDSAKey.generate().write_private_key_file(str(locked), password="secret")
    with pytest.raises(SettingsError, match="without passphrase"):
        open_shell(replace(access, ssh_key=locked))


@pytest.mark.parametrize("keytype", ["ssh-ed25519", "ecdsa-sha2-nistp256", "ssh-rsa"])
def test_one_enrolled_key_is_enough(
    box: Box, connect: Callable[..., NodeConnection], access: Access, keytype: str
) -> None:
    """The server is asked to prove itself by a key that is enrolled, whichever it would have chosen itself."""
    known_hosts = box.enrol(access.known_hosts.with_name("one"), keytype)
    assert connect(known_hosts=known_hosts).run(Command(argv=("true",))).ok


@pytest.fixture
def recorder(tmp_path: Path) -> Iterator[tuple[servers.Recorder, Access, HostKey]]:
    """A server that notes what is offered, how to get into it with password and key, and its host key."""
    key = paramiko.ECDSAKey.generate()
    server = servers.Recorder(key)
    with servers.Listener(server.serve) as listener:
        access = Access(
            name="cluster-02",
            address="127.0.0.1",
            port=listener.port,
            user="free",
            password=PASSWORD,
            ssh_key=keygen(tmp_path / "key"),
            known_hosts=tmp_path / "known_hosts",
        )
        yield server, access, HostKey(access.endpoint, key.get_name(), key.asbytes())
    server.stop()


def test_the_recorder_sees_what_is_offered(recorder: tuple[servers.Recorder, Access, HostKey]) -> None:
    """The next two tests rest on this: an enrolled server is offered the key, then the password, once each."""
    server, access, key = recorder
    access.known_hosts.write_text(f"{key}\n")
    assert refusal_of(access).reason == "login-refused"
    assert server.offered == [("publickey", "free", "ssh-ed25519"), ("password", "free", PASSWORD)]


def test_an_unknown_host_is_offered_nothing(recorder: tuple[servers.Recorder, Access, HostKey]) -> None:
    """Neither key nor password, nor even a user name; the message has the fingerprint and the command to type."""
    server, access, key = recorder
    error = refusal_of(access)
    assert (error.reason, server.offered) == ("host-key-unknown", [])
    assert key.fingerprint in error.detail
    assert "python runbooks/enrol.py --host cluster-02" in error.detail


def test_a_changed_host_is_offered_nothing(recorder: tuple[servers.Recorder, Access, HostKey]) -> None:
    """As an unknown one; the message has both fingerprints, and the command says that a key is replaced."""
    server, access, key = recorder
    other = paramiko.ECDSAKey.generate()
    enrolled = HostKey(access.endpoint, other.get_name(), other.asbytes())
    access.known_hosts.write_text(f"{enrolled}\n")
    error = refusal_of(access)
    assert (error.reason, server.offered) == ("host-key-changed", [])
    assert key.fingerprint in error.detail
    assert enrolled.fingerprint in error.detail
    assert "python runbooks/enrol.py --host cluster-02 --replace" in error.detail


def test_a_key_enrolled_for_another_host_is_unknown(recorder: tuple[servers.Recorder, Access, HostKey]) -> None:
    """An enrolled key counts for its own address and port alone."""
    server, access, key = recorder
    access.known_hosts.write_text(f"{replace(key, endpoint='127.0.0.1')}\n")
    assert (refusal_of(access).reason, server.offered) == ("host-key-unknown", [])


def test_the_operators_own_known_hosts_is_not_read(
    recorder: tuple[servers.Recorder, Access, HostKey], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What the operator's own SSH client has accepted is not enrolled."""
    server, access, key = recorder
    (tmp_path / ".ssh").mkdir()
    (tmp_path / ".ssh" / "known_hosts").write_text(f"{key}\n")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert (refusal_of(access).reason, server.offered) == ("host-key-unknown", [])


def test_a_broken_known_hosts_lets_nobody_in(recorder: tuple[servers.Recorder, Access, HostKey]) -> None:
    """A line that cannot be read stops the login with its number."""
    server, access, key = recorder
    access.known_hosts.write_text(f"{key}\n{key.endpoint} nonsense\n")
    with pytest.raises(SettingsError, match="known_hosts:2: wanted `address keytype base64`"):
        open_shell(access)
    assert server.offered == []


@pytest.mark.parametrize(("serve", "reason"), [(servers.mute, "no-banner"), (servers.banner_then_mute, "deadline")])
def test_a_server_that_falls_silent_costs_the_budget_and_no_more(
    access: Access, serve: Callable[[socket.socket, int], None], reason: str
) -> None:
    """The one deadline holds in every phase, and the reason says which phase it was."""
    with servers.Listener(serve) as listener:
        known_hosts = access.known_hosts
        known_hosts.write_text(known_hosts.read_text().replace(str(access.port), str(listener.port)))
        began = time.monotonic()
        error = refusal_of(replace(access, port=listener.port, connect_timeout_s=0.5))
    assert (error.reason, time.monotonic() - began < 15, listener.count) == (reason, True, 1)


def test_a_login_that_falls_silent_costs_the_budget_and_no_more(access: Access, tmp_path: Path) -> None:
    """A server that has proved itself and then does not answer the login is given up by the same deadline."""
    key = paramiko.ECDSAKey.generate()
    server, released = servers.Recorder(key), threading.Event()
    server.check_auth_password = lambda *_: released.wait(60) and paramiko.AUTH_FAILED  # type: ignore[method-assign]
    with servers.Listener(server.serve) as listener:
        silent = replace(
            access,
            port=listener.port,
            ssh_key=None,
            password=PASSWORD,
            known_hosts=tmp_path / "k",
            connect_timeout_s=0.5,
        )
        silent.known_hosts.write_text(f"{HostKey(silent.endpoint, key.get_name(), key.asbytes())}\n")
        began = time.monotonic()
        error = refusal_of(silent)
        took_s = time.monotonic() - began
        released.set()
    server.stop()
    assert (error.reason, took_s < 15) == ("deadline", True)
    assert "did not finish key exchange and login within 0.5 s" in error.detail


def test_a_server_that_hangs_up_during_the_login_is_not_tried_again(access: Access, tmp_path: Path) -> None:
    """Once something was offered, a closed connection is no refusal, and no reason to offer it again."""
    key = paramiko.ECDSAKey.generate()
    server = servers.Recorder(key)
    with servers.Listener(server.serve) as listener:
        closing = replace(access, port=listener.port, ssh_key=None, password=PASSWORD, known_hosts=tmp_path / "k")
        closing.known_hosts.write_text(f"{HostKey(closing.endpoint, key.get_name(), key.asbytes())}\n")
        server.check_auth_password = lambda *_: server.stop() or paramiko.AUTH_FAILED  # type: ignore[method-assign]
        error = refusal_of(closing)
    server.stop()
    assert (error.reason, "hung up during the login" in error.detail, listener.count) == ("login-dropped", True, 1)


def test_a_full_queue_of_connections_is_a_connect_timeout(access: Access) -> None:
    """Where the packets of a connection are dropped, as by a firewall, the deadline holds as well."""
    with socket.socket() as full:
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        waiting = []
        for _ in range(4):
            waiting.append(socket.socket())
            waiting[-1].setblocking(False)  # noqa: FBT003  the standard library's signature
            waiting[-1].connect_ex(full.getsockname())
        error = refusal_of(replace(access, port=full.getsockname()[1], connect_timeout_s=0.5))
        for sock in waiting:
            sock.close()
    assert error.reason == "connect-timeout"


def test_a_closed_port_is_said_at_once(access: Access) -> None:
    """Nobody listening is not waited for."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        error = refusal_of(replace(access, port=taken.getsockname()[1]))
    assert error.reason == "connection-refused"


def test_no_route_is_said_at_once(access: Access) -> None:
    """An address that no packet can be sent to is not waited for."""
    assert refusal_of(replace(access, address="255.255.255.255")).reason == "no-route"


def test_dropped_logins_are_tried_again_and_counted(
    box: Box, connect: Callable[..., NodeConnection], tmp_path: Path
) -> None:
    """A server that drops three connections before it answers is reached at the fourth."""
    with servers.Listener(servers.hang_up_at_first(3, box.port)) as listener:
        known_hosts = tmp_path / "relayed"
        known_hosts.write_text(box.enrol(tmp_path / "direct").read_text().replace(str(box.port), str(listener.port)))
        shell = connect(port=listener.port, known_hosts=known_hosts)
        assert shell.run(Command(argv=("true",))).ok
        shell.disconnect()
    assert (shell.attempts, listener.count) == (4, 4)


@pytest.mark.parametrize("serve", [servers.hang_up, servers.banner_then_hang_up])
def test_a_server_that_always_drops_is_given_up_within_the_budget(
    access: Access, serve: Callable[[socket.socket, int], None]
) -> None:
    """The number of attempts is in the message; there is more than one, and they end."""
    with servers.Listener(serve) as listener:
        error = refusal_of(replace(access, port=listener.port, connect_timeout_s=1))
    assert (error.reason, listener.count > 1) == ("login-dropped", True)
    assert f"tried {listener.count} times" in error.detail


def test_a_refused_login_is_not_tried_again(recorder: tuple[servers.Recorder, Access, HostKey]) -> None:
    """A wrong password must not lock the account."""
    server, access, key = recorder
    access.known_hosts.write_text(f"{key}\n")
    refusal_of(replace(access, ssh_key=None))
    assert server.offered == [("password", "free", PASSWORD)]


def test_sixty_four_logins_at_once(start_box: Callable[..., Box], tmp_path: Path) -> None:
    """An sshd that takes four logins at a time and drops the rest lets all sixty-four in, drops counted."""
    crowded = start_box(config="MaxStartups 4:100:4\n")
    access = replace(access_to(crowded, tmp_path / "known_hosts"), connect_timeout_s=60)
    shells: list[NodeConnection] = []
    answers: list[str] = []

    def work(number: int) -> None:
        plugin = open_shell(access)
        shells.append(plugin.connection)
        answers.append(plugin.connection.run(Command(argv=("echo", str(number)))).stdout)
        plugin.close()

    workers = [threading.Thread(target=work, args=(number,)) for number in range(64)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert sorted(map(int, answers)) == list(range(64))
    assert sum(shell.attempts for shell in shells) > 64
