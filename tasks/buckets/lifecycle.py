"""Log snapshots end after 180 days, by the object store's own rule: looked at first, verified after (FR-009b)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tasks.model.finding import FLEET, Finding, Outcome, Row, Verdict
from tasks.preflight.canary import open_store
from tasks.run.change import Gate

if TYPE_CHECKING:
    from collections.abc import Mapping

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
    from minio.error import MinioException  # noqa: PLC0415  `--help` does not pay for it
    from urllib3.exceptions import HTTPError  # noqa: PLC0415  as above

    del outcomes
    row = Row(CHECK, FLEET, bucket := log_bucket(ctx.fleet))
    gate = Gate(FLEET, plan=ctx.plan)
    store = open_store(ctx.fleet.s3, ctx.settings.s3_access_key, ctx.settings.s3_secret_key)
    try:
        found = days_of(store.get_bucket_lifecycle(bucket))
        if found != DAYS:
            was = "no rule" if found is None else f"{found} days"
            gate.make(f"let objects of {bucket} end after {DAYS} days ({was} until now)", lambda: _set(store, bucket))
            found = DAYS if ctx.plan else days_of(store.get_bucket_lifecycle(bucket))
    except (MinioException, HTTPError, OSError) as error:
        return Outcome(findings=(_bad(row, f"{type(error).__name__}: {error}"),), changes=gate.changes)
    if found != DAYS:
        return Outcome(findings=(_bad(row, f"the rule was set, and the store has {found} days"),), changes=gate.changes)
    if ctx.plan and gate.changes:
        planned = Finding(row=row, verdict=Verdict.SKIP, observed="planned: the rule differs")
        return Outcome(findings=(planned,), changes=gate.changes)
    good = Finding(row=row, verdict=Verdict.PASS, observed=f"objects end after {found} days")
    return Outcome(findings=(good,), changes=gate.changes)


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
