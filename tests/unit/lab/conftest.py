"""A small lab as a value: nothing here runs."""

from ipaddress import IPv4Address, IPv4Interface
from pathlib import Path

import pytest

from lab.plan import LabPlan, Machine, ObjectStore
from lab.state import State


@pytest.fixture
def plan() -> LabPlan:
    """Two machines and an object store."""
    return LabPlan(
        gateway=IPv4Interface("192.168.101.1/24"),
        seat=IPv4Interface("192.168.101.10/24"),
        machines=(
            Machine(name="cluster-01", address=IPv4Interface("192.168.101.194/24")),
            Machine(name="cluster-02", address=IPv4Interface("192.168.101.196/24")),
        ),
        store=ObjectStore(
            address=IPv4Interface("172.16.203.1/24"),
            router=IPv4Interface("172.16.203.254/24"),
            port=80,
            buckets=("thanos-bucket",),
        ),
        records=(("s3.minio.miribit.lab", IPv4Address("172.16.203.1")),),
        domain="miribit.lab",
    )


@pytest.fixture
def state(tmp_path: Path) -> State:
    """An instance whose folder exists and is empty."""
    root = tmp_path / "fleetproof" / "unit"
    root.mkdir(parents=True)
    return State(instance="unit", root=root)
