"""One cluster's log canary from its pod to the central OpenSearch."""

from __future__ import annotations

import secrets
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tasks.deploy.kubectl import kubectl_of
from tasks.model.errors import FleetError, in_words
from tasks.model.finding import Finding, Verdict
from tasks.opensearch.canary import NAMESPACE, WITHIN_S, Canary, hits, newest, where_it_stopped, wrong_line
from tasks.run.afterwards import owing
from tasks.run.wait import wait_for, watch

if TYPE_CHECKING:
    from tasks.deploy.api import KubeApi
    from tasks.fleet.model import Cluster
    from tasks.model.finding import Row
    from tasks.opensearch.client import OpenSearch
    from tasks.run.change import Gate
    from tasks.run.context import RunContext

WRITTEN_S = 60.0
POLL_S = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class Flight:
    """One cluster during this task."""

    ctx: RunContext
    cluster: Cluster
    api: KubeApi
    search: OpenSearch
    gate: Gate

    def fly(self, row: Row) -> Finding:
        """Let a pod write a line, and search for it until it is there or its time is over; the pod is removed."""
        canary = Canary(cluster=self.cluster.name, token=secrets.token_hex(16))
        try:
            with owing(f"remove pod {canary.pod} from {self.cluster.name}", lambda: self._remove(canary)):
                try:
                    return self._fly(row, canary)
                finally:
                    self.gate.make(f"remove pod {canary.pod}", lambda: self._remove(canary), temporary=True)
        except FleetError as error:
            return Finding(row=row, verdict=Verdict.ERROR, observed=str(error).splitlines()[-1], remedy=_REMEDY)

    def _fly(self, row: Row, canary: Canary) -> Finding:
        stream = canary.stream(self.ctx.fleet.probe_image)
        kubectl = kubectl_of(self.ctx, self.cluster.name)
        self.gate.make(
            f"create pod {canary.pod} that writes a line and ends",
            lambda: kubectl.apply(stream, NAMESPACE).must_succeed(),
            undo=f"kubectl --context {self.cluster.name} -n {NAMESPACE} delete pod {canary.pod}",
            temporary=True,
        )
        wait_for("the canary's pod to end", lambda: self._phase(canary), done=_ENDED.__contains__, timeout_s=WRITTEN_S,
                 every_s=POLL_S, say=self._say)  # fmt: skip
        began = time.monotonic()
        said = self._search(canary)
        return self._judge(row, canary, said, time.monotonic() - began)

    def _phase(self, canary: Canary) -> str:
        pod = self.api.get(f"/api/v1/namespaces/{NAMESPACE}/pods/{canary.pod}")
        return str(pod.get("status", {}).get("phase", "Pending"))

    def _search(self, canary: Canary) -> str:
        """Search until the line is as wanted; what is wrong with it at the deadline."""

        def once() -> str:
            try:
                return wrong_line(canary, hits(self.search.search("logs-*", canary.query)))
            except (FleetError, ValueError, KeyError) as error:
                return in_words(error)

        return watch(
            "the canary's line in OpenSearch",
            once,
            done=lambda said: not said,
            timeout_s=WITHIN_S,
            every_s=POLL_S,
            say=self._say,
        )

    def _judge(self, row: Row, canary: Canary, said: str, took_s: float) -> Finding:
        if not said:
            return Finding(
                row=row,
                verdict=Verdict.PASS,
                observed=f"a line was found {took_s:.1f} s after it was written",
                duration_s=took_s,
            )
        try:
            hop = where_it_stopped(canary.cluster, hits(self.search.search("logs-*", newest(canary.cluster))))
        except (FleetError, ValueError, KeyError) as error:
            hop = str(error)
        return Finding(
            row=row,
            verdict=Verdict.FAIL,
            observed=f"{said} after {took_s:.0f} s; {hop}",
            wanted=f"a pod's line is found within {WITHIN_S:.0f} s, with its cluster, pod and stream (SC-006)",
            remedy=f"kubectl --context {canary.cluster} -n fluent-bit logs daemonset/fluent-bit",
            reproduce=self.search.by_hand("GET", f"/logs-*/_search?q=log:{canary.token}"),
            duration_s=took_s,
        )

    def _remove(self, canary: Canary) -> None:
        argv = ("-n", NAMESPACE, "delete", "pod", canary.pod, "--ignore-not-found", "--wait=false")
        kubectl_of(self.ctx, self.cluster.name).run(*argv, mutates=True, timeout_s=20).must_succeed()

    def _say(self, what: str) -> None:
        self.ctx.progress.doing(self.cluster.name, what)


_ENDED = frozenset({"Succeeded", "Failed"})
_REMEDY = "kubectl get pods -n default; the pod's own events say why it did not run"
