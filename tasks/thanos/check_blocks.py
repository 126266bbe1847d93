"""The stage that looks at the blocks in S3, with the keys that Thanos has, and reads them back through Query."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from tasks.deploy.identity import open_cluster
from tasks.model.errors import FleetError, in_words
from tasks.model.finding import FLEET, Finding, Outcome, Row, skipped
from tasks.monitoring.ask import query
from tasks.monitoring.patience import patiently
from tasks.preflight.judge import bad, finding, good, moot
from tasks.thanos import judge_blocks as judge
from tasks.thanos.blocks import BucketSilent, read_bucket
from tasks.thanos.judge_storeapi import METRIC
from tasks.thanos.part import Part
from tasks.thanos.query import QUERY, ask_at, gateway

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from tasks.deploy.api import KubeApi
    from tasks.fleet.model import Cluster, Fleet
    from tasks.preflight.judge import Judgement
    from tasks.run.context import RunContext
    from tasks.thanos.block import Block, Bucket

LISTED, COMPACTOR = "blocks.listed", "blocks.compactor"
COMPACTORS = "thanos_compact_halted and time() - timestamp(thanos_compact_halted) < 75"
"""Of now: one that was replaced has samples for some minutes more."""

OF_EACH = {
    "blocks.newest": "a block as new as Prometheus cuts them",
    "blocks.labels": "the inventory's labels on every block",
    "blocks.overlap": "no two blocks share a time",
    "blocks.served": "what the store gateway alone answers of the newest block",
    "blocks.history": "an answer about a time that no Prometheus has any more",
}
OF_ALL = {
    "blocks.foreign": "blocks of this fleet alone",
    "blocks.partial": "every upload came to its end",
    "blocks.marks": "what is marked for deletion is deleted",
}
"""Check to what is wanted of it."""

CAUSES: Mapping[str, tuple[str, ...]] = {
    LISTED: ("reach.operator.s3@fleet", "s3.endpoint@fleet"),
    COMPACTOR: ("query.answers",),
}


def declares(fleet: Fleet) -> tuple[Row, ...]:
    """The bucket as a whole, each cluster's blocks, and who compacts them."""
    return (
        Row(LISTED, FLEET),
        *(Row(check, it.name) for it in fleet.clusters for check in OF_EACH),
        *(Row(check, FLEET) for check in OF_ALL),
        Row(COMPACTOR, fleet.central.name),
    )


def judge_bucket(outcomes: Mapping[str, Outcome], ctx: RunContext, patience_s: float = 0.0) -> Outcome:
    """
    Read the bucket once, and judge each cluster's blocks, all of them together, and who compacts them.

    Arguments:
        patience_s: how long a compactor that is not seen yet is asked for again

    """
    rows = [row for row in declares(ctx.fleet) if row.target in {FLEET, *outcomes}]
    if ctx.plan:
        return Outcome(findings=tuple(_found(row, moot("planned: read by a real run")) for row in rows))
    central = _Central(ctx)
    parts = {name: it.value for name, it in outcomes.items() if isinstance(it.value, Part)}
    findings = _of_bucket(ctx, parts, central, [row for row in rows if row.check != COMPACTOR])
    if ctx.fleet.central.name in outcomes:
        row = Row(COMPACTOR, ctx.fleet.central.name)
        until = time.monotonic() + patience_s
        findings = (*findings, *patiently(ctx, row.target, lambda: [_judged(row, central.compactor)], until))
    return Outcome(findings=findings)


def _of_bucket(ctx: RunContext, parts: Mapping[str, Part], central: _Central, rows: list[Row]) -> tuple[Finding, ...]:
    store = next((it.store for it in parts.values() if it.store), None)
    if store is None:
        return _unread(rows, "no cluster has a Secret with keys that can be read")
    ctx.progress.doing(FLEET, "reading the bucket of blocks")
    try:
        bucket = read_bucket(store.open(ctx.fleet.s3), store.bucket)
    except BucketSilent as error:
        return _unread(rows, store.masked(str(error)))
    now_s = time.time()
    return (
        _found(Row(LISTED, FLEET), good(f"{len(bucket.blocks)} blocks in {store.bucket}")),
        *(
            it
            for name, part in parts.items()
            for it in _of_cluster(ctx.fleet.cluster(name), bucket, part, central, now_s)
        ),
        _judged(Row("blocks.foreign", FLEET), lambda: judge.judge_foreign(ctx.fleet, bucket)),
        _judged(Row("blocks.partial", FLEET), lambda: judge.judge_partial(bucket, now_s)),
        _judged(Row("blocks.marks", FLEET), lambda: judge.judge_marks(bucket, now_s)),
    )


