"""The task that claims a volume, kills the pod that wrote to it, and reads it back from another one."""

from __future__ import annotations

import time
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from tasks.deploy.explain import explain, last_events
from tasks.deploy.identity import open_cluster
from tasks.deploy.ready import unready
from tasks.model.errors import WaitTimeout
from tasks.model.finding import Finding, Outcome, Row, Verdict, skipped
from tasks.probes import volume
from tasks.probes.room import planned, room_in
from tasks.run.afterwards import owing
from tasks.run.change import Gate
from tasks.run.step import done
from tasks.run.wait import wait_for

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from nornir.core.task import Result, Task

    from tasks.fleet.model import Cluster, Fleet
    from tasks.probes.room import Room
    from tasks.run.context import RunContext

CHECKS = (volume.BOUND, volume.SURVIVES, volume.REMOVED)
CAUSES: Mapping[str, tuple[str, ...]] = {
    "storage": ("api.ready",),
    volume.SURVIVES: ("api.ready", volume.BOUND),
}
MOUNTED_S, GONE_S = 90.0, 60.0
POLL_S = 0.25
_VOLUMES = "/api/v1/persistentvolumes"


def declares(fleet: Fleet) -> tuple[Row, ...]:
    """Three rows for every cluster."""
    return tuple(Row(check, cluster.name) for cluster in fleet.clusters for check in CHECKS)


def claim(task: Task, *, ctx: RunContext) -> Result:
    """
    Prove one cluster's storage. What is made for it is removed again, its volume and the data in it too.

    Returns:
        Result with ``result`` = Outcome(findings=one per row of ``declares``, changes that are all temporary)

    Raises:
        ApiError: the API server does not answer
        CommandFailed, WaitTimeout: the probe's objects could not be made

    """
    cluster = ctx.fleet.cluster(task.host.name)
    api = None if ctx.plan else open_cluster(ctx, cluster)
    if api is None:
        return done(task, Outcome(findings=tuple(planned(Row(check, cluster.name)) for check in CHECKS)))
    gate = Gate(cluster.name, plan=ctx.plan)
    room = room_in(volume.NAMESPACE, ctx=ctx, cluster=cluster, api=api, gate=gate)
    proof = Storage(cluster=cluster, room=room, image=ctx.fleet.probe_image, token=f"{ctx.run_id}-{cluster.name}")
    with owing(f"remove namespace {volume.NAMESPACE} and its volume from {cluster.name}", proof.ask_away):
        try:
            findings = proof.prove()
        finally:
            room.say("removing the probe")
            removed = room.remove(Row(volume.REMOVED, cluster.name), proof.remove_volumes)
    return done(task, Outcome(findings=(*findings, removed), changes=gate.changes))


