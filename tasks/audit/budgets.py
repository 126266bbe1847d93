"""What numbers may grow or shrink to before it hurts, each with its argument."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from tasks.fleet.model import Fleet  # noqa: TC001  rows are made from it
from tasks.model.finding import Row
from tasks.preflight.wanted import DISKS
from tasks.probes.certificates import LEFT
from tasks.probes.checks import CERTIFICATE_WARN_DAYS
from tasks.probes.control_plane import LATENCY
from tasks.probes.etcd import SIZE


@dataclass(frozen=True, slots=True, kw_only=True)
class Budget:
    """
    One number of one check.

    Attributes:
        check: the row whose measure it is
        measure: the measure's name
        limit: where it hurts, in ``unit``
        unit: the measure's
        rising: the number hurts when it grows; False where it hurts when it shrinks
        why: the limit's argument

    """

    check: str
    measure: str
    limit: float
    unit: str
    rising: bool
    why: str

    @property
    def trend(self) -> str:
        """Id of the row that says where the number leads."""
        return f"trend.{self.check}"


BUDGETS: Final = (
    *(
        Budget(
            check=f"host.disk.{one.path.rpartition('/')[2]}",
            measure="disk.used",
            limit=85.0,
            unit="%",
            rising=True,
            why="from there on the kubelet deletes images, and evicts pods not long after",
        )
        for one in DISKS
    ),
    *(
        Budget(
            check=f"certificates.{whose}",
            measure=LEFT,
            limit=float(CERTIFICATE_WARN_DAYS),
            unit="days",
            rising=False,
            why="time enough to renew in office hours",
        )
        for whose in ("control-plane", "kubelet", "operator")
    ),
    Budget(
        check="etcd.size", measure=SIZE, limit=1229.0, unit="MiB", rising=True, why="60 % of etcd's own quota of 2 GiB"
    ),
    Budget(
        check="api.ready",
        measure=LATENCY,
        limit=1.0,
        unit="s",
        rising=True,
        why="an answer that takes longer than Kubernetes' own objective for reading one object",
    ),
)


def rows_of(fleet: Fleet) -> tuple[tuple[Budget, Row], ...]:
    """Every budget on every cluster, with the row that is measured."""
    return tuple((budget, Row(budget.check, cluster.name)) for cluster in fleet.clusters for budget in BUDGETS)
