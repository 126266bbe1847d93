"""Four real machines become four real clusters, and stay what they are; what several tests look at is run once."""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING

import pytest

from tests.lab.clusters.arguments import watching
from tests.lab.clusters.fleet import NAMES
from tests.lab.clusters.outage import Outage, told_of_the_outage
from tests.lab.operator import Operator, Ran

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.lab.harness import Lab


@pytest.fixture(scope="package")
def operator(lab: Lab, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Operator]:
    """An operator whose machines are bare; they are bare again at the end."""
    someone = Operator(lab, tmp_path_factory.mktemp("state"))
    someone.enrol()
    yield someone
    someone.run("reset_cluster", *NAMES, "--yes", ",".join(NAMES))


def traces(operator: Operator) -> dict[str, str]:
    """Everything on the machines that a deployment would change: path and content."""
    script = (
        "find /etc/kubernetes /etc/cni /var/lib/kubelet /var/lib/etcd /etc/systemd/system -type f 2>/dev/null"
        " | sort | xargs -r sha256sum; iptables-save | grep ^:; ip -br link | cut -d' ' -f1"
    )
    return {machine: operator.lab.on(machine, ["sh", "-c", script]) for machine in NAMES}


@pytest.fixture(scope="package")
def planned(operator: Operator) -> Ran:
    """The plan for bare machines, with proof that it left no trace."""
    before = traces(operator)
    ran = operator.run("full_deploy", "--plan")
    assert traces(operator) == before
    return ran


@pytest.fixture(scope="package")
def arguments() -> set[str]:
    """Of every process that was seen while the fleet was deployed."""
    return set()


@pytest.fixture(scope="package")
def deployed(operator: Operator, planned: Ran, arguments: set[str]) -> Ran:
    """The deployment of bare machines."""
    assert planned.code == 4, planned.red
    with watching(arguments):
        return operator.run("full_deploy")


@pytest.fixture(scope="package")
def again(operator: Operator, deployed: Ran) -> Ran:
    """The same deployment once more."""
    assert deployed.code == 0
    return operator.run("full_deploy")


@pytest.fixture(scope="package")
def verified(operator: Operator, deployed: Ran) -> Ran:
    """The proof of everything."""
    assert deployed.code == 0
    return operator.run("verify")


@pytest.fixture(scope="package")
def audited(operator: Operator, verified: Ran) -> Ran:
    """The operator's own audit of a sound fleet."""
    assert verified.code == 0
    return operator.run("nightly_audit")


@pytest.fixture(scope="package")
def outage(deployed: Ran, operator: Operator, lab: Lab) -> Iterator[Outage]:
    """It begins with the first test that wants it, and ends with its file, or when one asks what came of it."""
    assert deployed.code == 0
    before = told_of_the_outage(operator)
    with ExitStack() as broken:
        broken.enter_context(lab.fault("s3-away"))
        yield Outage(broken, before)
