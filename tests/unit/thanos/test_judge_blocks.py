"""What lies in the bucket is good, and each thing that can be wrong with it is said."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tasks.fleet.load import load_fleet
from tasks.model.finding import Verdict
from tasks.thanos import judge_blocks as judge
from tasks.thanos.block import Block, Bucket, Head

if TYPE_CHECKING:
    from collections.abc import Sequence

FLEET = load_fleet(Path(__file__).resolve().parents[3] / "inventory")
EDGE = FLEET.cluster("cluster-02")
NOW_S = 1_795_640_000.0
HOUR = 3600.0
LABELS = {"cluster": "cluster-02", "region": "edge", "prometheus_replica": "prometheus-monitoring-prometheus-0"}


def block(ends_h: float, *, hours: float = 2, name: str = "", **fields: Any) -> Block:
    """A block that ended so many hours ago."""
    id_ = name or f"B{ends_h:g}"
    end_ms = int((NOW_S - ends_h * HOUR) * 1000)
    made = Block(
        id=id_,
        labels=LABELS,
        min_ms=end_ms - int(hours * HOUR * 1000),
        max_ms=end_ms,
        resolution=0,
        level=1,
        sources=frozenset({id_}),
        uploaded_s=NOW_S - (ends_h - 0.5) * HOUR,
    )
    return replace(made, **fields)


BLOCKS = [block(5), block(3), block(1)]
HEAD = Head(duration_s=2 * HOUR, begins_s=NOW_S - HOUR, oldest_s=NOW_S - 5 * HOUR, started_s=NOW_S - 50 * HOUR)
FRESH = Head(duration_s=2 * HOUR, begins_s=NOW_S - HOUR, oldest_s=NOW_S - HOUR, started_s=NOW_S - HOUR)


def verdict(blocks: Sequence[Block], head: Head) -> tuple[Verdict, str]:
    """How the newest block is judged."""
    judgement = judge.judge_newest(blocks, head, NOW_S)
    return judgement.verdict, judgement.observed


def test_a_fresh_block_passes_and_says_how_old_it_may_be() -> None:
    """Three hours and the time of an upload, for blocks of two."""
    assert verdict(BLOCKS, HEAD) == (Verdict.PASS, "3 blocks; the newest ends 60 min ago, at most 3.2 h")
    assert verdict([block(3.1)], HEAD)[0] is Verdict.PASS


def test_a_cluster_that_stopped_uploading_is_said() -> None:
    """Its Prometheus cuts blocks, and S3 does not get them."""
    assert verdict([block(3.3)], HEAD)[0] is Verdict.FAIL
    assert verdict([], HEAD) == (Verdict.FAIL, "no block at all; one that is at most 3.2 h old was due")


def test_before_the_first_block_is_due_nothing_is_judged() -> None:
    """A Prometheus that began an hour ago; one that began long ago and has cut nothing is bad."""
    assert verdict([], FRESH)[0] is Verdict.SKIP
    assert "first block is due by" in verdict([block(90)], FRESH)[1]
    late = replace(FRESH, begins_s=NOW_S - 4 * HOUR, oldest_s=NOW_S - 4 * HOUR, started_s=NOW_S - 4 * HOUR)
    assert verdict([], late)[0] is Verdict.FAIL


def test_blocks_that_were_just_cut_have_their_time_to_be_uploaded() -> None:
    """Of a Prometheus that began with nothing; one that found data, or whose time is over, owes them already."""
    cut = Head(duration_s=120, begins_s=NOW_S - 90, oldest_s=NOW_S - 400, started_s=NOW_S - 360)
    assert verdict([], cut)[0] is Verdict.SKIP
    assert verdict([], replace(cut, oldest_s=NOW_S - 4000))[0] is Verdict.FAIL
    assert verdict([], replace(cut, oldest_s=NOW_S - 800, started_s=NOW_S - 800))[0] is Verdict.FAIL
    assert verdict([], replace(cut, oldest_s=NOW_S - 300, started_s=NOW_S - 4000))[0] is Verdict.FAIL


def test_labels_of_every_block_are_the_inventorys() -> None:
    """One block of another region is named; another replica is a warning; none is not judged."""
    assert judge.judge_labels(EDGE, BLOCKS).verdict is Verdict.PASS
    spoilt = judge.judge_labels(EDGE, [*BLOCKS, block(1, name="ODD", labels={**LABELS, "region": "central"})])
    assert (spoilt.verdict, spoilt.observed.startswith("ODD has")) == (Verdict.FAIL, True)
    changed = judge.judge_labels(EDGE, [*BLOCKS, block(1, labels={**LABELS, "prometheus_replica": "b"})])
    assert changed.verdict is Verdict.WARN
    assert judge.judge_labels(EDGE, []).verdict is Verdict.SKIP


def test_overlaps_are_named() -> None:
    """Of the same labels and resolution, also where they are not neighbours."""
    assert judge.judge_overlap(BLOCKS).verdict is Verdict.PASS
    assert judge.judge_overlap([]).verdict is Verdict.SKIP
    spoilt = judge.judge_overlap([*BLOCKS, block(2.5, name="ODD")])
    assert spoilt.verdict is Verdict.FAIL
    assert "B3 and ODD share 90 min" in spoilt.observed
    wide = block(1, hours=6, name="WIDE", sources=frozenset({"B5"}))
    assert "WIDE and B3 share 120 min" in judge.judge_overlap([*BLOCKS, wide]).observed
    assert "share" in judge.judge_overlap([block(1, sources=frozenset()), block(1, name="ODD")]).observed


def test_what_a_block_was_compacted_from_is_no_overlap() -> None:
    """Until it is marked for deletion a moment later; nor is another resolution, or another replica's."""
    made = block(1, hours=6, name="WIDE", sources=frozenset({"B5", "B3", "B1"}))
    downsampled = replace(made, id="COARSE", resolution=300_000)
    twin = block(1, name="TWIN", labels={**LABELS, "prometheus_replica": "b"})
    assert judge.judge_overlap([*BLOCKS, made, downsampled, twin]).verdict is Verdict.PASS


