"""Made-up measurements."""

from collections.abc import Callable

import pytest

from bench.model import Sample, Took

MakeSamples = Callable[..., list[Sample]]


@pytest.fixture
def samples() -> MakeSamples:
    """Make one sample per wall time given, in rounds 1, 2, 3 ..."""

    def make(*walls: float, rss_kib: int = 1024, tree_kib: int = 0) -> list[Sample]:
        return [
            Sample(
                round=number,
                place=0,
                took=Took(exit_code=0, wall_s=wall, cpu_s=wall / 2, peak_rss_kib=rss_kib, tree_kib=tree_kib),
                gathered={"hosts": 4},
            )
            for number, wall in enumerate(walls, start=1)
        ]

    return make
