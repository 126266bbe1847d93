"""How far one host is on its way to a cluster: the question, its answer, and what the answer means."""

from __future__ import annotations

import base64
import hashlib
import ssl
from dataclasses import dataclass
from enum import Enum, auto
from typing import TYPE_CHECKING

from tasks.model.command import Command

if TYPE_CHECKING:
    from tasks.model.command import Shell

FOLDER = "/etc/kubernetes/fleet"
"""Ours on the host: ``kubeadm.yaml``, the marker ``attempt`` or ``established``, ``init.log``, ``init.exit``."""

UNIT = "fleet-kubeadm-init.service"
"""kubeadm runs in a systemd unit of its own, so that it outlives a lost connection and a killed runbook."""

QUESTION = f"""
say() {{ printf '%s=%s\\n' "$1" "$(printf %s "$2" | base64 | tr -d '\\n')"; }}
put() {{ printf '%s=%s\\n' "$1" "$(base64 "$2" 2>/dev/null | tr -d '\\n')"; }}
cd {FOLDER} 2>/dev/null || cd /
put attempt attempt
put established established
put exit init.exit
put config kubeadm.yaml
say unit "$(systemctl is-active {UNIT})"
say kubelet "$(systemctl is-active kubelet.service)"
put ca /etc/kubernetes/pki/ca.crt
say traces "$(ls -d /etc/kubernetes/*.conf /etc/kubernetes/manifests/*.yaml /etc/kubernetes/pki/ca.crt \\
  /var/lib/etcd/member /var/lib/kubelet/config.yaml 2>/dev/null)"
if [ -s /etc/kubernetes/admin.conf ]; then
  say ready "$(kubectl --kubeconfig /etc/kubernetes/admin.conf --request-timeout=3s get --raw /readyz 2>&1 | tail -n 1)"
fi
"""


class Stand(Enum):
    """What there is to do on a host."""

    BARE = auto()
    """nothing of Kubernetes is there: init may begin"""
    RUNNING = auto()
    """an init of ours is at work right now: wait for it"""
    STALLED = auto()
    """an init of ours ended early, but its API server answers: run it again over what is there"""
    HALF_MADE = auto()
    """an init of ours ended before its API server ever answered: discard that attempt, then init"""
    ESTABLISHED = auto()
    """the cluster that an init of ours completed: never touched again but by a reset that names it"""
    FOREIGN = auto()
    """Kubernetes that this library did not put there, or the rest of an established cluster: hands off"""


@dataclass(frozen=True, slots=True, kw_only=True)
class HostState:
    """
    What a host answered.

    Attributes:
        attempt: run id of the init that began last and has not completed; empty where none
        established: run id of the init that completed; empty where none
        exit_code: of the init that ended last, as text; empty where it never ended
        config: text of kubeadm.yaml as it was written last
        unit, kubelet: systemd's word: active, inactive, failed, activating ...
        ca_sha256: of the cluster CA's certificate (DER), in hex; empty where there is none
        traces: paths that only Kubernetes leaves behind
        ready: the API server's answer on /readyz through the host's own admin.conf: "ok", or what went wrong

    """

    attempt: str = ""
    established: str = ""
    exit_code: str = ""
    config: str = ""
    unit: str = ""
    kubelet: str = ""
    ca_sha256: str = ""
    traces: tuple[str, ...] = ()
    ready: str = ""

    @property
    def healthy(self) -> bool:
        """The API server says that it is ready."""
        return self.ready == "ok"

    @property
    def stand(self) -> Stand:
        """What there is to do."""
        if self.unit in {"active", "activating"}:
            return Stand.RUNNING
        if not self.traces:
            return Stand.BARE
        if self.established:
            return Stand.ESTABLISHED if {"/etc/kubernetes/admin.conf"} <= set(self.traces) else Stand.FOREIGN
        if not self.attempt:
            return Stand.FOREIGN
        return Stand.STALLED if self.healthy else Stand.HALF_MADE


def ask(shell: Shell) -> HostState:
    """
    Ask one host where it stands; one round trip, as root, read-only.

    Raises:
        TransportError: the host could not be asked
        CommandFailed: it did not answer in full

    """
    question = Command.script(QUESTION, timeout_s=20, sudo=True)
    return parse_state(shell.run(question).must_succeed().stdout)


def parse_state(text: str) -> HostState:
    """
    Read the answer to ``QUESTION``: lines of ``key=base64``.

    Raises:
        ValueError: a line is no such thing, or a key is missing: the answer was cut

    """
    said = dict(line.split("=", 1) for line in text.splitlines())
    said = {key: base64.b64decode(value, validate=True).decode(errors="replace") for key, value in said.items()}
    try:
        return HostState(
            attempt=said["attempt"].strip(),
            established=said["established"].strip(),
            exit_code=said["exit"].strip(),
            config=said["config"],
            unit=said["unit"],
            kubelet=said["kubelet"],
            ca_sha256=certificate_sha256(said["ca"]),
            traces=tuple(said["traces"].split()),
            ready=said.get("ready", ""),
        )
    except KeyError as missing:
        raise ValueError(f"the host's answer lacks {missing}") from None


def certificate_sha256(pem: str) -> str:
    """
    SHA-256 of a certificate's DER form in hex, as ``openssl x509 -fingerprint -sha256`` shows it; empty for no text.

    Raises:
        ValueError: the text is no PEM certificate

    """
    return hashlib.sha256(ssl.PEM_cert_to_DER_cert(pem.strip() + "\n")).hexdigest() if pem.strip() else ""
