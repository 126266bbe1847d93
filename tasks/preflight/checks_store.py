"""Judge the object store: alive for the operator, and its three buckets writable with the real keys."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from tasks.model.finding import FLEET, Row
from tasks.preflight.judge import bad, finding, good, moot
from tasks.preflight.object_store import LIVE
from tasks.preflight.remedies import mend
from tasks.preflight.values import Unknown

if TYPE_CHECKING:
    from tasks.fleet.model import S3
    from tasks.model.finding import Finding
    from tasks.preflight.judge import Judgement
    from tasks.preflight.object_store import Alive
    from tasks.preflight.values import Fact

ENDPOINT = "s3.endpoint"
BUCKET = "s3.bucket"
_SERVER_ERROR = 500
_KEYS = "set S3_ACCESS_KEY and S3_SECRET_KEY in .env (.env.example names them)"
_REMEDIES = {
    "NoSuchBucket": "mc mb SITE/{bucket}",
    "AccessDenied": "mc admin policy attach SITE readwrite --user KEY",
    "InvalidAccessKeyId": _KEYS,
    "SignatureDoesNotMatch": _KEYS,
    "RequestTimeTooSkewed": "sudo chronyc makestep",
}
"""The store's own error code to what mends it."""


def store_rows(s3: S3) -> tuple[Row, ...]:
    """One row for the endpoint, one per bucket."""
    return (Row(ENDPOINT, FLEET), *(Row(BUCKET, FLEET, bucket) for bucket in s3.buckets))


def endpoint_finding(s3: S3, alive: Fact[Alive]) -> Finding:
    """Any HTTP answer below 500 is a store that lives."""
    return finding(
        Row(ENDPOINT, FLEET),
        _judge_alive(s3, alive),
        wanted="an HTTP answer below 500",
        reproduce=f"curl -I http://{s3.endpoint}{LIVE}",
    )


def _judge_alive(s3: S3, alive: Fact[Alive]) -> Judgement:
    remedy = mend(f"curl -v http://{s3.endpoint}{LIVE}; getent hosts {s3.endpoint.partition(':')[0]}", "object-storage")
    if isinstance(alive, Unknown):
        return bad(alive.reason, remedy)
    if alive.status >= _SERVER_ERROR:
        return bad(f"HTTP {alive.status}", remedy)
    return good(f"HTTP {alive.status}")


def bucket_finding(bucket: str, judgement: Judgement) -> Finding:
    """One bucket's canary."""
    return finding(
        Row(BUCKET, FLEET, bucket),
        judgement,
        wanted="an object written, read back and deleted with the real keys",
        reproduce=f"mc cp /etc/hostname SITE/{bucket}/canary && mc rm SITE/{bucket}/canary",
    )


def not_alive(bucket: str, endpoint: Finding) -> Finding:
    """One bucket of a store that does not answer: a consequence, not a finding of its own."""
    return replace(bucket_finding(bucket, moot("not tried: the store does not answer")), blocked_by=endpoint.row)


def canary_died(bucket: str, said: str, code: str) -> Judgement:
    """What the store refused, and what mends it."""
    return bad(said, mend(_REMEDIES.get(code, "mc ls SITE/{bucket}").format(bucket=bucket), "object-storage"))


def keys_missing() -> Judgement:
    """Without keys nothing can be tried."""
    return bad("S3_ACCESS_KEY or S3_SECRET_KEY is not set", _KEYS)


def only_planned() -> Judgement:
    """A plan writes nothing, not even a canary."""
    return moot("planning: no object is written")
