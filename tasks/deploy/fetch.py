"""Fetch one cluster's admin kubeconfig over the verified SSH connection, and record whose it is."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tasks.deploy.api import ApiError, KubeApi
from tasks.deploy.files import read_text
from tasks.deploy.identity import Identity, recorded, refuse_other, uid_of
from tasks.deploy.kubeconfig import folder_of, parse_kubeconfig, render_kubeconfig
from tasks.deploy.kubectl import kubectl_of
from tasks.deploy.merge import MERGED_ROW
from tasks.deploy.roles import ensure_worker_role
from tasks.kubeadm.state import FOLDER
from tasks.model.command import Command
from tasks.model.errors import WrongCluster
from tasks.model.finding import FLEET, Finding, Outcome, Row, Verdict, skipped
from tasks.run.change import Gate
from tasks.run.files import write_atomically
from tasks.run.step import done
from tasks.run.wait import wait_for
from tasks.transport.shell_of import shell_of

if TYPE_CHECKING:
    from pathlib import Path

    from nornir.core.task import Result, Task

    from tasks.deploy.kubeconfig import AdminAccess
    from tasks.fleet.model import Cluster, Fleet
    from tasks.model.command import Shell
    from tasks.run.context import RunContext

ADMIN_ROW = "kubeconfig.admin"
IDENTITY_ROW = "kubeconfig.identity"
API_TIMEOUT_S = 60.0

READ = Command.script(
    f"cat {FOLDER}/established 2>/dev/null || echo; base64 -w 0 /etc/kubernetes/admin.conf 2>/dev/null; :", sudo=True
)


def declares(fleet: Fleet) -> tuple[Row, ...]:
    """The rows of ``fetch`` and of ``merge``, which follows it."""
    rows = tuple(Row(check, c.name) for c in fleet.clusters for check in (ADMIN_ROW, IDENTITY_ROW))
    return (*rows, Row(MERGED_ROW, FLEET))


def fetch(task: Task, *, ctx: RunContext) -> Result:
    """
    Fetch one cluster's admin kubeconfig, and make sure that its node has both roles.

    Returns:
        Result with ``result`` = Outcome(findings=(kubeconfig.admin, kubeconfig.identity), changes)

    Raises:
        TransportError: the host could not be asked
        ApiError: the API server refuses its own administrator

    """
    cluster = ctx.fleet.cluster(task.host.name)
    fetching = _Fetching(cluster=cluster, ctx=ctx, gate=Gate(cluster.name, plan=ctx.plan))
    findings = fetching.run(shell_of(task))
    return done(task, Outcome(findings=findings, changes=fetching.gate.changes))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Fetching:
    cluster: Cluster
    ctx: RunContext
    gate: Gate

    def run(self, shell: Shell) -> tuple[Finding, ...]:
        made_by, text = parse_answer(shell.run(READ).must_succeed().stdout)
        if not text:
            return self._nothing_there()
        try:
            access = self._judged(text, made_by)
            uid = self._keep(access, made_by)
        except (WrongCluster, ValueError) as error:
            return self._refused(str(error))
        return (
            self._row(ADMIN_ROW, Verdict.PASS, f"{access.server}, kept in {self._path}"),
            self._row(IDENTITY_ROW, Verdict.PASS, f"CA {access.ca_sha256[:16]}..., UID {uid}, made by run {made_by}"),
        )

    def _judged(self, text: str, made_by: str) -> AdminAccess:
        """The host's kubeconfig, held against inventory and record; so is the copy that is here already."""
        access = parse_kubeconfig(text)
        where = f"/etc/kubernetes/admin.conf of {self.cluster.name}"
        known = self._known(made_by)
        if known is None:
            if access.server != self.cluster.api:
                raise WrongCluster(f"{where} leads to {access.server}, but {self.cluster.name} is {self.cluster.api}")
            return access
        refuse_other(known, access, self.cluster, where)
        if kept := read_text(self._path):
            refuse_other(known, parse_kubeconfig(kept), self.cluster, str(self._path))
        return access

    def _keep(self, access: AdminAccess, made_by: str) -> str:
        """Write the kubeconfig and the identity where they differ; returns the cluster's UID."""
        text = render_kubeconfig({self.cluster.name: access})
        if read_text(self._path) != text:
            self.gate.make(f"write {self._path}", lambda: write_atomically(self._path, text))
        api = KubeApi(self.cluster.name, access, self._path.parent)
        uid = self._uid(api)
        known = self._known(made_by)
        if known is None:
            identity = Identity(
                cluster=self.cluster.name,
                server=access.server,
                ca_sha256=access.ca_sha256,
                uid=uid,
                made_by=made_by,
            )
            self._record(identity)
        elif known.uid != uid:
            raise WrongCluster(f"{access.server} is the cluster with UID {uid}, but recorded was {known.uid}")
        ensure_worker_role(self.cluster, api=api, kubectl=kubectl_of(self.ctx, self.cluster.name), gate=self.gate)
        return uid

    def _known(self, made_by: str) -> Identity | None:
        """What is recorded; None also where the host has since been made anew by an init of this library."""
        identity = recorded(self.ctx.state, self.cluster.name)
        return identity if identity and identity.made_by == made_by else None

    def _record(self, identity: Identity | None) -> None:
        path = self._path.parent / "identity.json"
        text = identity.to_json() if identity else ""
        self.gate.make(f"record the identity of {self.cluster.name}", lambda: write_atomically(path, text))

    def _uid(self, api: KubeApi) -> str:
        """Ask for the UID; an API server that was made a moment ago may need a moment more."""

        def ask() -> str | ApiError:
            try:
                return uid_of(api)
            except ApiError as error:
                return error

        def say(what: str) -> None:
            self.ctx.progress.doing(self.cluster.name, what)

        seen = wait_for(
            f"the API server of {self.cluster.name}",
            ask,
            done=lambda it: isinstance(it, str),
            timeout_s=API_TIMEOUT_S,
            say=say,
        )
        return str(seen)

    def _nothing_there(self) -> tuple[Finding, ...]:
        """While planning, foresee what will be done once there is a control plane; otherwise a fault."""
        if not self.ctx.plan:
            said = "there is no /etc/kubernetes/admin.conf on the host"
            return self._refused(said)
        self.gate.make(f"write {self._path}", lambda: None)
        self._record(None)
        ensure_worker_role(self.cluster, api=None, kubectl=kubectl_of(self.ctx, self.cluster.name), gate=self.gate)
        planned = "planned: there is no control plane yet"
        return tuple(self._row(check, Verdict.SKIP, planned) for check in (ADMIN_ROW, IDENTITY_ROW))

    def _refused(self, said: str) -> tuple[Finding, ...]:
        identity = Finding(
            row=Row(IDENTITY_ROW, self.cluster.name),
            verdict=Verdict.FAIL,
            observed=said,
            wanted=f"the cluster at {self.cluster.api} that an init of this library made; nothing was written",
            remedy=f"rm {self._path}; python runbooks/full_deploy.py --limit {self.cluster.name}",
            reproduce=f"kubectl --kubeconfig {self._path} cluster-info",
        )
        return (
            skipped(Row(ADMIN_ROW, self.cluster.name), "not kept: it is not the inventory's cluster", identity.row),
            identity,
        )

    def _row(self, check: str, verdict: Verdict, observed: str) -> Finding:
        return Finding(row=Row(check, self.cluster.name), verdict=verdict, observed=observed)

    @property
    def _path(self) -> Path:
        return folder_of(self.ctx.state, self.cluster.name) / "admin.conf"


def parse_answer(text: str) -> tuple[str, str]:
    """
    Read the answer to ``READ``.

    Returns:
        run id of the init that made the cluster, text of its admin.conf; empty where there is none

    """
    made_by, _, encoded = text.partition("\n")
    return made_by.strip(), base64.b64decode(encoded).decode()
