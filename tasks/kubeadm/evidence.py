"""Why a control plane does not come up: what its host can tell."""

from __future__ import annotations

import re
from itertools import takewhile
from typing import TYPE_CHECKING

from tasks.kubeadm.state import FOLDER
from tasks.model.command import Command
from tasks.model.errors import TransportError

if TYPE_CHECKING:
    from tasks.model.command import Shell

LINES_IN_ALL = 160

GATHER = Command.script(
    f"""
part() {{ printf '\\n--- %s\\n' "$1"; }}
cri() {{ timeout 10 crictl --runtime-endpoint unix:///run/containerd/containerd.sock "$@" 2>&1; }}
part "kubeadm's log"; tail -n 25 {FOLDER}/init.log 2>&1
# what the journal says of an earlier cluster is no evidence
since=$(stat -c @%Y {FOLDER}/kubeadm.yaml {FOLDER}/attempt 2>/dev/null | tail -n 1)
journal() {{ journalctl --no-pager -o cat ${{since:+--since "$since"}} -n "$1" -u "$2" 2>&1; }}
part "journal of kubelet"; journal 25 kubelet.service
part "journal of containerd"; journal 15 containerd.service
part "crictl ps -a"; cri ps -a
for id in $(cri ps -a -q --state Exited 2>/dev/null | grep -E '^[0-9a-f]+$' | head -n 3); do
  part "crictl logs $id"; cri logs --tail 15 "$id"
done
part "listeners on the control plane's ports"; ss -Hltnp 2>/dev/null | grep -E ':(6443|2379|2380|10250|10257|10259) '
:
""",
    timeout_s=60,
    sudo=True,
)


def gather_evidence(shell: Shell) -> tuple[str, ...]:
    """Ask a host for everything that explains a failed init; an answer that cannot be had is itself a line."""
    try:
        result = shell.run(GATHER)
    except TransportError as error:
        return (f"no evidence could be gathered: {error}",)
    return tuple(line[:400] for line in result.stdout.strip().splitlines())[:LINES_IN_ALL]


_TELLING = (
    r"\s*(\[ERROR [^\]]+\].*)",
    r"E\d{4} .*\] \"(Failed to (?:start|run).*)",
    r"(error(?::| execution phase).*)",
    r"(.*\b[Ee]rror\b.*)",
)
"""kubeadm's preflight errors, what the kubelet died of, the phase that failed, anything else that sounds like it."""


def headline(evidence: tuple[str, ...]) -> str:
    """The line of the evidence that names the cause, the more telling first; of containerd's many none is meant."""
    told = list(takewhile(lambda line: line != "--- journal of containerd", evidence))
    for pattern in _TELLING:
        found = [match[1] for line in told if (match := re.match(pattern, line))]
        if found:
            return "; ".join(dict.fromkeys(found[:3]))
    return "kubeadm left no error in its log"
