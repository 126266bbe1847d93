"""A fresh workbench per test."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from nornir.core import Nornir
from nornir.core.configuration import Config
from nornir.core.state import GlobalState
from nornir.plugins.runners import SerialRunner

from tasks.fleet.plugin import FleetInventory
from tests.unit.run.processes import Probe
from tests.unit.run.workbench import ROOT, Workbench

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def bench(tmp_path: Path) -> Workbench:
    """The project's own inventory, its own Nornir and its own state folder."""
    inventory = FleetInventory(str(ROOT / "inventory")).load()
    nornir = Nornir(inventory=inventory, runner=SerialRunner(), config=Config(), data=GlobalState())
    return Workbench(state=tmp_path / "state", nornir=nornir, fleet=inventory.defaults.data["fleet"])


@pytest.fixture
def probe(tmp_path: Path) -> Probe:
    """A runbook that runs as a process of its own."""
    return Probe(tmp_path)
