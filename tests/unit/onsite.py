"""Real tasks over the real inventory, with scripted shells where the machines would be."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nornir.plugins.runners import SerialRunner

from tasks.run.context import RunContext
from tasks.settings import Settings, open_nornir
from tasks.transport.fake import KeptShell, ScriptedShell

if TYPE_CHECKING:
    from collections.abc import Callable

    from nornir.core.task import Result

    from tasks.fleet.model import Fleet
    from tasks.model.finding import Outcome

ROOT = Path(__file__).resolve().parents[2]
RUN_ID = "20261123T140501Z-1a2b"


@dataclass
class Told:
    """A progress that remembers."""

    lines: list[str] = field(default_factory=list)

    def doing(self, target: str, what: str) -> None:
        """Remember it."""
        self.lines.append(f"{target}: {what}")

    def note(self, text: str) -> None:
        """Remember it."""
        self.lines.append(text)


@dataclass
class OnSite:
    """One host of the inventory, whose shell answers what the test teaches it."""

    state: Path
    host: str = "cluster-03"
    plan: bool = False
    told: Told = field(default_factory=Told)
    root: Path = ROOT
    traits: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Open the inventory and lay the scripted shell behind the host."""
        self.shell = ScriptedShell(plan=self.plan)
        settings = Settings(state=self.state, traits=self.traits)
        nornir = open_nornir(self.root, settings)
        nornir.data.dry_run = self.plan
        self.fleet: Fleet = nornir.inventory.defaults.data["fleet"]
        self.nornir = nornir.filter(name=self.host).with_runner(SerialRunner())
        self.nornir.inventory.hosts[self.host].connections["node_shell"] = KeptShell(self.shell)
        self.ctx = RunContext(
            fleet=self.fleet,
            settings=settings,
            root=self.root,
            state=self.state,
            plan=self.plan,
            run_id=RUN_ID,
            progress=self.told,
            deadline_at=time.monotonic() + 60,
        )

    @property
    def cluster(self) -> Any:
        """The host's cluster."""
        return self.fleet.cluster(self.host)

    def run(self, step: Callable[..., Result]) -> Outcome:
        """Run a host step; what it raises is raised."""
        self.nornir.data.reset_failed_hosts()
        result = self.nornir.run(task=step, ctx=self.ctx)[self.host][0]
        if result.exception:
            raise result.exception
        outcome: Outcome = result.result
        return outcome