class _Central:
    """The central API server, opened when first asked, and why it cannot be."""

    def __init__(self, ctx: RunContext) -> None:
        self._ctx = ctx
        self._api: KubeApi | None = None

    @property
    def api(self) -> KubeApi:
        """Raises ``FleetError`` where it does not answer."""
        if self._api is None:
            self._api = open_cluster(self._ctx, self._ctx.fleet.central)
        if self._api is None:
            raise FleetError("the central cluster is only planned")
        return self._api

    def compactor(self) -> Judgement:
        """Whether one compactor works, as Query knows of all clusters."""
        return judge.judge_compactor(query(self.api, QUERY, COMPACTORS))


def _of_cluster(cluster: Cluster, bucket: Bucket, part: Part, central: _Central, now_s: float) -> list[Finding]:
    blocks = bucket.of(cluster)
    served = judge.newest_served(blocks, now_s)
    judges: Mapping[str, Callable[[], Judgement]] = {
        "blocks.newest": lambda: judge.judge_newest(blocks, part.storage, now_s),
        "blocks.labels": lambda: judge.judge_labels(cluster, blocks),
        "blocks.overlap": lambda: judge.judge_overlap(blocks),
        "blocks.served": lambda: _read_back(
            cluster, served, central, "no block that the gateway must know", alone=True
        ),
        "blocks.history": lambda: _read_back(
            cluster,
            judge.newest_historical(blocks, part.storage),
            central,
            "nothing in S3 is older than what Prometheus itself still has",
            alone=False,
        ),
    }
    return [_judged(Row(check, cluster.name), judges[check]) for check in OF_EACH]


def _read_back(cluster: Cluster, block: Block | None, central: _Central, none: str, *, alone: bool) -> Judgement:
    """
    Ask Query for the cluster's own series just before a block's end.

    Arguments:
        none: why there is no block to ask for
        alone: of the store gateway and nobody else

    """
    if block is None:
        return moot(f"not yet: {none}")
    only = {"storeMatch[]": f'{{__address__="{gateway(central.api)}"}}'} if alone else {}
    at_s = (block.max_ms - 1) / 1000
    expression = f'{METRIC}{{cluster="{cluster.name}"}}'
    return judge.judge_read(cluster, block, ask_at(central.api, expression, at_s, **only))


def _judged(row: Row, judged: Callable[[], Judgement]) -> Finding:
    try:
        return _found(row, judged())
    except (FleetError, ValueError, KeyError) as error:
        return _found(row, bad(in_words(error), "kubectl get pods -A"))


def _found(row: Row, judgement: Judgement) -> Finding:
    wanted = {**OF_EACH, **OF_ALL, LISTED: "every block read", COMPACTOR: "exactly one compactor, not halted"}
    by_hand = _COMPACTOR_BY_HAND if row.check == COMPACTOR else _LIST_BY_HAND
    return finding(row, judgement, wanted=wanted[row.check], reproduce=by_hand)


_LIST_BY_HAND = "thanos tools bucket inspect --objstore.config-file objstore.yml"
_COMPACTOR_BY_HAND = f"kubectl get --raw '/api/v1/namespaces/{QUERY}/proxy/api/v1/query?query=thanos_compact_halted'"


def _unread(rows: list[Row], said: str) -> tuple[Finding, ...]:
    cause = Row(LISTED, FLEET)
    silent = "not judged: the bucket cannot be read"
    return (
        _found(cause, bad(said, "see s3.secret of each cluster, and s3.endpoint")),
        *(skipped(row, silent, cause) for row in rows if row != cause),
    )
