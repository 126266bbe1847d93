"""One attempt at ``kubeadm init``: begin it, follow it, discard it, and say why it failed."""

from __future__ import annotations

import shlex
from dataclasses import dataclass

from tasks.kubeadm.state import FOLDER, UNIT
from tasks.model.command import Command

CRI_SOCKET = "unix:///run/containerd/containerd.sock"
CONFIG = f"{FOLDER}/kubeadm.yaml"

TRACES_OF_AN_ATTEMPT = (
    "FileAvailable--etc-kubernetes-manifests-kube-apiserver.yaml",
    "FileAvailable--etc-kubernetes-manifests-kube-controller-manager.yaml",
    "FileAvailable--etc-kubernetes-manifests-kube-scheduler.yaml",
    "FileAvailable--etc-kubernetes-manifests-etcd.yaml",
    "DirAvailable--var-lib-etcd",
    "Port-6443",
    "Port-10250",
    "Port-10257",
    "Port-10259",
    "Port-2379",
    "Port-2380",
)
"""kubeadm's preflight ids that an earlier attempt of ours trips over; ignored when that very attempt is run again."""

_FOLLOW_S = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """
    What a followed init looks like now.

    Attributes:
        ended: kubeadm is no longer at work
        exit_code: its exit code; None while it works, and where it was killed
        line: the last ``[phase] sentence`` of its log

    """

    ended: bool
    exit_code: int | None
    line: str

    @property
    def succeeded(self) -> bool:
        """Ended, and well."""
        return self.ended and self.exit_code == 0


def write_config(text: str) -> Command:
    """Put kubeadm.yaml in its place, in one step, readable by root alone."""
    script = f"umask 077 && mkdir -p {FOLDER} && cat > {CONFIG}.new && mv {CONFIG}.new {CONFIG}"
    return Command(argv=("/bin/sh", "-c", script), stdin=text.encode(), sudo=True, mutates=True)


def begin(run_id: str, *, over_traces: bool) -> Command:
    """
    Start kubeadm in its own unit, after the marker that says whose attempt this is.

    Arguments:
        over_traces: run again over what an unfinished attempt of ours left; kubeadm keeps what it finds valid

    """
    ignore = f" --ignore-preflight-errors={','.join(TRACES_OF_AN_ATTEMPT)}" if over_traces else ""
    # the marker moves inside the unit: whoever looks later sees `established` only after kubeadm's own success
    work = (
        f"cd {FOLDER}; $(command -v kubeadm) init --config kubeadm.yaml --skip-token-print{ignore} >init.log 2>&1; "
        "code=$?; [ $code -ne 0 ] || mv attempt established; echo $code >init.exit.new; mv init.exit.new init.exit"
    )
    return Command.script(
        f"""set -eu
umask 077
cd {FOLDER}
rm -f init.exit init.log established
printf '%s\\n' {shlex.quote(run_id)} > attempt
systemctl enable --quiet kubelet.service
systemctl reset-failed {UNIT} 2>/dev/null || :
systemd-run --quiet --collect --unit={UNIT} --setenv=PATH="$PATH" --setenv=HOME=/root /bin/sh -c {shlex.quote(work)}
""",
        sudo=True,
        mutates=True,
    )


FOLLOW = Command.script(
    f"""cd {FOLDER} || exit 1
n=0
while [ $n -lt {_FOLLOW_S * 5} ] && [ ! -e init.exit ]; do sleep 0.2; n=$((n + 1)); done
unit=$(systemctl is-active {UNIT})
printf 'unit=%s\\nexit=%s\\n' "$unit" "$(cat init.exit 2>/dev/null)"
grep -E '^\\[[a-z-]+\\] ' init.log 2>/dev/null | tail -n 1
""",
    timeout_s=_FOLLOW_S + 20,
    sudo=True,
)
"""Wait on the host itself until kubeadm ends, three seconds at most, then show the phase that it is in."""


def parse_follow(text: str) -> Attempt:
    """
    Read what ``FOLLOW`` printed.

    Raises:
        ValueError: the first two lines are not ``unit=`` and ``exit=``

    """
    match text.splitlines():
        case [unit, code, *phase] if unit.startswith("unit=") and code.startswith("exit="):
            exit_code = code.removeprefix("exit=")
            at_work = unit.removeprefix("unit=") in {"active", "activating"}
            return Attempt(
                ended=bool(exit_code) or not at_work,
                exit_code=int(exit_code) if exit_code else None,
                line=" ".join(phase) or "kubeadm begins",
            )
    raise ValueError(f"no account of kubeadm in {text!r}")


DISCARD = Command.script(
    f"""set -eu
cd {FOLDER}
[ -e attempt ] && [ ! -e established ] || {{ echo "no unfinished attempt of ours is here" >&2; exit 3; }}
kubeadm reset --force --cri-socket {CRI_SOCKET}
""",
    timeout_s=180,
    sudo=True,
    mutates=True,
)
"""``kubeadm reset`` of our own unfinished attempt; the host itself refuses where a cluster was ever completed."""

START_KUBELET = Command.script("systemctl enable --now containerd.service kubelet.service", sudo=True, mutates=True)
