"""How long a cluster's certificates are still good. Pure: what files hold in, findings out."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tasks.model.finding import Finding, Measure, Row, Verdict
from tasks.probes.checks import CERTIFICATE_FAIL_DAYS, CERTIFICATE_WARN_DAYS

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

LEFT = "certificate.left"
"""Days until the first of a group of certificates ends."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Certificate:
    """A file with a certificate, and when that ends."""

    path: str
    ends: datetime


def parse_certificates(lines: Sequence[str]) -> tuple[Certificate, ...]:
    """
    Read lines of ``PATH BASE64``, the latter a PEM text; of several certificates in one file the first to end counts.

    Raises:
        ValueError: a line holds no certificate; names the file

    """
    return tuple(_certificate(*line.split(" ", 1)) for line in lines)


def _certificate(path: str, encoded: str) -> Certificate:
    try:
        return Certificate(path=path, ends=ends_of(base64.b64decode(encoded, validate=True).decode()))
    except ValueError as error:
        raise ValueError(f"{path} holds no certificate that can be read: {error}") from None


def ends_of(pem: str) -> datetime:
    """When the first of these certificates ends; ValueError where there is none."""
    from cryptography import x509  # noqa: PLC0415  keeps `--help` light

    return min(one.not_valid_after_utc for one in x509.load_pem_x509_certificates(pem.encode()))


def judge_certificates(
    row: Row, found: Sequence[Certificate], now: datetime, *, remedy: str, reproduce: str
) -> Finding:
    """The first of a group to end counts; a group without any certificate is an ERROR, never good."""
    if not found:
        return Finding(
            row=row, verdict=Verdict.ERROR, observed="no certificate was found", remedy=remedy, reproduce=reproduce
        )
    first = min(found, key=lambda one: one.ends)
    days = (first.ends - now).total_seconds() / 86400
    bad = days < CERTIFICATE_WARN_DAYS
    verdict = Verdict.FAIL if days < CERTIFICATE_FAIL_DAYS else Verdict.WARN if bad else Verdict.PASS
    when = f"ends in {days:.0f} days" if days >= 0 else f"ended {-days:.0f} days ago"
    others = f"; {len(found)} certificates in all" if len(found) > 1 else ""
    return Finding(
        row=row,
        verdict=verdict,
        observed=f"{first.path} {when}, on {first.ends:%Y-%m-%d}{others}",
        wanted=f"at least {CERTIFICATE_WARN_DAYS} days",
        remedy=remedy if bad else "",
        reproduce=reproduce,
        measured=(Measure(name=LEFT, value=days, unit="days"),),
    )
