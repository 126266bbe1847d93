"""A fleet that stands: what is done again, changed by hand, left over or tried on one cluster first."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.lab.clusters.fleet import NAMES, VICTIM

if TYPE_CHECKING:
    from tests.lab.operator import Operator, Ran


def test_the_second_run_changes_nothing(again: Ran, operator: Operator) -> None:
    """Zero mutations, green, and the plan after it is empty."""
    assert (again.code, again.changes(), again.red) == (0, [], {})
    plan = operator.run("full_deploy", "--plan")
    assert (plan.code, plan.changes(made=False)) == (0, [])


def test_running_clusters_pass_the_preflight_that_bare_machines_pass(again: Ran) -> None:
    """A cluster's own ports, files and addresses are at home; what the host must be is judged as before."""
    for cluster in NAMES:
        assert {again.verdict(f"{check}@{cluster}") for check in ("host.installation", "host.port.6443")} == {"PASS"}


def test_what_was_changed_by_hand_is_repaired_alone(deployed: Ran, operator: Operator) -> None:
    """One object deleted and one edited in one cluster: a plan names the two, a run mends the two."""
    assert deployed.code == 0
    operator.kubectl(VICTIM, "-n", "kube-system", "delete", "configmap", "cilium-config")
    operator.kubectl(VICTIM, "-n", "kube-system", "scale", "deployment", "cilium-operator", "--replicas=2")
    wanted = [f"{VICTIM}: apply cilium: ConfigMap cilium-config, Deployment cilium-operator (2 of 37 differ)"]
    plan = operator.run("full_deploy", "--only", "install-cilium,await-nodes", "--plan")
    assert (plan.code, plan.changes(made=False)) == (4, wanted)
    repaired = operator.run("full_deploy", "--only", "install-cilium,await-nodes")
    assert (repaired.code, repaired.changes()) == (0, wanted)
