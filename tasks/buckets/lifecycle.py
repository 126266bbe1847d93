"""Log snapshots end after 180 days, by the object store's own rule: looked at first, verified after (FR-009b)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tasks.model.finding import FLEET, Finding, Outcome, Row, Verdict, skipped
from tasks.preflight.canary import open_store
from tasks.run.change import Gate

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from minio import Minio
    from minio.lifecycleconfig import LifecycleConfig

    from tasks.fleet.model import Fleet
    from tasks.run.context import RunContext

CHECK = "s3.lifecycle"
DAYS = 180
RULE = "fleetproof-log-snapshots"


def log_bucket(fleet: Fleet) -> str:
    """The bucket of the log snapshots."""
    return next(name for name in fleet.s3.buckets if "log" in name)


def declares(fleet: Fleet) -> tuple[Row, ...]:
    """One row: the rule of the log bucket."""
    return (Row(CHECK, FLEET, log_bucket(fleet)),)


def days_of(config: LifecycleConfig | None) -> int | None:
    """After how many days our rule ends an object of the whole bucket; None where there is no such rule in force."""
    for rule in config.rules if config else ():
        whole = rule.rule_filter is None or not (rule.rule_filter.prefix or rule.rule_filter.tag)
        if rule.rule_id == RULE and rule.status == "Enabled" and whole and rule.expiration:
            return rule.expiration.days
    return None


def tend(outcomes: Mapping[str, Outcome], ctx: RunContext) -> Outcome:
    """
    Set the rule where the bucket lacks it or has it otherwise, beside whatever other rules it has.

    Returns:
        Outcome(findings=(s3.lifecycle,), changes)

    """
    del outcomes
    bucket = log_bucket(ctx.fleet)
    gate = Gate(FLEET, plan=ctx.plan)

    def converge(store: Minio) -> Finding:
        found = days_of(store.get_bucket_lifecycle(bucket))
        if found == DAYS:
            return _judged(bucket, found)
        was = "no rule" if found is None else f"{found} days"
        gate.make(f"let objects of {bucket} end after {DAYS} days ({was} until now)", lambda: _set(store, bucket))
        if ctx.plan:
            row = Row(CHECK, FLEET, bucket)
            return skipped(row, "planned: the rule differs")
        return _judged(bucket, days_of(store.get_bucket_lifecycle(bucket)), before="the rule was set, and ")

    return Outcome(findings=(_asked(ctx, converge),), changes=gate.changes)


def look(outcomes: Mapping[str, Outcome], ctx: RunContext) -> Outcome:
    """
    Look whether the rule is in force. Changes nothing.

    Returns:
        Outcome(findings=(s3.lifecycle,))

    """
    del outcomes
    bucket = log_bucket(ctx.fleet)
    return Outcome(findings=(_asked(ctx, lambda store: _judged(bucket, days_of(store.get_bucket_lifecycle(bucket)))),))


def _asked(ctx: RunContext, question: Callable[[Minio], Finding]) -> Finding:
    """What a question to the store brings; bad where it does not answer."""
    from minio.error import MinioException  # noqa: PLC0415  `--help` does not pay for it
    from urllib3.exceptions import HTTPError  # noqa: PLC0415  as above

    store = open_store(ctx.fleet.s3, ctx.settings.s3_access_key, ctx.settings.s3_secret_key)
    try:
        return question(store)
    except (MinioException, HTTPError, OSError) as error:
        return _bad(Row(CHECK, FLEET, log_bucket(ctx.fleet)), f"{type(error).__name__}: {error}")


def _judged(bucket: str, found: int | None, *, before: str = "") -> Finding:
    row = Row(CHECK, FLEET, bucket)
    if found != DAYS:
        return _bad(
            row, before + ("no rule of ours ends objects" if found is None else f"objects end after {found} days")
        )
    return Finding(row=row, verdict=Verdict.PASS, observed=f"objects end after {found} days")


def _set(store: Minio, bucket: str) -> None:
    from minio.commonconfig import ENABLED, Filter  # noqa: PLC0415  `--help` does not pay for it
    from minio.lifecycleconfig import Expiration, LifecycleConfig, Rule  # noqa: PLC0415  as above

    ours = Rule(ENABLED, rule_filter=Filter(prefix=""), rule_id=RULE, expiration=Expiration(days=DAYS))
    present = store.get_bucket_lifecycle(bucket)
    others = [rule for rule in present.rules if rule.rule_id != RULE] if present else []
    store.set_bucket_lifecycle(bucket, LifecycleConfig([*others, ours]))


def _bad(row: Row, said: str) -> Finding:
    return Finding(
        row=row,
        verdict=Verdict.FAIL,
        observed=said,
        wanted=f"objects of {row.peer} end after {DAYS} days",
        remedy="the keys must be allowed to read and set the bucket's lifecycle; then: python runbooks/full_deploy.py "
        "--only tend-buckets",
    )
