"""DNS, and what the operator's seat gives to programs."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from ipaddress import IPv4Address
from pathlib import Path

import pytest

from lab.credentials import Credentials
from lab.plan import LabPlan
from lab.record import Materials, Record
from lab.seat import furnish, seat_environment
from lab.services import dns, store
from lab.state import State

# A question for s3.minio.miribit.lab and CoreDNS's replies, recorded from a lab, without the number in front.
QUESTION = b"\x02s3\x05minio\x07miribit\x03lab\x00\x00\x01\x00\x01"
NAME = QUESTION[:-4]
ADDRESS = b"\x00\x01\x00\x01\x00\x00\x00\x05\x00\x04\xac\x10\xcb\x01"
AUTHORITY = b"\x00\x00\x02\x00\x01\x00\x00\x00\x05\x00\x08\x02ns\x03lab\x00"
FOUND = b"\x85\x00\x00\x01\x00\x01\x00\x01\x00\x00" + QUESTION + NAME + ADDRESS + AUTHORITY
FOUND_BY_POINTER = b"\x85\x00\x00\x01\x00\x01\x00\x00\x00\x00" + QUESTION + b"\xc0\x0c" + ADDRESS
NO_SUCH_NAME = b"\x85\x03\x00\x01\x00\x00\x00\x01\x00\x00" + QUESTION


@contextmanager
def server(reply: bytes | None) -> Iterator[int]:
    """A name server on loopback that gives this reply, with the right number, to one query; yields its port."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as listener:
        listener.bind(("127.0.0.1", 0))
        listener.settimeout(5)

        def answer() -> None:
            query, client = listener.recvfrom(512)
            if reply is not None:
                listener.sendto(query[:2] + reply, client)

        thread = threading.Thread(target=answer)
        thread.start()
        yield listener.getsockname()[1]
        thread.join()


@pytest.mark.parametrize(
    ("reply", "expected"),
    [
        pytest.param(FOUND, IPv4Address("172.16.203.1"), id="found"),
        pytest.param(FOUND_BY_POINTER, IPv4Address("172.16.203.1"), id="found, compressed"),
        pytest.param(NO_SUCH_NAME, None, id="no such name"),
        pytest.param(FOUND[:20], None, id="cut in the question"),
        pytest.param(FOUND[: len(QUESTION) + 14], None, id="cut in the answer"),
        pytest.param(None, None, id="silence"),
    ],
)
def test_a_name_resolves_or_does_not(
    monkeypatch: pytest.MonkeyPatch, reply: bytes | None, expected: IPv4Address | None
) -> None:
    """One address, or None; never an exception for what a server says or does not say."""
    with server(reply) as port:
        monkeypatch.setattr(dns, "_PORT", port)
        assert dns.resolve("s3.minio.miribit.lab", IPv4Address("127.0.0.1"), timeout_s=0.5) == expected


def test_no_server_at_all_is_no_address() -> None:
    """A refused port is silence, said early."""
    assert dns.resolve("a.b", IPv4Address("127.0.0.1"), timeout_s=0.5) is None


def test_the_zone_is_the_root_and_has_every_name(plan: LabPlan) -> None:
    """Authoritative for everything: what is not in it does not exist, and no query leaves the lab."""
    lines = dns.zone(plan).splitlines()
    assert lines[0].startswith(". 5 IN SOA ")
    assert "s3.minio.miribit.lab. 5 IN A 172.16.203.1" in lines


def test_coredns_forwards_nowhere(plan: LabPlan, state: State) -> None:
    """Its configuration binds the gateway alone and has no forwarder."""
    daemon = dns.daemon(plan, state, Path("/tools/coredns"))
    corefile = (state.services / "dns" / "Corefile").read_text()
    assert daemon.argv[:2] == ("/tools/coredns", "-conf")
    assert "bind 192.168.101.1" in corefile
    assert [line.split()[0] for line in corefile.splitlines()[1:-1]] == ["bind", "file", "errors"]


def test_the_object_stores_keys_are_in_its_environment_alone(plan: LabPlan, state: State) -> None:
    """Not in its arguments, which every process can read, and not in its representation, which may be logged."""
    credentials = Credentials(state.secrets)
    credentials.create(plan)
    daemon = store.daemon(plan, state, Path("/tools/minio"))
    secret = credentials.environment()["S3_SECRET_KEY"]
    assert daemon.environment["MINIO_ROOT_PASSWORD"] == secret
    assert secret not in " ".join(daemon.argv) + repr(daemon)
    assert "172.16.203.1:80" in daemon.argv
    assert [path.name for path in (state.services / "s3" / "data").iterdir()] == ["thanos-bucket"]


def test_a_program_at_the_seat_gets_the_labs_credentials_and_tools_and_no_proxy(plan: LabPlan, state: State) -> None:
    """The rest of its environment is the caller's; a proxy would be out of reach from there."""
    Credentials(state.secrets).create(plan)
    caller = {"HOME": "/home/me", "PATH": "/usr/bin", "https_proxy": "http://p", "NO_PROXY": "x", "NODE_USER": "other"}
    environment = seat_environment(state, MATERIALS, caller)
    assert (environment["HOME"], environment["PATH"]) == ("/home/me", "/tools:/usr/bin")
    assert environment["NODE_USER"] == "fleet"
    assert environment["FLEETPROOF_FINGERPRINTS"] == str(state.secrets / "fingerprints")
    assert not [name for name in environment if name.lower().endswith("_proxy")]


def test_the_lab_names_its_traits_waivers_and_state_and_the_caller_may_name_others(plan: LabPlan, state: State) -> None:
    """The state lives and dies with the machines it tells of."""
    Credentials(state.secrets).create(plan)
    environment = seat_environment(state, MATERIALS, {"FLEETPROOF_TRAITS": "lab,central"})
    assert environment["FLEETPROOF_TRAITS"] == "lab,central"
    assert Path(environment["FLEETPROOF_WAIVERS"]).is_file()
    furnish(_record(plan), state)
    assert Path(environment["FLEETPROOF_STATE"]).stat().st_mode & 0o777 == 0o700
    assert Path(environment["FLEETPROOF_STATE"]).is_relative_to(state.root)


def test_the_seat_has_the_labs_own_charts_and_what_was_built(plan: LabPlan, state: State) -> None:
    """As the folders that FLEETPROOF_CHARTS names; the lab's own come first."""
    Credentials(state.secrets).create(plan)
    built = replace(MATERIALS, charts=Path("/built/charts"))
    environment = seat_environment(state, built, {})
    own, other = environment["FLEETPROOF_CHARTS"].split(":")
    assert environment["FLEETPROOF_SCHEMAS"] == "/built"
    assert {path.name for path in Path(own).iterdir()} > {"thanos-0.38.0", "kube-prometheus-stack-88.5.3"}
    assert other == "/built/charts"


MATERIALS = Materials(root_file_system=Path("/r"), images=None, tools=Path("/tools"))


def _record(plan: LabPlan) -> Record:
    return Record(plan=plan, materials=MATERIALS)


def test_the_seat_asks_the_labs_dns(plan: LabPlan, state: State) -> None:
    """And no other."""
    furnish(_record(plan), state)
    assert (state.root / "resolv.conf").read_text() == "nameserver 192.168.101.1\nsearch miribit.lab\n"