@dataclass(frozen=True, slots=True, kw_only=True)
class Storage:
    """One cluster's volume during this task; ``token`` is what is written to it."""

    cluster: Cluster
    room: Room
    image: str
    token: str

    def prove(self) -> tuple[Finding, Finding]:
        """Claim, write, delete the writer, read."""
        survives = Row(volume.SURVIVES, self.cluster.name)
        try:
            storage = volume.default_class(self.room.api.items("/apis/storage.k8s.io/v1/storageclasses"))
        except ValueError as error:
            bound = Finding(
                row=Row(volume.BOUND, self.cluster.name),
                verdict=Verdict.FAIL,
                observed=str(error),
                wanted="one default StorageClass",
                remedy=f"python runbooks/full_deploy.py --only provide-storage --limit {self.cluster.name}",
                reproduce=f"kubectl --context {self.cluster.name} get storageclasses",
            )
            return bound, _consequence(survives, bound.row)
        bound = self._bound(storage)
        if bound.verdict is not Verdict.PASS:
            return bound, _consequence(survives, bound.row)
        self.take_data_along()
        try:
            return bound, self._survives()
        except WaitTimeout as error:
            evidence = explain(self.room.api, volume.NAMESPACE)
            return bound, Finding(
                row=survives,
                verdict=Verdict.FAIL,
                observed=str(error),
                wanted="a pod that mounts the volume is ready",
                remedy="mend what the evidence names",
                reproduce=f"kubectl --context {self.cluster.name} get persistentvolumes,volumeattachments",
                evidence=evidence,
            )

    def _bound(self, storage: Mapping[str, Any]) -> Finding:
        stream = volume.writing_stream(self.image, self.token)
        began = self.room.make(stream, "a claim and a pod that writes to it")
        lacking = ""
        try:
            self._must(
                "the claim to be bound", lambda: self._lacking("persistentvolumeclaims", volume.CLAIM), volume.BOUND_S
            )
        except WaitTimeout as error:
            lacking = error.last
        took_s = time.monotonic() - began
        evidence: tuple[str, ...] = ()
        if lacking:
            events = self.room.api.items(f"{self.room.path}/events")
            evidence = (*last_events(events, volume.CLAIM), *explain(self.room.api, volume.NAMESPACE))
        return volume.judge_bound(self.cluster.name, storage, took_s, lacking, evidence)

    def _survives(self) -> Finding:
        self._await_ready(volume.WRITER)
        writer = self._uid(volume.WRITER)
        self.room.gate.make(
            f"delete pod {volume.WRITER}",
            lambda: self.room.kubectl.run(
                "-n", volume.NAMESPACE, "delete", "pod", volume.WRITER, "--wait=false", mutates=True
            ).must_succeed(),
            temporary=True,
        )
        self._must("pod writer to go", lambda: "it is still there" if self._find("pods", volume.WRITER) else "", GONE_S)
        self.room.gate.make(
            f"create pod {volume.READER}",
            lambda: self.room.kubectl.apply(volume.reading_stream(self.image), volume.NAMESPACE).must_succeed(),
            temporary=True,
        )
        self._await_ready(volume.READER)
        argv = ("cat", volume.TOKEN_FILE)
        read = self.room.api.execute(volume.NAMESPACE, volume.READER, argv).must_succeed().stdout
        return volume.judge_survives(self.cluster.name, self.token, read, writer, self._uid(volume.READER))

    def _await_ready(self, pod: str) -> None:
        self._must(f"pod {pod} to be ready", lambda: self._lacking("pods", pod), MOUNTED_S)

    def _must(self, what: str, lacking: Callable[[], str], timeout_s: float) -> None:
        wait_for(what, lacking, done=lambda it: not it, timeout_s=timeout_s, every_s=POLL_S, say=self.room.say)

    def _lacking(self, plural: str, name: str) -> str:
        kind = {"pods": "Pod", "persistentvolumeclaims": "PersistentVolumeClaim"}[plural]
        found = self._find(plural, name)
        return unready({**found, "kind": kind}) if found else "it is not there"

    def _find(self, plural: str, name: str) -> dict[str, Any] | None:
        return self.room.api.find(f"{self.room.path}/{plural}/{name}")

    def _uid(self, pod: str) -> str:
        return str(self.room.api.get(f"{self.room.path}/pods/{pod}")["metadata"]["uid"])

    def _volumes(self) -> dict[str, str]:
        return volume.volumes_of_probe(self.room.api.items(_VOLUMES))

    def take_data_along(self, *, timeout_s: float = 30.0) -> None:
        """A class may keep the data of a deleted claim (``Retain``): of the probe's, nothing is to be kept."""
        for name in (name for name, policy in self._volumes().items() if policy != "Delete"):
            argv = ("patch", "persistentvolume", name, "-p", '{"spec":{"persistentVolumeReclaimPolicy":"Delete"}}')
            patch = partial(self.room.kubectl.run, *argv, mutates=True, timeout_s=timeout_s)
            self.room.gate.make(
                f"let volume {name} go with its claim",
                lambda: patch().must_succeed(),  # noqa: B023  called at once
                temporary=True,
            )

    def remove_volumes(self) -> None:
        """Have the proof's volumes deleted, those of an earlier proof too, and wait until they are gone."""
        self.take_data_along()
        self._must("the probe's volumes to go", lambda: ", ".join(self._volumes()), GONE_S)

    def ask_away(self) -> None:
        """Ask for the removal, and do not wait for it."""
        self.take_data_along(timeout_s=10)
        self.room.ask_away()


def _consequence(row: Row, cause: Row) -> Finding:
    return skipped(row, "not asked: there is no volume", cause)
