"""Medians, ratios and targets."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from bench.figures import CRITICAL_PATH, LONGEST_CHAIN, Spread, figure_of, judge, ratio, spread
from bench.model import Sample, Target

MakeSamples = Callable[..., list[Sample]]


def test_a_spread_is_least_middle_and_most() -> None:
    """The middle of an even number of values is the mean of the two in the middle."""
    assert spread([3.0, 1.0, 2.0, 10.0]) == Spread(min=1.0, median=2.5, max=10.0)


def test_nothing_measured_is_no_figure() -> None:
    """Zero measurements raise instead of becoming zero seconds."""
    with pytest.raises(ValueError, match="no measurement"):
        spread([])


def test_ratios_are_taken_round_by_round(samples: MakeSamples) -> None:
    """A machine that is slow in one round is slow for both of a pair; medians of each alone would say 2.0 here."""
    assert ratio(samples(1.0, 3.0, 10.0), samples(1.0, 1.5, 2.0)) == Spread(min=1.0, median=2.0, max=5.0)
    assert ratio(samples(2.0, 20.0), samples(1.0, 10.0)) == Spread(min=2.0, median=2.0, max=2.0)


def test_other_rounds_are_not_compared(samples: MakeSamples) -> None:
    """Samples of different rounds are no pairs."""
    with pytest.raises(ValueError, match="same rounds"):
        ratio(samples(1.0, 2.0), samples(1.0))


def test_figures_have_the_units_of_their_names(samples: MakeSamples) -> None:
    """Memory is told in MiB, time in seconds."""
    assert figure_of("peak_rss_mib", samples(1.0, rss_kib=2048)).median == 2.0
    assert figure_of("cpu_s", samples(1.0)).median == 0.5


def test_a_run_is_held_against_its_own_report(samples: MakeSamples) -> None:
    """Half a second more than the steps took is a fifth of two and a half."""
    (sample,) = (replace(it, gathered={CRITICAL_PATH: 2500, LONGEST_CHAIN: 1500}) for it in samples(3.0))
    assert figure_of("over_critical_path", [sample]).median == pytest.approx(1.2)
    assert figure_of("over_longest_chain", [sample]).median == pytest.approx(2.0)


@pytest.mark.parametrize(("ours", "met"), [(1.1, True), (1.2, False)])
def test_a_target_against_another_is_met_or_missed(samples: MakeSamples, ours: float, *, met: bool) -> None:
    """At most 1.1 times as much is met by 1.1 and missed by 1.2."""
    target = Target(who="ours", than="other", limit=1.1, says="at most 1.1 times")
    judged = judge(target, {"ours": samples(ours), "other": samples(1.0)}, {})
    assert (judged.met, judged.measured) == (met, pytest.approx(ours))


@pytest.mark.parametrize(("mib", "met"), [(150, True), (151, False)])
def test_a_target_of_its_own_is_met_or_missed(samples: MakeSamples, mib: int, *, met: bool) -> None:
    """An absolute limit needs nobody to compare with."""
    target = Target(who="ours", figure="peak_rss_mib", limit=150, says="memory")
    assert judge(target, {"ours": samples(1.0, rss_kib=mib * 1024)}, {}).met is met


def test_memory_of_whole_trees_comes_from_the_warm_up(samples: MakeSamples) -> None:
    """In rounds that count, nobody watches the tree: its figure there is zero and would meet any target."""
    target = Target(who="ours", figure="tree_mib", limit=10, says="memory of all processes")
    warm = samples(1.0, tree_kib=20 * 1024)[0]
    assert judge(target, {"ours": samples(1.0)}, {"ours": warm}).measured == 20
