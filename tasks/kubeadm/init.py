"""The task that gives a host its control plane."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tasks.kubeadm import attempt
from tasks.kubeadm.config import render_config, same_meaning, unified_diff
from tasks.kubeadm.evidence import gather_evidence, headline
from tasks.kubeadm.state import FOLDER, HostState, Stand, ask
from tasks.model.errors import WaitTimeout
from tasks.model.finding import Finding, Outcome, Row, Verdict
from tasks.run.change import Gate
from tasks.run.step import done
from tasks.run.wait import wait_for
from tasks.transport.shell_of import shell_of

if TYPE_CHECKING:
    from nornir.core.task import Result, Task

    from tasks.fleet.model import Cluster, Fleet
    from tasks.model.command import Shell
    from tasks.run.context import RunContext

CONFIG_ROW = "kubeadm.config"
INIT_ROW = "kubeadm.init"
INIT_TIMEOUT_S = 480.0
API_TIMEOUT_S = 120.0


def declares(fleet: Fleet) -> tuple[Row, ...]:
    """The rows of ``initialise``."""
    return tuple(Row(check, c.name) for c in fleet.clusters for check in (CONFIG_ROW, INIT_ROW))


def initialise(task: Task, *, ctx: RunContext) -> Result:
    """
    Bring one host to a control plane that answers, from wherever it stands; a finished one is left alone.

    Returns:
        Result with ``result`` = Outcome(findings=(kubeadm.config, kubeadm.init), changes, value=HostState at the end)

    Raises:
        TransportError: the host could not be asked

    """
    cluster = ctx.fleet.cluster(task.host.name)
    host = _Host(
        cluster=cluster,
        shell=shell_of(task),
        gate=Gate(cluster.name, plan=ctx.plan),
        ctx=ctx,
        config=render_config(task, ctx.fleet, cluster),
    )
    before = ask(host.shell)
    findings = (host.judge_config(before), host.converge(before))
    return done(task, Outcome(findings=findings, changes=host.gate.changes))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Host:
    """One host during this task."""

    cluster: Cluster
    shell: Shell
    gate: Gate
    ctx: RunContext
    config: str

    def judge_config(self, state: HostState) -> Finding:
        """Whether the configuration on the host is the inventory's; on a host without a cluster it is written later."""
        row = Row(CONFIG_ROW, self.cluster.name)
        if state.stand not in {Stand.ESTABLISHED, Stand.RUNNING}:
            return Finding(row=row, verdict=Verdict.PASS, observed="rendered from the inventory for this init")
        if same_meaning(state.config, self.config):
            return Finding(row=row, verdict=Verdict.PASS, observed=f"{attempt.CONFIG} equals the inventory")
        return Finding(
            row=row,
            verdict=Verdict.FAIL,
            observed="the inventory has changed since this cluster was made",
            wanted="the cluster was made from what the inventory says today",
            remedy=f"take the inventory back, or: python runbooks/reset_cluster.py {self.cluster.name}",
            reproduce=f"ssh {self.cluster.address} sudo cat {attempt.CONFIG}",
            evidence=tuple(unified_diff(state.config, self.config, attempt.CONFIG).splitlines()),
        )

    def converge(self, state: HostState) -> Finding:
        """Do what the host's stand asks for."""
        match state.stand:
            case Stand.ESTABLISHED:
                return self._keep_up(state)
            case Stand.FOREIGN:
                return self._refuse(state)
            case Stand.RUNNING:
                return self._foreseen("kubeadm is at work") if self.ctx.plan else self._follow()
            case Stand.HALF_MADE:
                self._say("discarding an unfinished init")
                self.gate.make(
                    f"discard the unfinished init of run {state.attempt} (kubeadm reset)",
                    lambda: self.shell.run(attempt.DISCARD).must_succeed(),
                )
        return self._init(state)

    def _init(self, state: HostState) -> Finding:
        if state.config != self.config:
            self.gate.make(
                f"write {attempt.CONFIG}",
                lambda: self.shell.run(attempt.write_config(self.config)).must_succeed(),
                undo=f"rm {attempt.CONFIG}",
                diff=unified_diff(state.config, self.config, attempt.CONFIG),
            )
        begin = attempt.begin(self.ctx.run_id, over_traces=state.stand is Stand.STALLED)
        self._say("kubeadm init begins")
        self.gate.make(
            "run kubeadm init" + (" again over the unfinished one" if state.stand is Stand.STALLED else ""),
            lambda: self.shell.run(begin).must_succeed(),
            undo=f"python runbooks/reset_cluster.py {self.cluster.name}",
        )
        return self._foreseen() if self.ctx.plan else self._follow()

    def _follow(self) -> Finding:
        """Wait for kubeadm's end, showing its phases."""
        try:
            seen = wait_for(
                f"kubeadm init on {self.cluster.name}",
                lambda: attempt.parse_follow(self.shell.run(attempt.FOLLOW).must_succeed().stdout),
                done=lambda it: it.ended,
                timeout_s=INIT_TIMEOUT_S,
                every_s=0,
                say=self._say,
                show=lambda it: it.line,
            )
        except WaitTimeout as error:
            return self._failed(str(error))
        if seen.succeeded:
            return self._row(Verdict.PASS, "kubeadm init completed; the API server is ready")
        how = "was killed" if seen.exit_code is None else f"ended with exit code {seen.exit_code}"
        return self._failed(f"kubeadm init {how}")

    def _keep_up(self, state: HostState) -> Finding:
        """An established cluster is only ever started, never made anew."""
        if state.healthy:
            return self._row(Verdict.PASS, f"made by run {state.established}; /readyz says ok")
        if state.kubelet != "active":
            self.gate.make("start containerd and kubelet", lambda: self.shell.run(attempt.START_KUBELET).must_succeed())
            if self.ctx.plan:
                return self._foreseen()
        try:
            wait_for(
                f"the API server of {self.cluster.name}",
                lambda: ask(self.shell),
                done=lambda it: it.healthy,
                timeout_s=0 if self.ctx.plan else API_TIMEOUT_S,
                every_s=2,
                say=self._say,
                show=lambda it: it.ready or "no answer yet",
            )
        except WaitTimeout as error:
            return self._failed(str(error))
        return self._row(Verdict.PASS, f"made by run {state.established}; started again, /readyz says ok")

    def _refuse(self, state: HostState) -> Finding:
        return Finding(
            row=Row(INIT_ROW, self.cluster.name),
            verdict=Verdict.FAIL,
            observed=f"Kubernetes is here that no run of this library has made: {', '.join(state.traces)}",
            wanted="a bare host, or a cluster made by full_deploy.py",
            remedy=f"python runbooks/reset_cluster.py {self.cluster.name}",
            reproduce=f"ssh {self.cluster.address} sudo ls {FOLDER} /etc/kubernetes",
        )

    def _failed(self, how: str) -> Finding:
        self._say("gathering evidence of the failure")
        evidence = gather_evidence(self.shell)
        return Finding(
            row=Row(INIT_ROW, self.cluster.name),
            verdict=Verdict.FAIL,
            observed=f"{how}: {headline(evidence)}",
            wanted="a control plane whose API server says that it is ready",
            remedy="mend what the evidence names, then run again: "
            f"python runbooks/full_deploy.py --limit {self.cluster.name}",
            reproduce=f"ssh {self.cluster.address} sudo cat {FOLDER}/init.log",
            evidence=evidence,
        )

    def _foreseen(self, now: str = "there is no control plane yet") -> Finding:
        return self._row(Verdict.SKIP, f"planned: {now}")

    def _row(self, verdict: Verdict, observed: str) -> Finding:
        return Finding(row=Row(INIT_ROW, self.cluster.name), verdict=verdict, observed=observed)

    def _say(self, what: str) -> None:
        self.ctx.progress.doing(self.cluster.name, what)
