"""The fleet's authority is made once; a certificate is kept while it is good, and made anew when it is not."""

from __future__ import annotations

import ssl
from typing import TYPE_CHECKING

import pytest
from cryptography import x509

from tasks.deploy import certificates
from tasks.deploy.certificates import certificate_for, open_authority
from tasks.model.errors import SettingsError

if TYPE_CHECKING:
    from pathlib import Path

NAMES, ADDRESSES = ("opensearch", "localhost"), ("127.0.0.1",)


def test_the_authority_is_made_once_and_kept_private(tmp_path: Path) -> None:
    """Its key is readable by the operator alone."""
    first, second = open_authority(tmp_path), open_authority(tmp_path)
    assert first.certificate == second.certificate
    assert (tmp_path / "ca.key").stat().st_mode & 0o777 == 0o600
    assert "PRIVATE" not in repr(first)


@pytest.mark.parametrize("file", ["ca.crt", "ca.key"])
def test_half_an_authority_is_refused(tmp_path: Path, file: str) -> None:
    """Making another one behind the operator's back would cut every service off."""
    open_authority(tmp_path)
    (tmp_path / file).write_text("damaged")
    with pytest.raises(SettingsError, match="are no authority"):
        open_authority(tmp_path)
    assert (tmp_path / file).read_text() == "damaged"


def test_a_certificate_is_one_that_openssl_believes(tmp_path: Path) -> None:
    """Key and certificate belong together, and the authority's is the one to trust."""
    authority = open_authority(tmp_path)
    made = certificate_for(authority, NAMES, addresses=ADDRESSES, live={})
    for name, text in made.items():
        (tmp_path / name).write_text(text)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "tls.crt", tmp_path / "tls.key")
    certificate = x509.load_pem_x509_certificate(made["tls.crt"].encode())
    certificate.verify_directly_issued_by(authority.certificate)
    assert made["tls.key"].startswith("-----BEGIN PRIVATE KEY-----")


def test_a_good_certificate_is_kept(tmp_path: Path) -> None:
    """Or every run would change it."""
    authority = open_authority(tmp_path)
    made = certificate_for(authority, NAMES, addresses=ADDRESSES, live={})
    assert certificate_for(authority, NAMES, addresses=ADDRESSES, live=made) == made


def test_another_name_or_another_authority_makes_it_anew(tmp_path: Path) -> None:
    """So does damage."""
    authority, other = open_authority(tmp_path / "one"), open_authority(tmp_path / "other")
    made = certificate_for(authority, NAMES, addresses=ADDRESSES, live={})
    assert certificate_for(authority, (*NAMES, "more"), addresses=ADDRESSES, live=made) != made
    assert certificate_for(authority, NAMES, addresses=("127.0.0.2",), live=made) != made
    assert certificate_for(other, NAMES, addresses=ADDRESSES, live=made)["ca.crt"] == other.certificate_pem
    assert certificate_for(authority, NAMES, addresses=ADDRESSES, live={**made, "tls.crt": "x"}) != made


def test_one_that_ends_soon_is_renewed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Thirty days before its end."""
    authority = open_authority(tmp_path)
    monkeypatch.setattr(certificates, "_LEAF_DAYS", 29)
    made = certificate_for(authority, NAMES, addresses=ADDRESSES, live={})
    monkeypatch.undo()
    assert certificate_for(authority, NAMES, addresses=ADDRESSES, live=made) != made
