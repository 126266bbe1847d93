"""Endpoints, and what counts as an answer of one."""

import pytest

from bench.aliases import spread_over
from bench.model import BenchError
from bench.subjects.scale import must_be_whole, retries
from tasks.preflight.sections_machine import MACHINE

WHOLE = "".join(f"\x1e{section.name}\n/proc/sys/kernel/hostname:cluster-01\n\x1e=0\n" for section in MACHINE)


@pytest.mark.parametrize("count", [64, 256, 1024])
def test_endpoints_have_addresses_and_names_of_their_own(count: int) -> None:
    """No two endpoints share an address or a name, all are of the network for measuring, machines share alike."""
    found = spread_over(("a", "b", "c", "d"), count)
    assert len({address for _, _, address in found}) == len({name for name, _, _ in found}) == count
    assert {sum(machine == one for _, machine, _ in found) for one in "abcd"} == {count // 4}
    assert all(str(address).startswith("198.18.") for _, _, address in found)


def test_a_whole_answer_counts() -> None:
    """Every section ended, on the machine that carries the address."""
    must_be_whole("cluster-01-007", "cluster-01", WHOLE)


def test_a_cut_answer_does_not_count() -> None:
    """A script that ended inside its last section has not gathered it."""
    with pytest.raises(BenchError, match=f"did not gather {MACHINE[-1].name}$"):
        must_be_whole("cluster-01-007", "cluster-01", WHOLE.removesuffix("\x1e=0\n"))


def test_another_machine_s_answer_does_not_count() -> None:
    """An address that leads somewhere else is noticed."""
    with pytest.raises(BenchError, match="is not cluster-02"):
        must_be_whole("cluster-02-007", "cluster-02", WHOLE)


def test_dropped_logins_are_counted_by_the_contender() -> None:
    """A contender that does not say how often it tried again is not compared with those that do."""
    assert retries("some\nretries 12\n") == 12
    with pytest.raises(BenchError, match="did not say"):
        retries("some\n")
