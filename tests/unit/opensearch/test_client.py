"""The operator's way in: a certificate of the fleet's authority, over TLS that is verified."""

from __future__ import annotations

import ssl
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

import pytest
from cryptography import x509

from tasks.deploy.certificates import certificate_for, open_authority
from tasks.model.errors import PlanViolation
from tasks.opensearch import client
from tasks.opensearch.client import ADMIN, Answer, OpenSearch, SearchError
from tests.unit.onsite import ROOT, OnSite

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


class Server(BaseHTTPRequestHandler):
    """Says who asks, and knows one path."""

    def do_GET(self) -> None:
        """The common name of the client's certificate, and its other credentials."""
        subject = (self.connection.getpeercert() or {}).get("subject", ())  # type: ignore[attr-defined]
        names = [value for pair in subject for _, value in pair]
        said = f'{{"names": "{names}", "basic": "{self.headers["Authorization"]}"}}' if self.path == "/" else "nothing"
        self.send_response(200 if self.path == "/" else 404)
        self.end_headers()
        self.wfile.write(said.encode())

    def log_message(self, *_: object) -> None:
        """Tell nobody."""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The state's authority, with the operator's certificate."""
    return client._certified(tmp_path / "authority")


@pytest.fixture
def port(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[int]:
    """A server whose certificate is of the same authority."""
    pair = certificate_for(open_authority(folder), ("opensearch",), addresses=("127.0.0.1",), live={})
    for name, text in pair.items():
        (tmp_path / name).write_text(text)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=str(folder / "ca.crt"))
    context.verify_mode = ssl.CERT_OPTIONAL
    context.load_cert_chain(tmp_path / "tls.crt", tmp_path / "tls.key")
    with ThreadingHTTPServer(("127.0.0.1", 0), Server) as server:
        server.socket = context.wrap_socket(server.socket, server_side=True)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        monkeypatch.setattr(client, "PORT", server.server_port)
        yield server.server_port
        server.shutdown()


def test_the_operator_shows_the_certificate_and_an_account_does_not(folder: Path, port: int) -> None:
    """An account is tried by its password alone: the certificate would open everything."""
    assert port
    search = OpenSearch("127.0.0.1", folder=folder)
    assert search.get("/") == {"names": f"['{ADMIN}']", "basic": "None"}
    answer: dict[str, Any] = search.ask_as("shipper", "x", "/").json
    assert answer["names"] == "[]"
    assert answer["basic"].startswith("Basic ")


def test_what_is_not_there_is_none_and_what_is_no_json_is_an_error(folder: Path, port: int) -> None:
    """Only 404 is absence."""
    assert port
    search = OpenSearch("127.0.0.1", folder=folder)
    assert search.find("/x") is None
    with pytest.raises(SearchError, match="HTTP 404"):
        search.get("/x")
    with pytest.raises(SearchError, match="no JSON"):
        _ = Answer(status=200, text="<html>").json


def test_a_server_of_another_authority_is_refused(folder: Path, port: int, tmp_path: Path) -> None:
    """Nothing is sent to it."""
    assert port
    other = client._certified(tmp_path / "another")
    assert other != folder
    with pytest.raises(SearchError, match="does not answer"):
        OpenSearch("127.0.0.1", folder=other).get("/")


def test_a_plan_is_refused_to_change(folder: Path) -> None:
    """Before anything is sent."""
    search = OpenSearch("192.0.2.1", folder=folder, plan=True)
    with pytest.raises(PlanViolation):
        search.send("PUT", "/x")
    with pytest.raises(PlanViolation):
        search.ask_as("shipper", "x", "/_bulk", "lines")


def test_the_certificate_is_kept_and_is_the_one_that_opensearch_is_told(tmp_path: Path) -> None:
    """A second run makes no other; its key is the operator's alone; OpenSearch's configuration has its name."""
    onsite = OnSite(tmp_path)
    client.open_opensearch(onsite.ctx)
    certificate, key = tmp_path / "authority" / "admin.crt", tmp_path / "authority" / "admin.key"
    before = certificate.read_text()
    client.open_opensearch(onsite.ctx)
    assert certificate.read_text() == before
    assert key.stat().st_mode & 0o077 == 0
    subject = x509.load_pem_x509_certificate(before.encode()).subject.rfc4514_string()
    values = (ROOT / "kustomize" / "base" / "opensearch" / "values.yaml").read_text()
    assert f'plugins.security.authcz.admin_dn: ["{subject}"]' in values
