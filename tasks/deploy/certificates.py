"""The fleet's own authority, and the certificates by which its services know each other."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from threading import Lock
from typing import TYPE_CHECKING

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from tasks.deploy.files import read_text
from tasks.model.errors import SettingsError
from tasks.run.files import write_atomically

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

_AUTHORITY_DAYS, _LEAF_DAYS, _RENEW_DAYS = 3650, 365, 30
_BACKDATED = timedelta(hours=1)
"""A host whose clock is a little behind must not take a new certificate for one of the future."""
_MAKING = Lock()
"""Four clusters ask for the authority at once."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Authority:
    """The fleet's certificate authority; ``repr`` shows no key."""

    certificate: x509.Certificate
    key: ec.EllipticCurvePrivateKey = field(repr=False)

    @property
    def certificate_pem(self) -> str:
        """What everybody may know of it."""
        return self.certificate.public_bytes(Encoding.PEM).decode()


def open_authority(folder: Path) -> Authority:
    """
    Read the authority, made where there is none: ``ca.crt`` and ``ca.key`` (0600) in ``folder``.

    Raises:
        SettingsError: the two files are not an authority; nothing is overwritten

    """
    with _MAKING:
        certificate, key = read_text(folder / "ca.crt"), read_text(folder / "ca.key")
        if not certificate and not key:
            made = _new_authority()
            write_atomically(folder / "ca.key", _key_pem(made.key))
            write_atomically(folder / "ca.crt", made.certificate_pem)
            return made
    try:
        loaded = load_pem_private_key(key.encode(), password=None)
        if not isinstance(loaded, ec.EllipticCurvePrivateKey):
            raise TypeError("its key is of another kind")  # noqa: TRY301  one sentence for all that may be wrong
        return Authority(certificate=x509.load_pem_x509_certificate(certificate.encode()), key=loaded)
    except (ValueError, TypeError) as error:
        raise SettingsError(
            f"{folder}: ca.crt and ca.key are no authority ({error}); bring them back from a copy, or remove both: "
            "then every certificate is made anew"
        ) from None


def certificate_for(
    authority: Authority, names: Sequence[str], *, addresses: Sequence[str], live: Mapping[str, str]
) -> dict[str, str]:
    """
    A certificate of these names and addresses as ``ca.crt``, ``tls.crt`` and ``tls.key`` (PEM, PKCS#8).

    Arguments:
        live: what the cluster has under these keys; kept while it is this authority's, has these names, and has more
            than 30 days left

    """
    if _is_good(live, authority, names, addresses):
        return dict(live)
    key = ec.generate_private_key(ec.SECP256R1())
    alternative = [*map(x509.DNSName, names), *(x509.IPAddress(ip_address(it)) for it in addresses)]
    builder = _builder(names[0], authority.certificate.subject, key, days=_LEAF_DAYS)
    usages = [ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH]
    certificate = (
        builder.add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(x509.SubjectAlternativeName(alternative), critical=False)
        .add_extension(x509.ExtendedKeyUsage(usages), critical=False)
        .sign(authority.key, SHA256())
    )
    return {
        "ca.crt": authority.certificate_pem,
        "tls.crt": certificate.public_bytes(Encoding.PEM).decode(),
        "tls.key": _key_pem(key),
    }


def _is_good(live: Mapping[str, str], authority: Authority, names: Sequence[str], addresses: Sequence[str]) -> bool:
    if set(live) != {"ca.crt", "tls.crt", "tls.key"} or live["ca.crt"] != authority.certificate_pem:
        return False
    try:
        certificate = x509.load_pem_x509_certificate(live["tls.crt"].encode())
        certificate.verify_directly_issued_by(authority.certificate)
        alternative = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except (ValueError, TypeError, InvalidSignature, x509.ExtensionNotFound):
        return False
    stated = {*alternative.get_values_for_type(x509.DNSName)}
    stated |= {str(it) for it in alternative.get_values_for_type(x509.IPAddress)}
    left = certificate.not_valid_after_utc - datetime.now(UTC)
    return stated == {*names, *addresses} and left > timedelta(days=_RENEW_DAYS)


def _new_authority() -> Authority:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "fleetproof")])
    certificate = (
        _builder("fleetproof", name, key, days=_AUTHORITY_DAYS)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, SHA256())
    )
    return Authority(certificate=certificate, key=key)


def _builder(subject: str, issuer: x509.Name, key: ec.EllipticCurvePrivateKey, *, days: int) -> x509.CertificateBuilder:
    now = datetime.now(UTC)
    return x509.CertificateBuilder(
        subject_name=x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, subject)]),
        issuer_name=issuer,
        public_key=key.public_key(),
        serial_number=x509.random_serial_number(),
        not_valid_before=now - _BACKDATED,
        not_valid_after=now + timedelta(days=days),
    )


def _key_pem(key: ec.EllipticCurvePrivateKey) -> str:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
