"""The task that tries flows from a pod that belongs to nobody: those that must pass, and those that must not."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tasks.deploy.identity import open_cluster
from tasks.deploy.left_out import as_left_out
from tasks.deploy.ready import unready
from tasks.deploy.settle import has
from tasks.model.command import Command
from tasks.model.errors import FleetError
from tasks.model.finding import Outcome, Row
from tasks.preflight.script import jobs
from tasks.probes.flow import FLOWS, NAMESPACE, Flow, host_script, judge_flow, pod_script, read_try, unasked
from tasks.probes.objects import POD, object_of, pod_spec, room_of, stream_of
from tasks.probes.room import POLL_S, planned, room_in
from tasks.run.afterwards import owing
from tasks.run.change import Gate
from tasks.run.step import done
from tasks.run.wait import wait_for
from tasks.transport.shell_of import shell_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from nornir.core.task import Result, Task

    from tasks.fleet.model import Cluster, Fleet
    from tasks.model.command import Shell
    from tasks.model.finding import Finding
    from tasks.probes.room import Room
    from tasks.run.context import RunContext

REMOVED = "policy.removed"
CAUSES: Mapping[str, tuple[str, ...]] = {"policy": ("api.ready",)}
READY_S = 90.0


def declares(fleet: Fleet) -> tuple[Row, ...]:
    """A row for every flow of every cluster that has what it leads to, and that nothing of the proof is left."""
    return tuple(row for cluster in fleet.clusters for row in _rows(cluster))


def _rows(cluster: Cluster) -> tuple[Row, ...]:
    return (*(Row(it.check, cluster.name) for it in _flows(cluster)), Row(REMOVED, cluster.name))


def _flows(cluster: Cluster) -> tuple[Flow, ...]:
    return tuple(it for it in FLOWS if has(cluster, it.component))


def try_flows(task: Task, *, ctx: RunContext) -> Result:
    """
    Try every flow of one cluster, from a pod and from the host. What is made for it is removed again.

    Returns:
        Result with ``result`` = Outcome(findings=one per row of ``declares``, changes that are all temporary)

    Raises:
        ApiError: the API server does not answer
        TransportError: the host could not be asked

    """
    cluster = ctx.fleet.cluster(task.host.name)
    shell = shell_of(task)
    api = None if ctx.plan else open_cluster(ctx, cluster)
    if api is None:
        return done(task, Outcome(findings=tuple(planned(it) for it in _rows(cluster))))
    gate = Gate(cluster.name, plan=ctx.plan)
    room = room_in(NAMESPACE, ctx=ctx, cluster=cluster, api=api, gate=gate)
    skips = tuple(it for flow in _flows(cluster) if (it := _left_out(ctx, cluster, flow)))
    flows = [it for it in _flows(cluster) if it.check not in {skip.row.check for skip in skips}]
    with owing(f"remove namespace {NAMESPACE} from {cluster.name}", room.ask_away):
        try:
            findings = Trial(cluster=cluster, room=room, shell=shell, image=ctx.fleet.probe_image).run(flows)
        finally:
            room.say("removing the probe")
            removed = room.remove(Row(REMOVED, cluster.name))
    return done(task, Outcome(findings=(*skips, *findings, removed), changes=gate.changes))


def _left_out(ctx: RunContext, cluster: Cluster, flow: Flow) -> Finding | None:
    """What a trait's site goes without: the component whole, or its server."""
    row = Row(flow.check, cluster.name)
    return as_left_out(ctx, row, flow.component) or as_left_out(ctx, row, flow.check)


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """One cluster's tries during this task."""

    cluster: Cluster
    room: Room
    shell: Shell
    image: str

    def run(self, flows: Sequence[Flow]) -> tuple[Finding, ...]:
        """One finding for each flow; what nobody could try is an ERROR."""
        try:
            asked = {it.name: (address, it.port) for it in flows if (address := self._address(it))}
            self._raise_up()
            self.room.say(f"trying {len(asked)} flows")
            argv = ("/bin/sh", "-c", pod_script(asked))
            from_pod = jobs(self.room.api.execute(NAMESPACE, POD, argv, timeout_s=60).stdout)
            from_host = jobs(self.shell.run(Command.script(host_script(asked), timeout_s=60)).must_succeed().stdout)
        except FleetError as error:
            return unasked(self.cluster.name, flows, str(error))
        return tuple(self._judge(it, from_host, from_pod) if it.name in asked else self._absent(it) for it in flows)

    def _judge(self, flow: Flow, host: Mapping[str, tuple[int, str]], pod: Mapping[str, tuple[int, str]]) -> Finding:
        return judge_flow(self.cluster.name, flow, read_try(host.get(flow.name)), read_try(pod.get(flow.name)))

    def _absent(self, flow: Flow) -> Finding:
        (finding,) = unasked(self.cluster.name, (flow,), f"{flow.to} is not there, or has no address")
        return finding

    def _address(self, flow: Flow) -> str:
        """The Service's ClusterIP; empty where there is none."""
        found = self.room.api.find(f"/api/v1/namespaces/{flow.namespace}/services/{flow.service}")
        address = str(found["spec"].get("clusterIP") or "") if found else ""
        return "" if address == "None" else address

    def _raise_up(self) -> None:
        pod = object_of(NAMESPACE, "Pod", POD, spec=pod_spec(self.image, "exec sleep 3600"))
        self.room.make(stream_of(*room_of(NAMESPACE), pod), "a pod")
        path = f"{self.room.path}/pods/{POD}"
        wait_for(
            "the probe",
            lambda: unready({**self.room.api.get(path), "kind": "Pod"}),
            done=lambda said: not said,
            timeout_s=READY_S,
            every_s=POLL_S,
            say=self.room.say,
        )
