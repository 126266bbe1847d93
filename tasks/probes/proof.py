"""One cluster's proof: read it, raise the probe, ask every path, remove the probe."""

from __future__ import annotations

import ssl
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from tasks.cilium.address import balanced
from tasks.cilium.lease import LEASES
from tasks.cilium.status import parse_status
from tasks.deploy.explain import explain
from tasks.deploy.files import read_text
from tasks.deploy.kubeconfig import folder_of, parse_kubeconfig
from tasks.model.command import Command
from tasks.model.errors import FleetError
from tasks.model.finding import Finding, Row, Verdict
from tasks.preflight.script import jobs
from tasks.probes import checks, vantage
from tasks.probes.objects import NAMESPACE, POD, SERVICE
from tasks.probes.operator import certificate_expiry, operator_api_cell, operator_cell, reach
from tasks.probes.path import Wanted
from tasks.probes.room import room_in
from tasks.probes.scripts import host_script, pod_script
from tasks.probes.targets import targets_of
from tasks.probes.temporary import Temporary
from tasks.probes.wire import read_view, strangers_of
from tasks.run.afterwards import owing
from tasks.run.wait import watch

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from tasks.deploy.api import KubeApi
    from tasks.fleet.model import Cluster
    from tasks.model.command import Shell
    from tasks.probes.meeting import Meeting
    from tasks.probes.targets import Target
    from tasks.probes.wire import WireView
    from tasks.run.change import Gate
    from tasks.run.context import RunContext

