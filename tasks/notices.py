"""Whom the nightly audit tells, and what tells of the audit: the part of the operator's environment that is its own."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

VARIABLES = (
    "AUDIT_WEBHOOK_URL",
    "AUDIT_SLACK_URL",
    "AUDIT_MAIL_TO",
    "AUDIT_MAIL_FROM",
    "AUDIT_SMTP_SERVER",
    "AUDIT_SMTP_USER",
    "AUDIT_SMTP_PASSWORD",
    "AUDIT_HEARTBEAT_URL",
    "FLEETPROOF_TEXTFILE",
    "FLEETPROOF_SILENCES",
    "FLEETPROOF_LOCK",
)
ELSEWHERE = "elsewhere"
_SECRET_PATH = 6
"""Characters of a URL's path that may be a secret; a shorter one is found in any text."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Notices:
    """
    Channels that are left empty are not used. Its ``repr`` shows no secret.

    Attributes:
        webhook_url, slack_url: AUDIT_WEBHOOK_URL, AUDIT_SLACK_URL; who knows them may write there
        mail_to: AUDIT_MAIL_TO, addresses
        mail_from: AUDIT_MAIL_FROM
        smtp_server: AUDIT_SMTP_SERVER, ``host`` or ``host:port``; port 25 without one
        smtp_user, smtp_password: AUDIT_SMTP_USER, AUDIT_SMTP_PASSWORD; sent over TLS only
        heartbeat_url: AUDIT_HEARTBEAT_URL, asked for at the end of every audit; who misses it raises the alarm
        textfile: FLEETPROOF_TEXTFILE, folder of a node exporter's textfile collector
        silences: FLEETPROOF_SILENCES, path of a YAML file
        lock: FLEETPROOF_LOCK, ``elsewhere`` where deployments run on another machine, of which nothing is known here

    """

    webhook_url: str = field(default="", repr=False)
    slack_url: str = field(default="", repr=False)
    mail_to: tuple[str, ...] = ()
    mail_from: str = ""
    smtp_server: str = ""
    smtp_user: str = ""
    smtp_password: str = field(default="", repr=False)
    heartbeat_url: str = field(default="", repr=False)
    textfile: Path | None = None
    silences: Path | None = None
    lock: str = ""

    @property
    def secrets(self) -> tuple[str, ...]:
        """What is masked wherever something is written; of URLs also the path, for messages of errors name it alone."""
        urls = (self.webhook_url, self.slack_url, self.heartbeat_url)
        paths = (url.partition("://")[2].partition("/")[2] for url in urls)
        return (*filter(None, (*urls, self.smtp_password)), *(path for path in paths if len(path) >= _SECRET_PATH))


def read_notices(values: Mapping[str, str], path: Callable[[str], Path | None]) -> Notices:
    """
    Take what is the audit's own out of the environment.

    Arguments:
        path: a variable's value as a path from the project's folder, or None

    """
    return Notices(
        webhook_url=values.get("AUDIT_WEBHOOK_URL", ""),
        slack_url=values.get("AUDIT_SLACK_URL", ""),
        mail_to=tuple(filter(None, (one.strip() for one in values.get("AUDIT_MAIL_TO", "").split(",")))),
        mail_from=values.get("AUDIT_MAIL_FROM", ""),
        smtp_server=values.get("AUDIT_SMTP_SERVER", ""),
        smtp_user=values.get("AUDIT_SMTP_USER", ""),
        smtp_password=values.get("AUDIT_SMTP_PASSWORD", ""),
        heartbeat_url=values.get("AUDIT_HEARTBEAT_URL", ""),
        textfile=path("FLEETPROOF_TEXTFILE"),
        silences=path("FLEETPROOF_SILENCES"),
        lock=values.get("FLEETPROOF_LOCK", ""),
    )


def wrong_notices(notices: Notices) -> Iterator[str]:
    """What cannot be meant, one sentence each, none of which shows a value."""
    for name, url in (
        ("AUDIT_WEBHOOK_URL", notices.webhook_url),
        ("AUDIT_SLACK_URL", notices.slack_url),
        ("AUDIT_HEARTBEAT_URL", notices.heartbeat_url),
    ):
        if url and not _is_url(url):
            yield f"{name} is no URL; give it as https://host/path or http://host/path"
    mail = {"AUDIT_MAIL_TO": notices.mail_to, "AUDIT_MAIL_FROM": notices.mail_from}
    mail |= {"AUDIT_SMTP_SERVER": notices.smtp_server}
    if any(mail.values()) and (missing := [name for name, value in mail.items() if not value]):
        yield f"{' and '.join(missing)}: missing, while others of the same mail are set"
    if bool(notices.smtp_user) != bool(notices.smtp_password):
        yield "AUDIT_SMTP_USER and AUDIT_SMTP_PASSWORD: one is missing, its counterpart is set"
    if notices.lock not in {"", ELSEWHERE}:
        yield f"FLEETPROOF_LOCK is neither empty nor {ELSEWHERE}"
    port = notices.smtp_server.partition(":")[2]
    if port and not port.isdecimal():
        yield "AUDIT_SMTP_SERVER: its port is no number; give host or host:port"


def _is_url(text: str) -> bool:
    try:
        parts = urlsplit(text)
    except ValueError:
        return False
    return parts.scheme in {"http", "https"} and bool(parts.hostname)
