"""The probe's objects from their making to their last trace, whatever happens in between."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tasks.cilium.lease import LEASES, lease_name
from tasks.deploy.api import ApiError
from tasks.deploy.ready import unready
from tasks.model.errors import FleetError, WaitTimeout
from tasks.model.finding import Finding, Row, Verdict
from tasks.probes.objects import NAMESPACE, POD, VIP_SERVICE, probe_stream
from tasks.run.wait import wait_for

if TYPE_CHECKING:
    from collections.abc import Callable

    from tasks.deploy.api import KubeApi
    from tasks.deploy.kubectl import Kubectl
    from tasks.fleet.model import Cluster, Fleet
    from tasks.run.change import Gate

READY_TIMEOUT_S = 90.0
GONE_TIMEOUT_S = 90.0
POLL_S = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class Temporary:
    """
    One cluster's probe objects.

    They are removed by ``remove``; where that is not reached, at the end of the run (``ask_away``); and where not even
    that, by the next proof before it begins.
    """

    cluster: Cluster
    api: KubeApi
    kubectl: Kubectl
    gate: Gate
    say: Callable[[str], None]

    def raise_up(self, fleet: Fleet) -> str:
        """
        Create the objects and wait until the pod is ready and its service has an address.

        Returns:
            what they still lack at the deadline, in words; empty where they stand

        Raises:
            ApiError, CommandFailed: they could not be created

        """
        if self.api.find(f"/api/v1/namespaces/{NAMESPACE}") is not None:
            self._delete("remove what an earlier proof left in namespace")
            self._await_gone()
        self.say("creating the probe")
        stream = probe_stream(fleet, self.cluster)
        self.gate.make(
            f"create namespace {NAMESPACE} with a pod and two services",
            lambda: self.kubectl.apply(stream, NAMESPACE).must_succeed(),
            undo=f"kubectl --context {self.cluster.name} delete namespace {NAMESPACE}",
            temporary=True,
        )
        try:
            wait_for(
                "the probe",
                self._lacking,
                done=lambda said: not said,
                timeout_s=READY_TIMEOUT_S,
                every_s=POLL_S,
                say=self.say,
            )
        except WaitTimeout as error:
            return error.last
        return ""

    def pod(self) -> dict[str, Any]:
        """The pod as the API server shows it."""
        return self.api.get(f"/api/v1/namespaces/{NAMESPACE}/pods/{POD}")

    def remove(self) -> Finding:
        """Remove everything, and look whether it is gone."""
        row = Row("probe.removed", self.cluster.name)
        show = f"kubectl --context {self.cluster.name} get namespace {NAMESPACE}"
        try:
            if self.api.find(f"/api/v1/namespaces/{NAMESPACE}") is not None:
                self._delete("remove namespace")
                self._await_gone()
            self._drop_lease()
        except FleetError as error:
            return Finding(
                row=row,
                verdict=Verdict.FAIL,
                observed=f"namespace {NAMESPACE} may still be there: {error}",
                wanted="nothing of the proof is left",
                remedy=f"kubectl --context {self.cluster.name} delete namespace {NAMESPACE}",
                reproduce=show,
            )
        return Finding(row=row, verdict=Verdict.PASS, observed=f"namespace {NAMESPACE} is gone")

    def _lacking(self) -> str:
        try:
            lacking = unready({**self.pod(), "kind": "Pod"})
            service = self.api.get(f"/api/v1/namespaces/{NAMESPACE}/services/{VIP_SERVICE}")
        except ApiError as error:
            return str(error)
        if lacking:
            return f"its pod is not ready: {lacking}"
        return "" if (service["status"].get("loadBalancer") or {}).get("ingress") else "its service has no address yet"

    def _delete(self, sentence: str) -> None:
        argv = ("delete", "namespace", NAMESPACE, "--ignore-not-found", "--wait=false")
        self.gate.make(
            f"{sentence} {NAMESPACE}",
            lambda: self.kubectl.run(*argv, mutates=True).must_succeed(),
            temporary=True,
        )

    def _drop_lease(self) -> None:
        """Cilium gives its lease for the probe's service up, but never deletes it."""
        lease = lease_name(NAMESPACE, VIP_SERVICE)
        if self.api.find(f"{LEASES}/{lease}") is None:
            return
        self.gate.make(
            f"remove lease {lease}",
            lambda: self.kubectl.run(
                "-n", "kube-system", "delete", "lease", lease, "--ignore-not-found", "--wait=false", mutates=True
            ).must_succeed(),
            temporary=True,
        )

    def _await_gone(self) -> None:
        def there() -> bool:
            return self.api.find(f"/api/v1/namespaces/{NAMESPACE}") is not None

        wait_for(
            f"namespace {NAMESPACE} to go",
            there,
            done=lambda it: not it,
            timeout_s=GONE_TIMEOUT_S,
            every_s=POLL_S,
            say=self.say,
            show=lambda _: "it is still there",
        )

    def ask_away(self) -> None:
        """Ask for the removal, and do not wait for it."""
        argv = ("delete", "namespace", NAMESPACE, "--ignore-not-found", "--wait=false")
        self.kubectl.run(*argv, mutates=True, timeout_s=10).must_succeed()
