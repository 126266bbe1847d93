"""
The lab under test: booted once for all tests of this folder, taken down at the end.

    FLEETPROOF_LAB    a lab of that name is used; if it was up already it stays up, which makes the daily loop short

Where the lab cannot run, every test here is skipped, and says what is missing.
"""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from lab import build, record
from lab.check import obstacles
from lab.inventory import plan_from_inventory
from lab.plan import LabPlan
from lab.progress import Progress
from lab.record import Materials, Record
from lab.state import open_state
from lab.up import down, up
from tests.lab.harness import ROOT, Lab, Small

HERE = Path(__file__).parent
TURNS = (
    # they want machines without clusters: a second small lab fits beside the first only then (inotify instances)
    *("test_lab_faults", "test_lab_itself"),
    # one fleet, as an operator goes
    *("test_deployed", "test_verified", "test_audited", "test_converged", "test_outage", "test_losses", "test_paths"),
    *("test_blocks", "test_reset"),
    # bare machines again
    *("test_preflight", "test_transport"),
)
"""Every file of tests here, in the order in which they run."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Everything in this folder is a test of the lab, which `-m "not lab"` leaves out; they come after all others."""
    for item in items:
        if item.path.is_relative_to(HERE):
            item.add_marker(pytest.mark.lab)
    items.sort(key=_turn)


def _turn(item: pytest.Item) -> int:
    if not item.path.is_relative_to(HERE):
        return 0
    if item.path.stem not in TURNS:
        raise pytest.UsageError(f"{item.path} has no turn: say in {Path(__file__).name} after which file it runs")
    return 1 + TURNS.index(item.path.stem)


@pytest.fixture(scope="session")
def site() -> LabPlan:
    """The plan of the project's own inventory."""
    return plan_from_inventory(ROOT / "inventory")


@pytest.fixture(scope="session")
def materials(site: LabPlan, request: pytest.FixtureRequest) -> Materials:
    """What labs boot from, built now where it is not; skips where no lab can run."""
    found = obstacles(site, open_state(_environment()))
    if found:
        pytest.skip("the lab cannot run here: " + " | ".join(map(str, found)))
    capture = request.config.pluginmanager.getplugin("capturemanager")
    with capture.global_and_fixture_disabled():
        built = build.ensure(Progress())
    return Materials(root_file_system=built.rootfs, images=built.containerd, tools=built.bin, charts=built.charts)


@pytest.fixture(scope="session")
def lab(site: LabPlan, materials: Materials) -> Iterator[Lab]:
    """All machines of the site, booted; what a test breaks it mends."""
    state = open_state(_environment())
    was_up = (state.root / "lab.json").exists()
    up(Record(plan=site, materials=materials), state, Progress())
    yield Lab(record.load(state), state)
    if not was_up:
        down(state, Progress())


@pytest.fixture
def small(site: LabPlan, materials: Materials) -> Iterator[Small]:
    """It is down when the test starts, and when it has ended."""
    one = Small(site, materials, f"{open_state(_environment()).instance[:14]}-small")
    down(one.state, Progress())
    yield one
    down(one.state, Progress())


def _environment() -> dict[str, str]:
    return {**os.environ, "FLEETPROOF_LAB": os.environ.get("FLEETPROOF_LAB") or "tests"}
