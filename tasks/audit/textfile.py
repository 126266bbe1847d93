"""The audit as metrics for a node exporter's textfile collector. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tasks.audit.comparison import Kind

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import datetime

    from tasks.audit.comparison import Comparison
    from tasks.reports.report import Report

NAME = "fleetproof_audit.prom"
_VERDICTS = {
    "PASS": "passed",
    "WARN": "warned",
    "FAIL": "failed",
    "ERROR": "errors",
    "SKIP": "skipped",
    "UNREACHABLE": "unreachable",
}


def metrics(report: Report, comparison: Comparison, waiting: int, now: datetime) -> str:
    """
    The text exposition format of Prometheus.

    Arguments:
        waiting: messages that could not be delivered
        now: when the audit ended

    """
    return "\n".join((*_lines(report, comparison, waiting, now), ""))


def _lines(report: Report, comparison: Comparison, waiting: int, now: datetime) -> Iterator[str]:
    yield from _gauge("finished_timestamp_seconds", "When the last audit came to its end.", {"": now.timestamp()})
    yield from _gauge("duration_seconds", "How long it took.", {"": report.duration_s})
    yield from _gauge("exit_code", "Its exit code: 0 good, 1 bad, 3 not judged.", {"": report.exit_code})
    rows = {f'{{verdict="{name}"}}': getattr(report.totals, field) for name, field in _VERDICTS.items()}
    yield from _gauge("rows", "Rows by verdict.", rows)
    yield from _gauge("rows_waived", "Rows that are lived with.", {"": report.totals.waived})
    changes = {f'{{kind="{kind}"}}': len(comparison.of(kind)) for kind in Kind}
    yield from _gauge("changes", "Rows by what they are against the audits before.", changes)
    yield from _gauge("messages_waiting", "Messages that could not be delivered.", {"": waiting})


def _gauge(name: str, says: str, values: Mapping[str, float]) -> Iterator[str]:
    yield f"# HELP fleetproof_audit_{name} {says}"
    yield f"# TYPE fleetproof_audit_{name} gauge"
    yield from (f"fleetproof_audit_{name}{labels} {value!r}" for labels, value in values.items())
