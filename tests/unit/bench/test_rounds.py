"""The order of rounds, and who counts."""

from collections.abc import Callable
from pathlib import Path

import pytest

from bench.model import BenchError, Contender, Order, Took
from bench.rounds import in_order, must_exit, play

FINE = Took(exit_code=0, wall_s=1.0, cpu_s=0.5, peak_rss_kib=1)


def contender(name: str, gathered: Callable[[Path, Took], dict[str, int]], log: list[str]) -> Contender:
    """A contender that leaves a trace of what is asked of it."""

    def order(folder: Path) -> Order:
        log.append(f"order {name}")
        return Order(argv=(name,), cwd=str(folder), stdout=str(folder / "stdout"), stderr=str(folder / "stderr"))

    return Contender(
        name=name,
        title=name,
        version="1",
        order=order,
        gathered=gathered,
        before=lambda: log.append(f"before {name}"),
        after=lambda _folder: log.append(f"after {name}"),
    )


def all_of_it(_folder: Path, _took: Took) -> dict[str, int]:
    """Did the work."""
    return {"hosts": 4}


def nothing(_folder: Path, _took: Took) -> dict[str, int]:
    """Did not."""
    raise BenchError("gathered nothing")


def test_every_round_begins_with_another_contender() -> None:
    """Over as many rounds as contenders everybody has every place once."""
    contenders = [contender(name, all_of_it, []) for name in "abc"]
    orders = ["".join(one.name for one in in_order(contenders, number)) for number in range(4)]
    assert orders == ["abc", "bca", "cab", "abc"]


def test_everybody_runs_once_per_round_and_the_first_round_does_not_count() -> None:
    """Two rounds that count are three runs each; memory is watched in the first alone."""
    ran: list[tuple[str, bool]] = []

    def run(order: Order) -> Took:
        ran.append((order.argv[0], order.watch_memory))
        return FINE

    samples, warm = play([contender(name, all_of_it, []) for name in "ab"], 2, run, lambda _line: None)
    assert ran == [("a", True), ("b", True), ("b", False), ("a", False), ("a", False), ("b", False)]
    assert {name: [one.round for one in counted] for name, counted in samples.items()} == {"a": [1, 2], "b": [1, 2]}
    assert set(warm) == {"a", "b"}


def test_who_gathers_nothing_does_not_count() -> None:
    """One contender that does not do the work ends the measurement, with its name and its own last words."""

    def run(order: Order) -> Took:
        Path(order.stderr).write_text("could not log in")
        return FINE

    log: list[str] = []
    with pytest.raises(BenchError, match=r"(?s)b: gathered nothing.*could not log in"):
        play([contender("a", all_of_it, log), contender("b", nothing, log)], 1, run, lambda _line: None)
    assert log == ["before a", "order a", "after a", "before b", "order b", "after b"]


def test_an_exit_code_that_is_not_expected_does_not_count() -> None:
    """A failed process is not fast, it is failed; codes that mean an answer are named."""
    bad = Took(exit_code=1, wall_s=0.1, cpu_s=0.1, peak_rss_kib=1)
    with pytest.raises(BenchError, match="ended with 1"):
        must_exit(bad)
    must_exit(bad, 1)
    must_exit(FINE)
