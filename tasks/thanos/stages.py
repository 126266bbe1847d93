"""
The stages of this room, the same in every runbook.

``patience_s`` is how long a bad answer is asked again.
"""

from __future__ import annotations

from functools import partial

from tasks.run.stage import Stage


def storeapi_stage(patience_s: float) -> Stage:
    """Every sidecar's StoreAPI, from the operator's machine, every host and Query's pod."""
    from tasks.thanos import check_storeapi

    return Stage(
        title="Ask StoreAPIs",
        declares=check_storeapi.declares,
        on_hosts=partial(check_storeapi.ask, patience_s=patience_s),
        on_fleet=check_storeapi.judge_all,
        causes=check_storeapi.CAUSES,
        deadline_s=420,
    )


def query_stage(patience_s: float) -> Stage:
    """Query and its frontend, on the central cluster."""
    from tasks.thanos import check_query

    return Stage(
        title="Ask Query",
        declares=check_query.declares,
        on_hosts=partial(check_query.ask, patience_s=patience_s),
        causes=check_query.CAUSES,
        deadline_s=420,
    )


def secrets_stage() -> Stage:
    """An object there and back with the keys that Thanos itself has; it is removed again."""
    from tasks.thanos import check_secrets

    return Stage(
        title="Try secrets",
        declares=check_secrets.declares,
        on_hosts=check_secrets.try_secrets,
        causes=check_secrets.CAUSES,
        deadline_s=120,
    )


def blocks_stage(patience_s: float) -> Stage:
    """The blocks in S3, read with the keys that Thanos itself has."""
    from tasks.thanos import check_blocks, part

    return Stage(
        title="Look at blocks",
        declares=check_blocks.declares,
        on_hosts=part.read_part,
        on_fleet=partial(check_blocks.judge_bucket, patience_s=patience_s),
        causes=check_blocks.CAUSES,
        deadline_s=240,
    )


def canary_stage() -> Stage:
    """A sample of each cluster, followed from its Prometheus to Query; what is made for it is removed again."""
    from tasks.thanos import check_canary

    return Stage(
        title="Send samples",
        declares=check_canary.declares,
        on_hosts=check_canary.send,
        causes=check_canary.CAUSES,
        deadline_s=420,
    )
