"""What a recipe works with: somebody to tell, a place for logs, and programs that die with the build."""

import subprocess
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

Say = Callable[[str], None]

_LOG_TAIL_LINES = 15
_WATCH_INTERVAL_S = 0.5

#: own process and mount namespaces, killed whole when the builder ends in whatever way: no mount and no child remains
_CONTAINED = ("setpriv", "--pdeathsig", "KILL", "unshare", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc")


class BuildError(RuntimeError):
    """An artefact could not be made; the text says which, why, and where the whole log is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Workshop:
    """
    What one build hands to all of its recipes.

    Attributes:
        say: takes one line of progress; called from several threads
        logs: folder of the programs' output
        go: the Go command
        stop: set when the build is abandoned; every running program is then ended

    """

    say: Say
    logs: Path
    go: Path
    stop: threading.Event = field(default_factory=threading.Event)

    def run(
        self,
        title: str,
        argv: Sequence[str | Path],
        *,
        cwd: Path | None = None,
        environment: Mapping[str, str] | None = None,
        watch: Callable[[float], None] = lambda _elapsed_s: None,
    ) -> None:
        """
        Run one program to its end, its output in a log.

        Arguments:
            title: what it does, for people; also names the log
            environment: the whole of it; the caller's own without it
            watch: called about twice a second with the seconds since the start

        Raises:
            BuildError: it failed, or the build was abandoned

        """
        self.logs.mkdir(parents=True, exist_ok=True)
        log = self.logs / f"{title.replace(' ', '-')}.log"
        start = time.monotonic()
        with log.open("w") as output:
            process = subprocess.Popen(
                [*_CONTAINED, *argv],
                cwd=cwd,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
            )
            try:
                while _running(process):
                    watch(time.monotonic() - start)
                    if self.stop.is_set():
                        raise BuildError(f"{title}: abandoned")
            finally:
                process.kill()
                process.wait()
        if process.returncode != 0:
            raise BuildError(f"{title}: exit code {process.returncode}; {log} ends with:\n{_tail(log)}")

    def ask(
        self, argv: Sequence[str | Path], *, cwd: Path | None = None, environment: Mapping[str, str] | None = None
    ) -> str:
        """
        Return what a short program prints.

        Raises:
            BuildError: it failed

        """
        done = subprocess.run(argv, cwd=cwd, env=environment, text=True, capture_output=True, check=False)
        if done.returncode != 0:
            raise BuildError(f"{' '.join(map(str, argv))}: exit code {done.returncode}: {done.stderr.strip()}")
        return done.stdout


def _running(process: subprocess.Popen[bytes]) -> bool:
    try:
        process.wait(timeout=_WATCH_INTERVAL_S)
    except subprocess.TimeoutExpired:
        return True
    return False


def _tail(log: Path) -> str:
    return "\n".join(log.read_text(errors="replace").splitlines()[-_LOG_TAIL_LINES:])
