"""Real processes on the stopwatch; nothing here depends on how fast they are."""

import json
import subprocess
import sys
from dataclasses import asdict
from pathlib import Path

from bench.model import Order, Took
from bench.stopwatch import _pss_kib, _tree, measure


def order(folder: Path, *argv: str, timeout_s: float = 60.0, **env: str) -> Order:
    """A process whose streams go into ``folder``."""
    return Order(
        argv=argv,
        env=env,
        cwd=str(folder),
        stdout=str(folder / "stdout"),
        stderr=str(folder / "stderr"),
        timeout_s=timeout_s,
    )


def test_output_environment_folder_and_exit_code_are_the_process_s(tmp_path: Path) -> None:
    """What is ordered is what runs."""
    took = measure(order(tmp_path, "sh", "-c", 'echo "$WORD $PWD"; echo no >&2; exit 3', WORD="yes"))
    assert took.exit_code == 3
    assert (tmp_path / "stdout").read_text() == f"yes {tmp_path}\n"
    assert (tmp_path / "stderr").read_text() == "no\n"


def test_processor_time_of_children_counts(tmp_path: Path) -> None:
    """What a shell's child burns is in the shell's bill."""
    burn = f"{sys.executable} -c 'import time; [0 for _ in iter(lambda: time.process_time() < 0.2, False)]'"
    assert measure(order(tmp_path, "sh", "-c", f"{burn}; true")).cpu_s >= 0.2


def test_what_overstays_is_killed_with_its_children(tmp_path: Path) -> None:
    """A hanging contender ends as killed, not as fast."""
    took = measure(order(tmp_path, "sh", "-c", "sleep 600; true", timeout_s=0.1))
    assert took.exit_code == -9


def test_memory_of_a_tree_is_that_of_all_its_processes() -> None:
    """A shell is small, its child is not: the sum shows the child."""
    hoard = "import sys; x = bytearray(b'x' * (64 << 20)); print('ready', flush=True); sys.stdin.read()"
    shell = subprocess.Popen(
        ["sh", "-c", f'{sys.executable} -c "{hoard}"; true'], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert shell.stdout is not None
    assert shell.stdout.readline() == "ready\n"
    tree = _tree(shell.pid)
    seen = sum(map(_pss_kib, tree))
    shell.communicate()
    assert len(tree) == 2
    assert seen > 64 << 10


def test_it_serves_orders_line_by_line(tmp_path: Path) -> None:
    """As a program it answers each order with what it took, and ends with its input."""
    orders = [asdict(order(tmp_path, "sh", "-c", f"exit {code}")) for code in (0, 7)]
    served = subprocess.run(
        [sys.executable, "-m", "bench.stopwatch"],
        input="".join(json.dumps(one) + "\n" for one in orders),
        capture_output=True,
        text=True,
        check=True,
    )
    assert [Took(**json.loads(line)).exit_code for line in served.stdout.splitlines()] == [0, 7]
