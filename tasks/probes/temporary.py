"""The objects of the path proof from their making to their last trace."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tasks.cilium.lease import LEASES, lease_name
from tasks.deploy.api import ApiError, ApiUnreachable
from tasks.deploy.ready import unready
from tasks.model.finding import Row
from tasks.probes.objects import NAMESPACE, POD, VIP_SERVICE, probe_stream
from tasks.probes.room import POLL_S
from tasks.run.wait import watch

if TYPE_CHECKING:
    from tasks.fleet.model import Cluster, Fleet
    from tasks.model.finding import Finding
    from tasks.probes.room import Room

READY_TIMEOUT_S = 90.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Temporary:
    """One cluster's probe objects."""

    cluster: Cluster
    room: Room

    def raise_up(self, fleet: Fleet) -> str:
        """
        Create the objects and wait until the pod is ready and its service has an address.

        Returns:
            what they still lack at the deadline, in words; empty where they stand

        Raises:
            ApiError, CommandFailed: they could not be created
            ApiUnreachable: the machine is gone

        """
        self.room.make(probe_stream(fleet, self.cluster), "a pod and two services")
        return watch(
            "the probe",
            self._lacking,
            done=lambda said: not said,
            timeout_s=READY_TIMEOUT_S,
            every_s=POLL_S,
            say=self.room.say,
        )

    def pod(self) -> dict[str, Any]:
        """The pod as the API server shows it."""
        return self.room.api.get(f"{self.room.path}/pods/{POD}")

    def remove(self) -> Finding:
        """Remove everything, and look whether it is gone."""
        return self.room.remove(Row("probe.removed", self.cluster.name), self._drop_lease)

    def _lacking(self) -> str:
        try:
            lacking = unready({**self.pod(), "kind": "Pod"})
            service = self.room.api.get(f"{self.room.path}/services/{VIP_SERVICE}")
        except ApiUnreachable:
            raise  # the machine is gone: nothing of it will be ready, and the others wait
        except ApiError as error:
            return str(error)
        if lacking:
            return f"its pod is not ready: {lacking}"
        return "" if (service["status"].get("loadBalancer") or {}).get("ingress") else "its service has no address yet"

    def _drop_lease(self) -> None:
        """Cilium gives its lease for the probe's service up, but never deletes it."""
        lease = lease_name(NAMESPACE, VIP_SERVICE)
        if self.room.api.find(f"{LEASES}/{lease}") is None:
            return
        self.room.gate.make(
            f"remove lease {lease}",
            lambda: self.room.kubectl.run(
                "-n", "kube-system", "delete", "lease", lease, "--ignore-not-found", "--wait=false", mutates=True
            ).must_succeed(),
            temporary=True,
        )
