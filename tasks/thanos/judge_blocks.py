"""Judgements of the blocks in S3. Pure: values in, judgements out."""

from __future__ import annotations

from itertools import combinations
from typing import TYPE_CHECKING, Any

from tasks.preflight.judge import Judgement, bad, fair, good, moot
from tasks.thanos.judge_storeapi import wanted_labels, when

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from tasks.fleet.model import Cluster, Fleet
    from tasks.thanos.block import Block, Bucket, Head

UNFINISHED_S = 3600
"""How long an upload may go without its last file, ``meta.json``."""

DELETED_AFTER_S = 54 * 3600
"""The compactor deletes what it has marked after 48 h (``--delete-delay``), and gets to it within some more."""

SERVED_S = 600
"""The store gateway looks for new blocks every 5 min (``--sync-block-duration``), and loads them then."""

RULER = "ruler_replica"
"""The label by which blocks of the ruler, which has no cluster, are known."""


def judge_newest(blocks: Sequence[Block], head: Head, now_s: float) -> Judgement:
    """
    The newest block is no older than block duration, cutting and uploading allow.

    Arguments:
        blocks: of one cluster, the oldest first

    """
    allowed_s = head.due_s - head.begins_s
    if blocks and (age_s := now_s - blocks[-1].max_ms / 1000) <= allowed_s:
        return good(f"{len(blocks)} blocks; the newest ends {_span(age_s)} ago, at most {_span(allowed_s)}")
    if (head.cut_none and now_s <= head.due_s) or now_s <= head.first_due_s:
        began = f"Prometheus began at {when(head.oldest_s)}"
        return moot(f"not due: {began}, its first block is due by {when(max(head.due_s, head.first_due_s))}")
    newest = f"the newest of {len(blocks)} ends at {when(blocks[-1].max_ms / 1000)}" if blocks else "no block at all"
    return bad(
        f"{newest}; one that is at most {_span(allowed_s)} old was due",
        "look at the sidecar's log: kubectl -n monitoring logs prometheus-monitoring-prometheus-0 -c thanos-sidecar",
    )


def judge_labels(cluster: Cluster, blocks: Sequence[Block]) -> Judgement:
    """Every block of a cluster has the inventory's labels, and all have the same."""
    if not blocks:
        return moot("no block yet")
    wanted = wanted_labels(cluster)
    for block in blocks:
        if (found := {name: block.labels.get(name, "") for name in wanted}) != wanted:
            return bad(f"{block.id} has {found}, wanted {wanted}", f"thanos tools bucket inspect, then mark {block.id}")
    sets = {tuple(sorted(block.labels.items())) for block in blocks}
    if len(sets) > 1:
        return fair(f"{len(sets)} sets of labels: they are never compacted together", "external labels were changed")
    return good(f"{len(blocks)} blocks with {dict(wanted)}")


def judge_overlap(blocks: Sequence[Block]) -> Judgement:
    """No two blocks of one set of labels and one resolution share a time, but one and what it was compacted from."""
    if not blocks:
        return moot("no block yet")
    said = []
    for group in _groups(blocks):
        said += [
            f"{one.id} and {other.id} share {_span((min(one.max_ms, other.max_ms) - other.min_ms) / 1000)}"
            for one, other in combinations(sorted(group, key=lambda it: (it.min_ms, it.max_ms)), 2)
            if other.min_ms < one.max_ms and not _replaces(one, other)
        ]
    if said:
        return bad("; ".join(said), "thanos tools bucket verify; the compactor halts on it: see its log")
    return good(f"{len(blocks)} blocks, none shares a time with another of its kind")


def _replaces(one: Block, other: Block) -> bool:
    """Whether one was compacted from the other, which is then marked a moment later."""
    fewer, more = sorted((one.sources, other.sources), key=len)
    return bool(fewer) and fewer <= more


def _groups(blocks: Sequence[Block]) -> list[list[Block]]:
    found: dict[tuple[object, ...], list[Block]] = {}
    for block in blocks:
        found.setdefault((*sorted(block.labels.items()), block.resolution), []).append(block)
    return list(found.values())


