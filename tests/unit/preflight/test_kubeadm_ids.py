"""Nothing that kubeadm asks before `init` goes unasked here."""

from __future__ import annotations

import pytest

from tasks.preflight.kubeadm_ids import ANSWERED_BY, NOT_ASKED
from tasks.preflight.rows import host_rows, operator_rows, path_stage_rows
from tests.unit.preflight.recordings import RECORDED, fleet

VERSIONS = sorted(RECORDED.joinpath("kubeadm-ids").iterdir())
KUBEADMS = sorted({line for version in VERSIONS for line in (version / "stdout.txt").read_text().split()})


def test_the_recorded_lists_are_there() -> None:
    """An empty list would prove nothing; v1.33's own has 29 different ids."""
    assert [version.name for version in VERSIONS] == ["v1.30.14", "v1.33.13"]
    assert len((VERSIONS[1] / "stdout.txt").read_text().split()) == 29


@pytest.mark.parametrize("kubeadms", KUBEADMS)
def test_every_id_has_an_answer_or_a_reason(kubeadms: str) -> None:
    """Either a check of ours answers it, or it says why it can never arise; not both."""
    assert (kubeadms in ANSWERED_BY) != (kubeadms in NOT_ASKED)


@pytest.mark.parametrize("ours", sorted(set(ANSWERED_BY.values())))
def test_every_answer_is_declared_for_every_host(ours: str) -> None:
    """A check that no stage owes would never run."""
    site = fleet()
    declared = {(row.check, row.target) for rows in (operator_rows, host_rows, path_stage_rows) for row in rows(site)}
    assert {(ours, cluster.name) for cluster in site.clusters} <= declared
