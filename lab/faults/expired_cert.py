"""The API server of one cluster shows a certificate that has expired."""

import socket
import ssl
import time
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import ClassVar

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, load_pem_private_key

from lab import linux, wire
from lab.faults.fault import Case, Fault, FaultError

_PKI = "/etc/kubernetes/pki"
_SERVED = f"{_PKI}/apiserver.crt"
_PORT = 6443
_RELOAD_DEADLINE_S = 120.0
_POLL_S = 0.5


class ExpiredCert(Fault):
    """The serving certificate is replaced by its twin of last month, signed by the cluster's own authority."""

    name: ClassVar[str] = "expired-cert"
    breaks: ClassVar[str] = "The API server's serving certificate ended yesterday; key, names and authority are right."

    def remember(self, case: Case) -> Mapping[str, str]:
        """The certificate as it is."""
        if case.lab.machine(case.machine).run(["test", "-e", f"{_PKI}/ca.key"]).returncode != 0:
            raise FaultError(f"{case.machine} has no cluster yet: there is no {_PKI}/ca.key")
        return {"certificate": case.read(_SERVED)}

    def apply(self, case: Case) -> None:
        """Serve the twin."""
        twin = expired_twin(case.memory["certificate"], case.read(f"{_PKI}/ca.crt"), case.read(f"{_PKI}/ca.key"))
        _serve(case, twin)

    def undo(self, case: Case) -> None:
        """Serve the original."""
        _serve(case, case.memory["certificate"])


def expired_twin(certificate: str, authority: str, authority_key: str) -> str:
    """The same certificate (all PEM) with a validity from 30 days ago to yesterday."""
    original, issuer = (x509.load_pem_x509_certificate(pem.encode()) for pem in (certificate, authority))
    key = load_pem_private_key(authority_key.encode(), password=None)
    if not isinstance(key, rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey):
        raise FaultError(f"the cluster's authority has a key of an unknown kind: {type(key).__name__}")
    now = datetime.now(UTC)
    twin = x509.CertificateBuilder(
        issuer_name=issuer.subject,
        subject_name=original.subject,
        public_key=original.public_key(),
        serial_number=x509.random_serial_number(),
        not_valid_before=now - timedelta(days=30),
        not_valid_after=now - timedelta(days=1),
        extensions=list(original.extensions),
    )
    return twin.sign(key, SHA256()).public_bytes(Encoding.PEM).decode()


def _serve(case: Case, certificate: str) -> None:
    """Put it in place and wait until the API server, which watches the file, shows it on the wire."""
    case.write(_SERVED, certificate)
    wanted = x509.load_pem_x509_certificate(certificate.encode()).public_bytes(Encoding.DER)
    deadline = time.monotonic() + _RELOAD_DEADLINE_S
    while _shown(case) != wanted:
        if time.monotonic() > deadline:
            raise FaultError(
                f"{case.machine}: the API server shows another certificate after {_RELOAD_DEADLINE_S:.0f} s"
            )
        time.sleep(_POLL_S)


def _shown(case: Case) -> bytes | None:
    """What the API server shows to the operator's seat (DER); None while it does not answer."""
    address = str(case.lab.plan.machine(case.machine).address.ip)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE  # to look at it is the point, whatever it is
    with linux.inside_network(case.lab.state.network(wire.SEAT)):
        try:
            with (
                socket.create_connection((address, _PORT), timeout=2) as plain,
                context.wrap_socket(plain) as secured,
            ):
                return secured.getpeercert(binary_form=True)
        except OSError:
            return None
