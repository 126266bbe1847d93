"""kubectl on the operator's machine, always with an explicit kubeconfig and context."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tasks.deploy.kubeconfig import folder_of
from tasks.model.command import Command
from tasks.run.wait import watch
from tasks.transport.local import LocalShell

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tasks.model.command import CommandResult, Shell
    from tasks.run.context import RunContext

FIELD_MANAGER = "fleetproof"
"""Owner of every field that is applied; it takes over what somebody else has set, and the diff shows it before."""

_SERVER_SIDE = ("--server-side", f"--field-manager={FIELD_MANAGER}", "--force-conflicts")

GONE_S = 90
"""So long an object may take to go."""

PATIENCE_S = 60.0
_PASSING = re.compile(
    r"etcdserver: (request timed out|leader changed)|connection refused|TLS handshake timeout|i/o timeout"
    r"|the server is currently unable to handle the request|no matches for kind|http2: client connection lost"
)
"""What a young or busy API server says and takes back a moment later; kinds need one to appear in its directory."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Kubectl:
    """
    One cluster's kubectl.

    Attributes:
        kubeconfig: file whose context ``context`` leads to the cluster
        cache: folder for what kubectl remembers of the API server
        say: told what is waited for

    """

    shell: Shell
    kubeconfig: Path
    context: str
    cache: Path
    say: Callable[[str], None] = lambda _text: None

    def run(self, *argv: str, stdin: str = "", mutates: bool = False, timeout_s: float = 120.0) -> CommandResult:
        """
        Run ``kubectl`` with these arguments; a non-zero exit code is a result.

        Raises:
            TransportError: there is no kubectl, or it outlived ``timeout_s``

        """
        where = ("--kubeconfig", str(self.kubeconfig), "--context", self.context, "--cache-dir", str(self.cache))
        return self.shell.run(
            Command(argv=("kubectl", *where, *argv), stdin=stdin.encode(), mutates=mutates, timeout_s=timeout_s)
        )

    def diff(self, stream: str, namespace: str) -> CommandResult:
        """What ``apply`` would change: exit code 0 nothing, 1 a unified diff on stdout, above that an error."""
        argv = ("diff", *_SERVER_SIDE, "-n", namespace, "-f", "-")
        return self._patiently("compare", lambda: self.run(*argv, stdin=stream))

    def apply(self, stream: str, namespace: str) -> CommandResult:
        """Apply a stream of objects server-side; doing so twice is doing it once."""
        argv = ("apply", *_SERVER_SIDE, "-n", namespace, "-f", "-")
        return self._patiently("apply", lambda: self.run(*argv, stdin=stream, mutates=True))

    def delete(self, stream: str, namespace: str) -> CommandResult:
        """Delete objects and what depends on them, and wait until they are gone; what is not there counts as gone."""
        argv = ("delete", "--cascade=foreground", f"--timeout={GONE_S}s", "--ignore-not-found", "-n", namespace)
        return self._patiently(
            "delete", lambda: self.run(*argv, "-f", "-", stdin=stream, mutates=True, timeout_s=GONE_S + 30)
        )

    def _patiently(self, what: str, attempt: Callable[[], CommandResult]) -> CommandResult:
        """Try again while the API server only asks for patience; the last attempt's result is the answer."""
        return watch(
            f"the API server to let kubectl {what}",
            attempt,
            done=lambda it: not _asks_for_patience(it),
            timeout_s=PATIENCE_S,
            say=self.say,
            show=_asks_for_patience,
        )


def _asks_for_patience(result: CommandResult) -> str:
    passing = None if result.ok else _PASSING.search(result.stderr)
    return passing[0] if passing else ""


def kubectl_of(ctx: RunContext, name: str) -> Kubectl:
    """The kubectl of one cluster; call it only after ``open_cluster`` has proven whose it is."""
    return Kubectl(
        shell=LocalShell(plan=ctx.plan or ctx.read_only),
        kubeconfig=folder_of(ctx.state, name) / "admin.conf",
        context=name,
        cache=ctx.state / "cache" / name,
        say=lambda text: ctx.progress.doing(name, text),
    )
