"""Health and size of a cluster's etcd, from what it tells of itself on its host. Pure: text in, findings out."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tasks.model.finding import Finding, Measure, Row, Verdict

if TYPE_CHECKING:
    from collections.abc import Sequence

MIB = 1024**2

SIZE = "etcd.size"

SIZE_WARN_SHARE = 0.6
SIZE_FAIL_SHARE = 0.8
"""Of etcd's own quota (2 GiB unless it is told another): when that is used up, etcd takes no write any more."""

REPRODUCE = (
    "curl -s http://127.0.0.1:2381/metrics | grep -E '^etcd_(mvcc_db_total_size|server_has_leader|server_quota)'"
)

_LEADER = "etcd_server_has_leader"
_SIZE = "etcd_mvcc_db_total_size_in_bytes"
_USED = "etcd_mvcc_db_total_size_in_use_in_bytes"
_QUOTA = "etcd_server_quota_backend_bytes"
METRICS = (_LEADER, _SIZE, _USED, _QUOTA)


@dataclass(frozen=True, slots=True, kw_only=True)
class Etcd:
    """
    What one etcd tells of itself.

    Attributes:
        health: body of ``/health``; empty where it gave no answer
        metrics: name to value; those of ``METRICS`` that were there

    """

    health: str
    metrics: dict[str, float]


def parse_etcd(health: str, lines: Sequence[str]) -> Etcd:
    """
    Read the body of ``/health``, and lines of ``NAME VALUE`` out of ``/metrics``.

    Raises:
        ValueError: a value is no number

    """
    return Etcd(health=health.strip(), metrics={name: float(value) for name, value in map(str.split, lines)})


def judge_health(host: str, etcd: Etcd) -> Finding:
    """It says that it is healthy, and has a leader."""
    row = Row("etcd.health", host)
    try:
        said = json.loads(etcd.health)
        bad = "" if said["health"] == "true" else f"it says {etcd.health}"
    except (ValueError, KeyError, TypeError):
        bad = f"its answer on /health is {etcd.health!r}" if etcd.health else "it does not answer on 127.0.0.1:2381"
    if not bad and etcd.metrics.get(_LEADER) != 1:
        bad = "it has no leader"
    return Finding(
        row=row,
        verdict=Verdict.FAIL if bad else Verdict.PASS,
        observed=bad or "healthy, with a leader",
        wanted="healthy, with a leader",
        remedy="sudo crictl logs $(sudo crictl ps -a --name etcd -q | head -n 1)" if bad else "",
        reproduce="curl -s http://127.0.0.1:2381/health",
    )


def judge_size(host: str, etcd: Etcd) -> Finding:
    """How much of its quota is used; unknown is an ERROR."""
    row = Row("etcd.size", host)
    if missing := [name for name in (_SIZE, _USED, _QUOTA) if name not in etcd.metrics]:
        said = f"could not judge: etcd does not tell {', '.join(missing)}"
        return Finding(row=row, verdict=Verdict.ERROR, observed=said, reproduce=REPRODUCE)
    size, used, quota = (etcd.metrics[name] / MIB for name in (_SIZE, _USED, _QUOTA))
    share = size / quota if quota else 1.0
    verdict = Verdict.FAIL if share >= SIZE_FAIL_SHARE else Verdict.WARN if share >= SIZE_WARN_SHARE else Verdict.PASS
    return Finding(
        row=row,
        verdict=verdict,
        observed=f"{size:.0f} of {quota:.0f} MiB, {used:.0f} of them in use",
        wanted=f"less than {SIZE_WARN_SHARE:.0%} of its quota",
        remedy="" if verdict is Verdict.PASS else "sudo etcdctl defrag; look for what writes so many objects",
        reproduce=REPRODUCE,
        measured=(Measure(name=SIZE, value=size, unit="MiB"),),
    )
