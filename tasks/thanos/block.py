"""Blocks as values: what is in the bucket, and what a Prometheus has not put there yet."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tasks.fleet.model import Cluster

CUT_AFTER = 1.5
"""Prometheus cuts a block once its head spans so many block durations: so old is the newest block just before."""

STAMPED_S = 120
"""So old a sample may be that says itself when it was taken, as cAdvisor's do, in the first scrape."""

UPLOAD_S = 600
"""How long a block may take from being cut to being in S3."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """
    One block in the bucket.

    Attributes:
        sources: ids of the blocks that it was compacted from; its own for one of a sidecar
        resolution: 0, or the milliseconds of downsampling
        uploaded_s: Unix time of its ``meta.json``
        marked_s: Unix time since when it is marked for deletion; None where it is not
        kept_apart: marked as one that must not be compacted

    """

    id: str
    labels: Mapping[str, str]
    min_ms: int
    max_ms: int
    resolution: int
    level: int
    sources: frozenset[str]
    uploaded_s: float
    marked_s: float | None = None
    kept_apart: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Bucket:
    """
    What was found in the bucket.

    Attributes:
        unfinished: id to Unix time of its newest object, for each block without ``meta.json``
        damaged: what is wrong with each ``meta.json`` that cannot be read

    """

    blocks: tuple[Block, ...]
    unfinished: Mapping[str, float]
    damaged: tuple[str, ...] = ()

    def of(self, cluster: Cluster) -> list[Block]:
        """The blocks of one cluster that are there to stay, the oldest first."""
        mine = [it for it in self.blocks if it.labels.get("cluster") == cluster.name and it.marked_s is None]
        return sorted(mine, key=lambda it: (it.max_ms, it.min_ms))


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """
    What Prometheus says of its own storage.

    Attributes:
        duration_s: of a block as it is cut: Prometheus' shortest
        begins_s: Unix time of the first sample that is in no block yet
        oldest_s: Unix time of the oldest sample that it still has
        started_s: Unix time at which the process began

    """

    duration_s: float
    begins_s: float
    oldest_s: float
    started_s: float

    @property
    def due_s(self) -> float:
        """Unix time by which the next block is in S3."""
        return self.begins_s + CUT_AFTER * self.duration_s + UPLOAD_S

    @property
    def cut_none(self) -> bool:
        """All it has is in no block yet: it began a short while ago."""
        return self.oldest_s >= self.begins_s

    @property
    def first_due_s(self) -> float:
        """Unix time by which a Prometheus that began with nothing has a block in S3; 0 where it found data."""
        found_none = self.oldest_s >= self.started_s - STAMPED_S
        return self.started_s + self.due_s - self.begins_s if found_none else 0.0


def read_block(meta: Mapping[str, Any], uploaded_s: float, marked_s: float | None, *, kept_apart: bool) -> Block:
    """
    Read a ``meta.json``.

    Raises:
        KeyError, TypeError: it is none of Thanos'

    """
    return Block(
        id=meta["ulid"],
        labels=meta["thanos"]["labels"],
        min_ms=int(meta["minTime"]),
        max_ms=int(meta["maxTime"]),
        resolution=int(meta["thanos"]["downsample"]["resolution"]),
        level=int(meta["compaction"]["level"]),
        sources=frozenset(meta["compaction"].get("sources") or ()),
        uploaded_s=uploaded_s,
        marked_s=marked_s,
        kept_apart=kept_apart,
    )
