"""Hold every clock of the fleet against one reference: hosts, the operator's machine, the object store."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from tasks.model.finding import FLEET, Measure, Row
from tasks.preflight.clock import reference
from tasks.preflight.judge import bad, fair, finding, good, unjudged
from tasks.preflight.limits import CLOCK_BLUR_S, CLOCK_FAIL_S, CLOCK_WARN_S
from tasks.preflight.remedies import mend
from tasks.preflight.values import Clock, Unknown

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from tasks.model.finding import Finding
    from tasks.preflight.judge import Judgement
    from tasks.preflight.values import Fact

OPERATOR = Row("operator.clock", FLEET)
S3 = Row("s3.clock", FLEET)


def clock_rows(hosts: Iterable[str]) -> tuple[Row, ...]:
    """One row per clock."""
    return (OPERATOR, S3, *(Row("host.clock", host) for host in hosts))


def clock_findings(hosts: Mapping[str, Fact[Clock]], s3: Fact[Clock]) -> tuple[Finding, ...]:
    """
    Judge every clock that was read.

    Arguments:
        hosts: by name; every clock as seconds ahead of the operator's
        s3: the object store's, from its ``Date`` header

    """
    clocks: dict[Row, Fact[Clock]] = {OPERATOR: Clock(ahead_s=0.0, error_s=0.0), S3: s3}
    clocks |= {Row("host.clock", host): clock for host, clock in hosts.items()}
    right = reference([clock for clock in clocks.values() if not isinstance(clock, Unknown)])
    return tuple(_finding(row, clock, right) for row, clock in clocks.items())


def _finding(row: Row, clock: Fact[Clock], right: Clock) -> Finding:
    judgement = unjudged(clock.reason) if isinstance(clock, Unknown) else judge_clock(clock, right, _remedy(row))
    return finding(
        row,
        replace(judgement, measured=_measured(clock, right)),
        wanted=f"within {CLOCK_WARN_S:g} s of the fleet's median; {CLOCK_FAIL_S:g} s at most",
        reproduce="date +%s.%N" if row != S3 else "curl -sI http://S3/minio/health/live | grep Date; date -u",
    )


def _remedy(row: Row) -> str:
    return mend("sudo chronyc makestep || sudo systemctl restart systemd-timesyncd", "time") + (
        "" if row.check == "host.clock" else f"  # on {'the object store' if row == S3 else 'this machine'}"
    )


def judge_clock(clock: Clock, right: Clock, remedy: str) -> Judgement:
    """Hold one clock against the right time; only what is certain beyond both readings' errors counts."""
    off, error = clock.ahead_s - right.ahead_s, clock.error_s + right.error_s
    said = f"{off:+.3f} s (±{error:.3f})"
    if error > CLOCK_BLUR_S and abs(off) - error <= CLOCK_FAIL_S:
        return unjudged(f"the way there took too long to tell: {said}")
    if abs(off) - error > CLOCK_FAIL_S:
        return bad(said, remedy)
    return fair(said, remedy) if abs(off) - error > CLOCK_WARN_S else good(said)


def _measured(clock: Fact[Clock], right: Clock) -> tuple[Measure, ...]:
    if isinstance(clock, Unknown):
        return ()
    return (Measure(name="clock.off", value=clock.ahead_s - right.ahead_s, unit="s"),)
