"""Made-up clusters' credentials: real certificates, signed here."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import cache
from typing import TYPE_CHECKING

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from tasks.deploy.kubeconfig import AdminAccess, folder_of, render_kubeconfig

if TYPE_CHECKING:
    from pathlib import Path

    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey


@cache
def authority(name: str) -> tuple[str, EllipticCurvePrivateKey]:
    """A CA's certificate (PEM) and key."""
    key = ec.generate_private_key(ec.SECP256R1())
    return _signed(name, name, key, key, is_ca=True), key


def _signed(
    subject: str, issuer: str, own: EllipticCurvePrivateKey, signer: EllipticCurvePrivateKey, *, is_ca: bool
) -> str:
    def name(text: str) -> x509.Name:
        return x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, text)])

    certificate = (
        x509.CertificateBuilder()
        .subject_name(name(subject))
        .issuer_name(name(issuer))
        .public_key(own.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(datetime.now(UTC) - timedelta(hours=1))
        .not_valid_after(datetime.now(UTC) + timedelta(days=1))
        .add_extension(x509.BasicConstraints(ca=is_ca, path_length=None), critical=True)
        .sign(signer, hashes.SHA256())
    )
    return certificate.public_bytes(Encoding.PEM).decode()


def access_of(server: str, ca: str = "") -> AdminAccess:
    """An administrator of the cluster at ``server``; clusters of different servers have different CAs."""
    certificate, key = authority(ca or server)
    own = ec.generate_private_key(ec.SECP256R1())
    return AdminAccess(
        server=server,
        ca=certificate,
        certificate=_signed("kubernetes-admin", ca or server, own, key, is_ca=False),
        key=own.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode(),
    )


def admin_conf(access: AdminAccess) -> str:
    """As kubeadm writes it."""
    return render_kubeconfig({"kubernetes": access})


def lay_down_seat(state: Path) -> None:
    """Put what an audit reads into a state folder: host keys, and each cluster's way in and identity."""
    (state / "known_hosts").write_text("made-up host keys\n")
    for name in (f"cluster-{number:02}" for number in range(1, 5)):
        folder = folder_of(state, name)
        folder.mkdir(parents=True)
        (folder / "admin.conf").write_text(f"made-up way into {name}\n")
        (folder / "identity.json").write_text("{}\n")
