"""A StoreAPI is asked over real gRPC, and where a question ends is told."""

from __future__ import annotations

import socket
import ssl
import threading
from typing import TYPE_CHECKING

import grpc
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from tasks.probes.path import Layer
from tasks.thanos.protos import method
from tasks.thanos.storeapi import NotAnswered, ask_held, ask_info, info_of
from tests.unit.thanos.store_server import NOW_MS, StoreServer, serving

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

SPAN = {"min_ms": NOW_MS - 300_000, "max_ms": NOW_MS}


def test_methods_are_asked_for_by_their_public_names() -> None:
    """As Thanos' own clients ask for them; only Series answers many times."""
    asked = [method("info", "Info"), method("store", "Series"), method("store", "LabelValues")]
    assert [(it.path, it.streams) for it in asked] == [
        ("/thanos.info.Info/Info", False),
        ("/thanos.Store/Series", True),
        ("/thanos.Store/LabelValues", False),
    ]


def test_messages_have_the_public_field_numbers() -> None:
    """Bytes as Thanos sends them: fields that this project does not read are passed over."""
    labels = bytes.fromhex("0a160a140a07") + b"cluster" + bytes.fromhex("1209") + b"cluster-9"
    store = bytes.fromhex("1a06080110022801")
    said = method("info", "Info").response.FromString(labels + b"\x12\x07sidecar" + store + b"\x22\x00")
    assert said.label_sets[0].labels[0].value == "cluster-9"
    assert (said.component_type, said.store.min_time, said.store.max_time) == ("sidecar", 1, 2)


def test_a_sidecar_says_who_it_is() -> None:
    """Labels, kind and times, and how long the answer took."""
    with serving(StoreServer()) as server:
        info, ms = ask_info(server.address)
    assert (info.kind, info.label_sets, info.clusters) == (
        "sidecar",
        ({"cluster": "cluster-02", "region": "edge"},),
        ("cluster-02",),
    )
    assert info.min_ms == NOW_MS - 3_600_000
    assert ms > 0


def test_series_and_values_come_back_without_samples() -> None:
    """The wish is sent whole: matchers, span, no chunks, no partial answer."""
    with serving(StoreServer(warning="half of it")) as server:
        held = ask_held(server.address, {"__name__": "up"}, **SPAN)
    assert (held.series, held.clusters, held.warnings) == (server.series, ("cluster-02",), ("half of it",))
    wish = server.asked[0]
    assert [(it.name, it.value, it.type) for it in wish.matchers] == [("__name__", "up", 0)]
    assert (wish.min_time, wish.max_time) == (SPAN["min_ms"], SPAN["max_ms"])
    assert wish.skip_chunks
    assert wish.partial_response_disabled


def ended(address: str) -> tuple[Layer, str]:
    """Where a question to an address ends, and what is said of it."""
    with pytest.raises(NotAnswered) as caught:
        ask_info(address)
    return caught.value.seen.layer, caught.value.seen.said


def test_a_closed_port_is_told() -> None:
    """Nobody listens on port 1 of this machine."""
    layer, said = ended("127.0.0.1:1")
    assert (layer, "refused" in said) == (Layer.TCP, True)


def test_silence_is_told_from_a_closed_port(monkeypatch: pytest.MonkeyPatch) -> None:
    """A listener whose queue is full does not answer the connection; one that accepts and says nothing is another."""
    monkeypatch.setattr("tasks.thanos.storeapi.ANSWER_S", 1)
    monkeypatch.setattr("tasks.thanos.storeapi.CONNECT_S", 1)
    with socket.create_server(("127.0.0.1", 0), backlog=8) as listener:
        listener.settimeout(5)
        layer, said = ended(f"127.0.0.1:{listener.getsockname()[1]}")
    assert (layer, "DEADLINE_EXCEEDED" in said or "UNAVAILABLE" in said) == (Layer.GRPC, True)


def test_a_connection_that_never_comes_about_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """As a firewall that drops makes it."""

    def dropped(*_: object, **__: object) -> None:
        raise TimeoutError

    monkeypatch.setattr("tasks.thanos.storeapi.socket.create_connection", dropped)
    assert ended("127.0.0.1:1") == (Layer.TCP, "no connection within 3 s")


@pytest.fixture
def tls_port(tmp_path: Path) -> Iterator[int]:
    """A server that speaks TLS and nothing else."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "made-up")])
    from datetime import UTC, datetime, timedelta  # noqa: PLC0415

    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now)
        .not_valid_after(now + timedelta(days=1))
        .sign(key, hashes.SHA256())
    )
    pem = tmp_path / "both.pem"
    plain = serialization.NoEncryption()
    pem.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, plain)
        + made.public_bytes(serialization.Encoding.PEM)
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=_shake_hands, args=(listener, context), daemon=True).start()
        yield listener.getsockname()[1]


def _shake_hands(listener: socket.socket, context: ssl.SSLContext) -> None:
    while True:
        try:
            plain, _ = listener.accept()
        except OSError:
            return
        try:
            with context.wrap_socket(plain, server_side=True) as secure:
                secure.recv(1)
        except OSError:
            plain.close()


def test_tls_is_told_from_a_dead_server(tls_port: int) -> None:
    """GRPC itself only says that the connection was closed."""
    assert ended(f"127.0.0.1:{tls_port}")[0] is Layer.TLS


def test_a_server_without_info_is_told_by_its_own_words() -> None:
    """Something speaks gRPC there, and is no component of Thanos."""
    with serving(StoreServer(), only=("Series",)) as server:
        layer, said = ended(server.address)
    assert (layer, said.startswith("UNIMPLEMENTED")) == (Layer.GRPC, True)


def test_what_series_refuses_is_told() -> None:
    """With the server's own words."""
    refusing = StoreServer(refuses={"Series": grpc.StatusCode.INTERNAL})
    with serving(refusing) as server, pytest.raises(NotAnswered, match="INTERNAL: made up"):
        ask_held(server.address, {"__name__": "up"}, **SPAN)


@pytest.mark.parametrize("body", [b"", b"\0\0\0\0", b"\0\0\0\0\x05abc", b"\1\0\0\0\0", b"\0\0\0\0\x02\xff\xff"])
def test_what_is_no_message_of_grpc_is_refused(body: bytes) -> None:
    """Cut, compressed, or of another kind."""
    with pytest.raises(ValueError, match=r"."):
        info_of(body)