MEETING_S = 120.0
SETTLE_S = 8.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """
    One cluster during this task.

    Attributes:
        parties: the clusters that take part in this stage, this one among them

    """

    cluster: Cluster
    ctx: RunContext
    api: KubeApi
    shell: Shell
    gate: Gate
    parties: frozenset[str]

    def read(self) -> list[Finding]:
        """Rows that only look."""
        node = self.api.get(f"/api/v1/nodes/{self.cluster.node_name}")
        return [
            self._guarded(Row("api.ready", self.cluster.name), self._api_ready),
            checks.judge_ready(self.cluster, node),
            checks.judge_roles(self.cluster, node),
            self._guarded(Row("cilium.status", self.cluster.name), self._agent),
            self._guarded(Row("cert.api", self.cluster.name), self._certificate),
        ]

    def probe(self, meeting: Meeting) -> tuple[list[Finding], WireView]:
        """Everything that needs the probe's objects; they are gone when this returns or raises."""
        room = room_in(NAMESPACE, ctx=self.ctx, cluster=self.cluster, api=self.api, gate=self.gate)
        temporary = Temporary(cluster=self.cluster, room=room)
        with owing(f"remove namespace {NAMESPACE} from {self.cluster.name}", room.ask_away):
            try:
                findings, view = self._ask_everything(temporary, meeting)
            finally:
                self._say("removing the probe")
                removed = temporary.remove()
        return [*findings, removed], view

    def _ask_everything(self, temporary: Temporary, meeting: Meeting) -> tuple[list[Finding], WireView]:
        lacking = temporary.raise_up(self.ctx.fleet)
        pod = self._judge_pod(temporary, lacking)
        self._let_it_settle()
        self._say("waiting for the other clusters' probes")
        meeting.reach(self.cluster.name, timeout_s=MEETING_S)
        self._say("asking every path from host and pod")
        from_host, view = self._from_host()
        findings = [pod, *self.address(), *from_host, *self._from_pod(), *self._from_operator()]
        self._say("waiting until the other clusters have asked")
        meeting.reach(self.cluster.name, timeout_s=MEETING_S)
        return findings, view

    def _let_it_settle(self) -> None:
        """A service's first backend takes a moment to reach the data plane; whether it did is judged later, by all."""
        (vip,) = (it for it in self._targets() if (it.service, it.peer) == ("vip", self.cluster.name))
        watch(f"{vip.url} to answer", lambda: reach(vip), done=lambda it: it.open, timeout_s=SETTLE_S, say=self._say)

    def _api_ready(self) -> Finding:
        return Finding(
            row=Row("api.ready", self.cluster.name),
            verdict=Verdict.PASS,
            observed=f"/readyz: {self.api.text('/readyz')}",
        )

    def _agent(self) -> Finding:
        pods = self.api.items("/api/v1/namespaces/kube-system/pods", labelSelector="k8s-app=cilium")
        names = [pod["metadata"]["name"] for pod in pods if pod["spec"].get("nodeName") == self.cluster.node_name]
        if len(names) != 1:
            raise ValueError(f"{len(names)} Cilium agents on {self.cluster.node_name}, wanted 1")
        argv = ("cilium-dbg", "status", "-o", "json")
        result = self.api.execute("kube-system", names[0], argv, container="cilium-agent").must_succeed()
        return checks.judge_agent(self.cluster, parse_status(result.stdout))

    def _certificate(self) -> Finding:
        kubeconfig = read_text(folder_of(self.ctx.state, self.cluster.name) / "admin.conf")
        try:
            expires = certificate_expiry(self.cluster.api, parse_kubeconfig(kubeconfig).ca)
        except ssl.SSLCertVerificationError as error:
            row = Row("cert.api", self.cluster.name)
            return Finding(row=row, verdict=Verdict.FAIL, observed=error.verify_message, wanted="a valid certificate")
        return checks.judge_certificate(self.cluster, expires, datetime.now(UTC))

    def address(self) -> tuple[Finding, ...]:
        """What the API server says of the VIP and of every service that shares it."""
        services = balanced(self.api.items("/api/v1/services"))
        return checks.judge_address(self.cluster, services, self.api.items(LEASES), datetime.now(UTC))

    def _judge_pod(self, temporary: Temporary, lacking: str) -> Finding:
        evidence = explain(self.api, NAMESPACE) if lacking else ()
        return checks.judge_pod(self.cluster, temporary.pod(), evidence)

    def _from_host(self) -> tuple[list[Finding], WireView]:
        targets, names = self._targets(), vantage.site_names(self.ctx.fleet)
        strangers = strangers_of(self.ctx.fleet, self.cluster)
        script = host_script(targets, names, str(self.cluster.address), strangers)
        answers = jobs(self.shell.run(Command.script(script, timeout_s=60, sudo=True)).must_succeed().stdout)
        findings = vantage.host_cells(self.cluster, targets, answers)
        findings.append(vantage.host_names(self.ctx.fleet, self.cluster, answers))
        findings.append(self._guarded(Row("node.kube-proxy", self.cluster.name), lambda: self._kube_proxy(answers)))
        return findings, read_view(answers, strangers)

    def _kube_proxy(self, answers: Mapping[str, tuple[int, str]]) -> Finding:
        daemons = self.api.items("/apis/apps/v1/namespaces/kube-system/daemonsets")
        return checks.judge_no_kube_proxy(self.cluster, daemons, int(answers["chains"][1]))

    def _from_pod(self) -> list[Finding]:
        targets, site = self._targets(), vantage.site_names(self.ctx.fleet)
        own = vantage.cluster_names(self.cluster)
        script = pod_script(targets, (*site, *own), f"http://{SERVICE}.{NAMESPACE}.svc.cluster.local/")
        rows = [*(target.row("pod", self.cluster.name) for target in targets), Row("reach.pod.dns", self.cluster.name)]
        rows += [Row("pod.dns", self.cluster.name), Row("pod.service", self.cluster.name)]
        try:
            result = self.api.execute(NAMESPACE, POD, ("/bin/sh", "-c", script), timeout_s=60)
        except FleetError as error:
            return [vantage.not_asked(row, error) for row in rows]
        answers = jobs(result.stdout)
        wanted = Wanted(statuses=frozenset({200}), body=self.cluster.name)
        return [
            *vantage.pod_cells(self.cluster, targets, answers),
            vantage.pod_names(Row("reach.pod.dns", self.cluster.name), site, answers),
            vantage.pod_names(Row("pod.dns", self.cluster.name), own, answers),
            vantage.judge_service(self.cluster, wanted, answers),
        ]

    def _from_operator(self) -> list[Finding]:
        """The operator's paths to this one cluster; each host's step asks for its own while its probe stands."""
        own = {target.service: target for target in self._targets() if target.peer == self.cluster.name}
        return [operator_api_cell(own["api"], self.api), operator_cell(own["vip"])]

    def _targets(self) -> tuple[Target, ...]:
        """What to reach: a cluster that takes no part in this stage has no probe, and its cells are the engine's."""
        return tuple(it for it in targets_of(self.ctx.fleet) if it.peer in {"", *self.parties})

    def _guarded(self, row: Row, judge: Callable[[], Finding]) -> Finding:
        """What cannot be asked or read is an error of that row alone."""
        try:
            return judge()
        except (FleetError, OSError, ValueError, KeyError) as error:
            return vantage.not_asked(row, error)

    def _say(self, what: str) -> None:
        self.ctx.progress.doing(self.cluster.name, what)
