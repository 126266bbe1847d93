"""A service's process: in its own namespace and control group, without a terminal, alive until the lab goes down."""

import subprocess
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from lab import linux, processes
from lab.cgroups import Group, host_hierarchies
from lab.processes import ProcessId
from lab.state import State

_POLL_S = 0.05
_LOG_TAIL_LINES = 5
_ENVIRONMENT = {"PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "HOME": "/nonexistent"}

# The process counts itself into its group before it becomes the program: no crash of the caller leaves one uncounted.
_JOIN_AND_BECOME = 'echo $$ >"$0" && exec "$@"'


class ServiceError(RuntimeError):
    """A service of the lab does not run or does not answer; the text ends with its own last words."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Daemon:
    """
    One program of the lab.

    Attributes:
        network: the namespace it lives in, by its name on the wire
        environment: may hold secrets, which is why it is not part of the argv

    """

    name: str
    network: str
    argv: tuple[str, ...]
    environment: Mapping[str, str] = field(default_factory=dict, repr=False)

    def folder(self, state: State) -> Path:
        """Its configuration, data, log and process id."""
        return state.services / self.name

    def process(self, state: State) -> ProcessId | None:
        """The process, if it runs."""
        return processes.remembered(self.folder(state) / "pid")

    def start(self, state: State) -> None:
        """Start it where it does not run; returns at once."""
        if self.process(state):
            return
        group = self._group(state)
        group.remove()
        group.create()
        folder = self.folder(state)
        folder.mkdir(parents=True, exist_ok=True)
        launch = ["/bin/sh", "-c", _JOIN_AND_BECOME, str(group.folders[0] / "cgroup.procs"), *self.argv]
        with linux.inside_network(state.network(self.network)), (folder / "log").open("wb") as log:
            child = subprocess.Popen(
                launch, cwd="/", env={**_ENVIRONMENT, **self.environment}, start_new_session=True,
                stdin=subprocess.DEVNULL, stdout=log, stderr=log,
            )  # fmt: skip
        process = processes.find(child.pid)
        if process is not None:
            process.save(folder / "pid")
        child.returncode = 0  # it outlives this program, and nobody here waits for its end

    def stop(self, state: State) -> None:
        """End it, now."""
        self._group(state).remove()
        (self.folder(state) / "pid").unlink(missing_ok=True)

    def wait_until(self, answers: Callable[[], bool], state: State, deadline_s: float) -> None:
        """
        Wait until the service answers.

        Raises:
            ServiceError: it ended, or the deadline passed

        """
        deadline = time.monotonic() + deadline_s
        while not answers():
            if self.process(state) is None:
                raise ServiceError(f"{self.name} ended: {self._last_words(state)}")
            if time.monotonic() > deadline:
                raise ServiceError(f"{self.name} does not answer after {deadline_s:.0f} s: {self._last_words(state)}")
            time.sleep(_POLL_S)

    def _group(self, state: State) -> Group:
        return Group(f"{state.title}/services/{self.name}", host_hierarchies()[-1:])

    def _last_words(self, state: State) -> str:
        lines = (self.folder(state) / "log").read_text(errors="replace").splitlines()
        return " / ".join(lines[-_LOG_TAIL_LINES:]) or "it said nothing"
