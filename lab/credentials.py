"""
What only this lab knows: passwords and keys, made at `up`, kept in its own folder, gone at `down`.

The folder holds, all readable by the operator alone:

    operator.env        NODE_USER, NODE_PASSWORD, NODE_SSH_KEY (a path), S3_ACCESS_KEY, S3_SECRET_KEY, the services'
                        passwords, ALERT_WEBHOOK_URL and ALERT_READBACK_URL: the lab's own receiver of alerts
    fingerprints        one line per host key: host, key type, SHA256 fingerprint; the out-of-band list for enrolling
    id_ed25519, .pub    the operator's key
    host-keys/<machine> the machine's own keys
"""

import base64
import hashlib
import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from lab.plan import LabPlan

LOGIN_USER = "fleet"
"""Logs in by password or key; sudo asks for the password."""
ROBOT_USER = "robot"
"""Logs in by key alone; sudo asks for nothing."""

RECEIVER_PORT = 8080
"""Where the lab's receiver of alerts listens, on the gateway."""

_PASSWORD_BYTES = 18
_SERVICE_PASSWORDS = (
    "OPENSEARCH_ADMIN_PASSWORD",
    "OPENSEARCH_SHIPPER_PASSWORD",
    "OPENSEARCH_READER_PASSWORD",
    "GRAFANA_ADMIN_PASSWORD",
)
_PRIVATE = 0o600
type_of = {"ed25519": "ssh-ed25519", "ecdsa": "ecdsa-sha2-nistp256"}


@dataclass(frozen=True, slots=True, kw_only=True)
class HostKey:
    """One key of one machine, in OpenSSH's own formats; `kind` is the part of the file's name: ed25519 or ecdsa."""

    kind: str
    private: str
    public: str

    @property
    def fingerprint(self) -> str:
        """As `ssh-keygen -l` writes it: SHA256: and unpadded base64."""
        return fingerprint_of(self.public)


def fingerprint_of(public: str) -> str:
    """The SHA256 fingerprint of a public key line (`ssh-ed25519 AAAA...`)."""
    digest = hashlib.sha256(base64.b64decode(public.split()[1])).digest()
    return "SHA256:" + base64.b64encode(digest).decode().rstrip("=")


def new_host_key(kind: str) -> HostKey:
    """A fresh key; `kind` is ed25519 or ecdsa."""
    private = ed25519.Ed25519PrivateKey.generate() if kind == "ed25519" else ec.generate_private_key(ec.SECP256R1())
    return HostKey(
        kind=kind,
        private=private.private_bytes(Encoding.PEM, PrivateFormat.OpenSSH, NoEncryption()).decode(),
        public=private.public_key().public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH).decode(),
    )


class Credentials:
    """The secrets folder of one lab."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @property
    def environment_file(self) -> Path:
        """The operator's environment, as NAME=value lines."""
        return self.folder / "operator.env"

    @property
    def fingerprints_file(self) -> Path:
        """What the machines' host keys are known to be."""
        return self.folder / "fingerprints"

    @property
    def operator_key(self) -> Path:
        """The operator's private key."""
        return self.folder / "id_ed25519"

    def create(self, plan: LabPlan) -> None:
        """Make everything that is not there yet; what exists stays, so that a second `up` changes no secret."""
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        if not self.operator_key.exists():
            key = new_host_key("ed25519")
            self._write("id_ed25519.pub", f"{key.public} operator@lab\n")
            self._write("id_ed25519", key.private)
        if not self.environment_file.exists():
            self._write(
                "operator.env", "".join(f"{name}={value}\n" for name, value in self._new_environment(plan).items())
            )
        for machine in plan.machines:
            self._create_host_keys(machine.name)
        self._write("fingerprints", self._fingerprints())

    def environment(self) -> Mapping[str, str]:
        """What the operator's programs get."""
        lines = self.environment_file.read_text().splitlines()
        return dict(line.split("=", 1) for line in lines)

    def authorized_key(self) -> str:
        """The operator's public key line."""
        return (self.folder / "id_ed25519.pub").read_text()

    def host_keys(self, machine: str) -> tuple[HostKey, ...]:
        """The keys that this machine is known by."""
        folder = self.folder / "host-keys" / machine
        return tuple(
            HostKey(kind=kind, private=(folder / kind).read_text(), public=(folder / f"{kind}.pub").read_text().strip())
            for kind in type_of
        )

    def hand_over(self, user: int, group: int) -> None:
        """Give the folder to the operator, where the lab was started through sudo."""
        for path in (self.folder, *self.folder.rglob("*")):
            os.chown(path, user, group)

    def _new_environment(self, plan: LabPlan) -> dict[str, str]:
        receiver = f"http://{plan.gateway.ip}:{RECEIVER_PORT}/{secrets.token_urlsafe(_PASSWORD_BYTES)}"
        return {
            "NODE_USER": LOGIN_USER,
            "NODE_PASSWORD": secrets.token_urlsafe(_PASSWORD_BYTES),
            "NODE_SSH_KEY": str(self.operator_key),
            "S3_ACCESS_KEY": secrets.token_hex(10),
            "S3_SECRET_KEY": secrets.token_urlsafe(_PASSWORD_BYTES),
            **{name: secrets.token_urlsafe(_PASSWORD_BYTES) for name in _SERVICE_PASSWORDS},
            "ALERT_WEBHOOK_URL": receiver,
            "ALERT_READBACK_URL": receiver,
        }

    def _create_host_keys(self, machine: str) -> None:
        for kind in type_of:
            if not (self.folder / "host-keys" / machine / f"{kind}.pub").exists():
                key = new_host_key(kind)
                self._write(f"host-keys/{machine}/{kind}", key.private)
                self._write(f"host-keys/{machine}/{kind}.pub", f"{key.public} root@{machine}\n")

    def _fingerprints(self) -> str:
        machines = sorted(path.name for path in (self.folder / "host-keys").iterdir())
        return "".join(
            f"{machine} {type_of[key.kind]} {key.fingerprint}\n"
            for machine in machines
            for key in self.host_keys(machine)
        )

    def _write(self, name: str, content: str) -> None:
        """Whole or not at all, never readable by others, not even for a moment."""
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        draft = path.with_name(f".{path.name}.draft")
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, _PRIVATE), "w") as stream:
            stream.write(content)
        draft.replace(path)
