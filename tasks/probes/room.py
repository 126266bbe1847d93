"""A namespace that a proof needs for some seconds, from its making to its last trace, whatever happens in between."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tasks.deploy.kubectl import kubectl_of
from tasks.model.errors import FleetError
from tasks.model.finding import Finding, Verdict, skipped
from tasks.run.wait import wait_for

if TYPE_CHECKING:
    from collections.abc import Callable

    from tasks.deploy.api import KubeApi
    from tasks.deploy.kubectl import Kubectl
    from tasks.fleet.model import Cluster
    from tasks.model.finding import Row
    from tasks.run.change import Gate
    from tasks.run.context import RunContext

GONE_TIMEOUT_S = 90.0
POLL_S = 0.5


def planned(row: Row) -> Finding:
    """A row that needs temporary objects, in a plan."""
    said = "planned: a proof makes objects, and is made by a real run"
    return skipped(row, said)


@dataclass(frozen=True, slots=True, kw_only=True)
class Room:
    """
    One temporary namespace of one cluster.

    It is removed by ``remove``; where that is not reached, at the end of the run (``ask_away``); and where not even
    that, by the next ``make`` before it begins.
    """

    namespace: str
    api: KubeApi
    kubectl: Kubectl
    gate: Gate
    say: Callable[[str], None]

    @property
    def path(self) -> str:
        """Where the API server has the namespace."""
        return f"/api/v1/namespaces/{self.namespace}"

    def make(self, stream: str, what: str) -> float:
        """
        Create the namespace with its objects; what an earlier proof has left there is removed first.

        Arguments:
            stream: all objects, the namespace among them
            what: what is in it, in words

        Returns:
            ``time.monotonic()`` value when its making began, behind all cleaning

        Raises:
            ApiError, CommandFailed: they could not be created
            WaitTimeout: what is left does not go

        """
        if self.api.find(self.path) is not None:
            self._delete("remove what an earlier proof left in namespace")
            self._await_gone()
        self.say("creating the probe")
        began = time.monotonic()
        self.gate.make(
            f"create namespace {self.namespace} with {what}",
            lambda: self.kubectl.apply(stream, self.namespace).must_succeed(),
            undo=self._by_hand,
            temporary=True,
        )
        return began

    def remove(self, row: Row, also: Callable[[], None] = lambda: None) -> Finding:
        """Remove everything, ``also`` what is in no namespace, and look whether it is gone."""
        try:
            if self.api.find(self.path) is not None:
                self._delete("remove namespace")
                self._await_gone()
            also()
        except FleetError as error:
            return Finding(
                row=row,
                verdict=Verdict.FAIL,
                observed=f"namespace {self.namespace} may still be there: {error}",
                wanted="nothing of the proof is left",
                remedy=self._by_hand,
                reproduce=f"kubectl --context {self.kubectl.context} get namespace {self.namespace}",
            )
        return Finding(row=row, verdict=Verdict.PASS, observed=f"namespace {self.namespace} is gone")

    def ask_away(self) -> None:
        """Ask for the removal, and do not wait for it."""
        self.kubectl.run(*self._argv, mutates=True, timeout_s=10).must_succeed()

    @property
    def _argv(self) -> tuple[str, ...]:
        return ("delete", "namespace", self.namespace, "--ignore-not-found", "--wait=false")

    @property
    def _by_hand(self) -> str:
        return f"kubectl --context {self.kubectl.context} delete namespace {self.namespace}"

    def _delete(self, sentence: str) -> None:
        self.gate.make(
            f"{sentence} {self.namespace}",
            lambda: self.kubectl.run(*self._argv, mutates=True).must_succeed(),
            temporary=True,
        )

    def _await_gone(self) -> None:
        wait_for(
            f"namespace {self.namespace} to go",
            lambda: self.api.find(self.path) is not None,
            done=lambda it: not it,
            timeout_s=GONE_TIMEOUT_S,
            every_s=POLL_S,
            say=self.say,
            show=lambda _: "it is still there",
        )


def room_in(namespace: str, *, ctx: RunContext, cluster: Cluster, api: KubeApi, gate: Gate) -> Room:
    """A temporary namespace of one cluster, whose identity is proven by ``open_cluster``."""
    return Room(
        namespace=namespace,
        api=api,
        kubectl=kubectl_of(ctx, cluster.name),
        gate=gate,
        say=lambda text: ctx.progress.doing(cluster.name, text),
    )
