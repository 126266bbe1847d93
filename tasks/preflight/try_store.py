"""Try the object store from the operator's machine: first whether it lives, then its real keys, bucket by bucket."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tasks.model.finding import FLEET, Verdict
from tasks.preflight.canary import CanaryDied, open_store, send_canary
from tasks.preflight.checks_store import (
    bucket_finding,
    canary_died,
    endpoint_finding,
    keys_missing,
    not_alive,
    only_planned,
)
from tasks.preflight.judge import good
from tasks.preflight.object_store import ask_alive

if TYPE_CHECKING:
    from tasks.model.finding import Finding
    from tasks.preflight.judge import Judgement
    from tasks.run.change import Gate
    from tasks.run.context import RunContext


def try_store(ctx: RunContext, gate: Gate) -> tuple[Finding, ...]:
    """
    Judge endpoint and buckets. A store that does not live is asked no further.

    Arguments:
        gate: every canary passes it, as a temporary change

    """
    s3 = ctx.fleet.s3
    ctx.progress.doing(FLEET, f"asking {s3.endpoint}")
    endpoint = endpoint_finding(s3, ask_alive(s3))
    if endpoint.verdict is Verdict.FAIL:
        return (endpoint, *(not_alive(bucket, endpoint) for bucket in s3.buckets))
    return (endpoint, *(bucket_finding(bucket, _try_keys(bucket, gate, ctx)) for bucket in s3.buckets))


def _try_keys(bucket: str, gate: Gate, ctx: RunContext) -> Judgement:
    s3, name = ctx.fleet.s3, f"fleet-preflight/{ctx.run_id}"
    keys = ctx.settings.s3_access_key, ctx.settings.s3_secret_key
    if not all(keys):
        return keys_missing()
    ctx.progress.doing(FLEET, f"sending a canary through bucket {bucket}")
    try:
        proven = gate.make(
            f"write, read back and delete {bucket}/{name}",
            lambda: send_canary(open_store(s3, *keys), bucket, name),
            undo=f"mc rm SITE/{bucket}/{name}",
            temporary=True,
        )
    except CanaryDied as error:
        return canary_died(bucket, str(error), error.code)
    return good(proven) if proven else only_planned()
