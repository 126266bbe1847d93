"""kubectl on the operator's machine, always with an explicit kubeconfig and context."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tasks.deploy.kubeconfig import folder_of
from tasks.model.command import Command
from tasks.transport.local import LocalShell

if TYPE_CHECKING:
    from pathlib import Path

    from tasks.model.command import CommandResult, Shell
    from tasks.run.context import RunContext

FIELD_MANAGER = "fleetproof"
"""Owner of every field that is applied; it takes over what somebody else has set, and the diff shows it before."""

_SERVER_SIDE = ("--server-side", f"--field-manager={FIELD_MANAGER}", "--force-conflicts")


@dataclass(frozen=True, slots=True, kw_only=True)
class Kubectl:
    """
    One cluster's kubectl.

    Attributes:
        kubeconfig: file whose context ``context`` leads to the cluster
        cache: folder for what kubectl remembers of the API server

    """

    shell: Shell
    kubeconfig: Path
    context: str
    cache: Path

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
        return self.run("diff", *_SERVER_SIDE, "-n", namespace, "-f", "-", stdin=stream)

    def apply(self, stream: str, namespace: str) -> CommandResult:
        """Apply a stream of objects server-side."""
        return self.run("apply", *_SERVER_SIDE, "-n", namespace, "-f", "-", stdin=stream, mutates=True)


def kubectl_of(ctx: RunContext, name: str) -> Kubectl:
    """The kubectl of one cluster; call it only after ``open_cluster`` has proven whose it is."""
    return Kubectl(
        shell=LocalShell(plan=ctx.plan),
        kubeconfig=folder_of(ctx.state, name) / "admin.conf",
        context=name,
        cache=ctx.state / "cache" / name,
    )
