"""
One process on the stopwatch: ``measure`` here, or ``python -m bench.stopwatch`` somewhere else.

As a program it reads one ``Order`` per line as JSON and answers with one ``Took`` per line, until its input ends. It
imports little: until a new process becomes its program, the kernel counts its parent's memory as its own.
"""

import json
import os
import subprocess
import sys
import threading
import time
from dataclasses import asdict
from pathlib import Path

from bench.model import Order, Took

_GLANCE_S = 0.02


def measure(order: Order) -> Took:
    """Run one process to its end; what overstays its time is killed with all its descendants."""
    with (
        Path(order.stdin).open("rb") as stdin,
        Path(order.stdout).open("wb") as out,
        Path(order.stderr).open("wb") as err,
    ):
        began = time.monotonic()
        process = subprocess.Popen(
            order.argv, stdin=stdin, stdout=out, stderr=err, cwd=order.cwd, env={**os.environ, **order.env},
            start_new_session=True,
        )  # fmt: skip
        watch = _Watch(process.pid) if order.watch_memory else None
        guard = threading.Timer(order.timeout_s, os.killpg, (process.pid, 9))
        guard.start()
        _, status, usage = os.wait4(process.pid, 0)
        wall_s = time.monotonic() - began
        guard.cancel()
        process.returncode = os.waitstatus_to_exitcode(status)
    return Took(
        exit_code=process.returncode,
        wall_s=wall_s,
        cpu_s=usage.ru_utime + usage.ru_stime,
        peak_rss_kib=usage.ru_maxrss,
        tree_kib=watch.peak_kib() if watch else 0,
    )


class _Watch:
    """Adds up, again and again, the proportional memory of a process and its descendants."""

    def __init__(self, pid: int) -> None:
        self._pid, self._peak, self._over = pid, 0, threading.Event()
        self._thread = threading.Thread(target=self._look, daemon=True)
        self._thread.start()

    def peak_kib(self) -> int:
        """Stop looking and return the most that was seen."""
        self._over.set()
        self._thread.join()
        return self._peak

    def _look(self) -> None:
        while not self._over.wait(_GLANCE_S):
            self._peak = max(self._peak, sum(map(_pss_kib, _tree(self._pid))))


def _tree(root: int) -> set[int]:
    """A process and all its descendants, by the parents that /proc names now."""
    parents = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdecimal():
            try:
                parents[int(entry.name)] = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
            except OSError:
                continue
    tree, grown = {root}, 0
    while len(tree) != grown:
        grown = len(tree)
        tree |= {pid for pid, parent in parents.items() if parent in tree}
    return tree


def _pss_kib(pid: int) -> int:
    try:
        text = Path(f"/proc/{pid}/smaps_rollup").read_text()
    except OSError:
        return 0
    return next((int(line.split()[1]) for line in text.splitlines() if line.startswith("Pss:")), 0)


def main() -> None:
    """Serve orders until the input ends."""
    for line in sys.stdin:
        order = json.loads(line)
        print(json.dumps(asdict(measure(Order(**{**order, "argv": tuple(order["argv"])})))), flush=True)


if __name__ == "__main__":
    main()