def judge_foreign(fleet: Fleet, bucket: Bucket) -> Judgement:
    """Every block is of a cluster of the inventory, or the ruler's."""
    names = {cluster.name for cluster in fleet.clusters}
    strangers = [it for it in bucket.blocks if it.labels.get("cluster") not in names and RULER not in it.labels]
    if strangers:
        return bad(
            f"{len(strangers)} blocks of nobody's: {strangers[0].id} with {dict(strangers[0].labels)}",
            "find who uploads it: a bucket belongs to one fleet",
        )
    ruler = sum(RULER in it.labels for it in bucket.blocks)
    return good(f"{len(bucket.blocks)} blocks, {ruler} of them the ruler's, none of anybody else")


def judge_partial(bucket: Bucket, now_s: float) -> Judgement:
    """Every upload came to its end, or is under way."""
    stopped = [
        f"upload of {it} stopped {_span(now_s - at)} ago"
        for it, at in bucket.unfinished.items()
        if now_s - at > UNFINISHED_S
    ]
    if stopped or bucket.damaged:
        return bad(
            "; ".join((*stopped, *bucket.damaged)),
            "the sidecar uploads it again; the compactor deletes the rest after two days",
        )
    under_way = f", {len(bucket.unfinished)} under way" if bucket.unfinished else ""
    return good(f"{len(bucket.blocks)} whole blocks{under_way}")


def judge_marks(bucket: Bucket, now_s: float) -> Judgement:
    """What is marked for deletion is deleted in time; what must not be compacted is named."""
    marked = [it for it in bucket.blocks if it.marked_s is not None]
    late = [it.id for it in marked if it.marked_s is not None and now_s - it.marked_s > DELETED_AFTER_S]
    if late:
        return bad(
            f"{len(late)} blocks should have been deleted long ago: {late[0]}",
            "nobody deletes what the compactor has marked: see blocks.compactor, and its log",
        )
    if apart := [it.id for it in bucket.blocks if it.kept_apart]:
        return fair(f"{len(apart)} blocks are kept from compaction: {', '.join(apart)}", "see its no-compact-mark.json")
    return good(f"{len(marked)} blocks wait for their deletion, none too long")


def judge_read(cluster: Cluster, block: Block, answer: Mapping[str, Any]) -> Judgement:
    """
    What is in a block comes back as an answer; that somebody else was away, who would have nothing of it, is no matter.

    Arguments:
        answer: of a query for this cluster's own series at the block's end

    """
    remedy = "kubectl -n thanos logs statefulset/thanos-storegateway"
    if answer.get("status") != "success":
        return bad(f"the end of {block.id} is not answered: {answer.get('error') or answer}", remedy)
    found = answer["data"]["result"]
    if not any(one["metric"].get("cluster") == cluster.name for one in found):
        warned = "".join(f"; {it}" for it in answer.get("warnings") or ())
        where = f"at {when(block.max_ms / 1000)}, the end of {block.id}"
        return bad(f"empty: nothing of {cluster.name} {where}{warned}", remedy)
    return good(f"{len(found)} series at {when(block.max_ms / 1000)}, the end of {block.id}")


def newest_served(blocks: Sequence[Block], now_s: float) -> Block | None:
    """The newest block that the store gateway must have taken in by now."""
    return next((it for it in reversed(blocks) if it.resolution == 0 and now_s - it.uploaded_s > SERVED_S), None)


def newest_historical(blocks: Sequence[Block], head: Head) -> Block | None:
    """The newest block that is older than all that Prometheus still has."""
    return next((it for it in reversed(blocks) if it.resolution == 0 and it.max_ms / 1000 <= head.oldest_s), None)


def judge_compactor(halted: Sequence[Mapping[str, Any]]) -> Judgement:
    """
    Exactly one compactor in the whole fleet, and it has not given up (N7).

    Arguments:
        halted: the series of ``thanos_compact_halted`` of all clusters

    """
    if len(halted) != 1:
        return bad(f"{len(halted)} compactors, wanted exactly 1", "kubectl -n thanos get pods, on every cluster")
    if halted[0]["value"][1] != "0":
        said = "it has halted: two blocks overlap, or one is damaged"
        return bad(said, "kubectl -n thanos logs statefulset/thanos-compactor")
    return good("exactly one, and it works")


def _span(seconds: float) -> str:
    """Seconds as people read them."""
    minutes = seconds / 60
    return f"{seconds:.0f} s" if minutes < 2 else f"{minutes:.0f} min" if minutes < 180 else f"{minutes / 60:.1f} h"  # noqa: PLR2004
