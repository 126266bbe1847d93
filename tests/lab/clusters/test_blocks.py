"""What Prometheus cuts arrives in the object store, and is read from there."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tasks.run.wait import wait_for
from tests.lab.clusters.fleet import NAMES
from tests.lab.series import uncovered, uploaded

if TYPE_CHECKING:
    from tests.lab.clusters.outage import Outage
    from tests.lab.operator import Operator, Ran


def test_what_waited_for_the_object_store_is_uploaded(outage: Outage, operator: Operator) -> None:
    """Of every cluster, blocks that leave no minute of the outage out."""
    outage.end()

    def missing() -> dict[str, list[tuple[float, float]]]:
        have = uploaded(operator)
        left = {it: uncovered(have.get(it, []), outage.since, outage.until) for it in NAMES}
        return {it: gaps for it, gaps in left.items() if gaps}

    wait_for("the outage's blocks", missing, done=lambda it: not it, timeout_s=900, every_s=10)


def test_blocks_are_cut_uploaded_and_read_back(deployed: Ran, operator: Operator) -> None:
    """US1 acceptance 4, US2 acceptance 3: of every cluster, and history that no Prometheus has any more out of S3."""
    assert deployed.code == 0
    rows = [
        f"blocks.{it}@{cluster}" for it in ("newest", "labels", "overlap", "served", "history") for cluster in NAMES
    ]

    def judged() -> dict[str, str]:
        verdicts = operator.run("verify", "--only", "look-at-blocks").verdicts
        return {row: verdicts[row] for row in rows}

    seen = wait_for(
        "history out of S3", judged, done=lambda it: set(it.values()) == {"PASS"}, timeout_s=1500, every_s=20
    )
    assert set(seen.values()) == {"PASS"}