def bucket(*blocks: Block, **fields: Any) -> Bucket:
    """A bucket with these blocks."""
    return Bucket(blocks=blocks, unfinished=fields.get("unfinished", {}), damaged=fields.get("damaged", ()))


def test_blocks_of_nobodys_are_named() -> None:
    """The ruler's have no cluster; anything else without one of the inventory's is foreign."""
    ruler = block(1, labels={"ruler_replica": "thanos-ruler-0"})
    good = judge.judge_foreign(FLEET, bucket(*BLOCKS, ruler))
    assert (good.verdict, good.observed) == (Verdict.PASS, "4 blocks, 1 of them the ruler's, none of anybody else")
    stranger = block(1, name="ODD", labels={"cluster": "elsewhere"})
    assert "ODD" in judge.judge_foreign(FLEET, bucket(*BLOCKS, stranger)).observed
    assert judge.judge_foreign(FLEET, bucket(stranger)).verdict is Verdict.FAIL


def test_uploads_that_stopped_are_named() -> None:
    """One that is under way is none; a damaged meta.json is one."""
    assert judge.judge_partial(bucket(*BLOCKS, unfinished={"X": NOW_S - 60}), NOW_S).verdict is Verdict.PASS
    stopped = judge.judge_partial(bucket(unfinished={"X": NOW_S - 2 * HOUR}), NOW_S)
    assert (stopped.verdict, stopped.observed) == (Verdict.FAIL, "upload of X stopped 120 min ago")
    assert judge.judge_partial(bucket(damaged=("X/meta.json",)), NOW_S).verdict is Verdict.FAIL


def test_marks_that_nobody_heeds_are_named() -> None:
    """Marked days ago and still there; kept from compaction is a warning."""
    young, old = block(5, marked_s=NOW_S - HOUR), block(9, name="OLD", marked_s=NOW_S - 60 * HOUR)
    assert judge.judge_marks(bucket(young), NOW_S).verdict is Verdict.PASS
    assert "OLD" in judge.judge_marks(bucket(young, old), NOW_S).observed
    assert judge.judge_marks(bucket(old), NOW_S).verdict is Verdict.FAIL
    assert judge.judge_marks(bucket(block(5, kept_apart=True)), NOW_S).verdict is Verdict.WARN


@pytest.mark.parametrize(
    ("values", "said"),
    [(["0"], ""), ([], "0 compactors"), (["0", "0"], "2 compactors"), (["1"], "it has halted")],
)
def test_exactly_one_compactor_works(values: list[str], said: str) -> None:
    """None, two, and one that has given up are told apart (N7)."""
    judgement = judge.judge_compactor([{"value": [0, value]} for value in values])
    assert (judgement.verdict is Verdict.PASS, said in judgement.observed) == (not said, True)


def test_what_is_marked_or_anothers_is_not_a_clusters() -> None:
    """The rest comes the oldest first."""
    mine = bucket(block(1), block(3), block(5, marked_s=NOW_S), block(1, labels={"cluster": "cluster-03"})).of(EDGE)
    assert [it.id for it in mine] == ["B3", "B1"]


def test_the_blocks_that_are_read_back_are_chosen_by_what_must_be_known_by_then() -> None:
    """The newest that the gateway has had time for, and the newest that Prometheus has no more; else none."""
    just_up = block(0.5, name="NEW", uploaded_s=NOW_S - 60)
    served = judge.newest_served([*BLOCKS, just_up], NOW_S)
    historical = judge.newest_historical(BLOCKS, replace(HEAD, oldest_s=NOW_S - 2 * HOUR))
    assert (served and served.id, historical and historical.id) == ("B1", "B3")
    assert judge.newest_served([just_up], NOW_S) is None
    assert judge.newest_historical(BLOCKS, replace(HEAD, oldest_s=NOW_S - 50 * HOUR)) is None


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        ({"status": "error", "error": "no store"}, "no store"),
        ({"status": "success", "warnings": ["half"], "data": {"result": []}}, "the end of B5; half"),
        ({"status": "success", "data": {"result": []}}, "empty: nothing of cluster-02"),
        ({"status": "success", "data": {"result": [{"metric": {"cluster": "cluster-03"}}]}}, "empty"),
    ],
)
def test_a_block_that_does_not_come_back_is_said(answer: dict[str, Any], said: str) -> None:
    """Refused, in part, empty, or of another cluster."""
    judgement = judge.judge_read(EDGE, BLOCKS[0], answer)
    assert (judgement.verdict, said in judgement.observed) == (Verdict.FAIL, True)


def test_a_block_that_comes_back_passes() -> None:
    """With the time it was asked for."""
    answer = {"status": "success", "data": {"result": [{"metric": {"cluster": "cluster-02"}}]}}
    assert judge.judge_read(EDGE, BLOCKS[0], answer).verdict is Verdict.PASS
